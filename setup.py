# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Build the C extension and put the demo's firmware into the wheel; the rest is pyproject.toml."""

import shutil
import sysconfig
from pathlib import Path

from setuptools import setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

DEMO_RELEASES = Path("examples/firmware/releases")
STABLE_ABI = Path("src/dfota/_native/stable_abi")


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


class BuildWithoutHeaders(build_ext):
    """Compile against our own declarations of the stable ABI where Python.h is missing.

    See docs/adr/0010-build-without-python-headers.md.
    """

    def run(self) -> None:
        """Add the folder of declarations only if it is needed, then build."""
        headers = {
            Path(sysconfig.get_path(name), "Python.h") for name in ("include", "platinclude")
        }
        if not any(header.exists() for header in headers):
            if sysconfig.get_config_var("Py_GIL_DISABLED"):
                raise SystemExit("A free-threaded Python needs its headers to build dfota.")
            for extension in self.extensions:
                extension.include_dirs.insert(0, str(STABLE_ABI))
        super().run()


setup(
    cffi_modules=["src/dfota/_native/build_native.py:ffibuilder"],
    cmdclass={"build_py": BuildWithDemo, "build_ext": BuildWithoutHeaders},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
