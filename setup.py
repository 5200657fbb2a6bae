# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Build the C extension and put the demo's firmware into the wheel; the rest is pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

DEMO_RELEASES = Path("examples/firmware/releases")


class BuildWithDemo(build_py):
    """Copy the example releases beside ``dfota.cli``: an installed ``dfota demo`` has them too.

    In a checkout (editable install) the demo reads them where they are.
    """

    def run(self) -> None:
        """Build, then copy."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib, "dfota", "cli", "demo_releases")
            shutil.copytree(DEMO_RELEASES, target, dirs_exist_ok=True)


setup(
    cffi_modules=["src/dfota/_native/build_native.py:ffibuilder"],
    cmdclass={"build_py": BuildWithDemo},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
