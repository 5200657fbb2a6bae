# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What users write passes a strict type check, and what cannot work does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WRONG = """
from dfota.modem import RunningModule, VirtualModule
from dfota.pytest_plugin import ModuleFactory


def test_wrong(module: RunningModule, module_factory: ModuleFactory) -> None:
    port: int = module.port
    module_factory(state="not a path")
    VirtualModule.in_memory()
    module.no_such_thing()
"""


def test_a_users_suite_is_typed(tmp_path):
    wrong = tmp_path / "wrong_suite.py"
    wrong.write_text(WRONG)
    checked = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--no-error-summary"),
            *("--config-file", os.devnull, "--cache-dir", str(tmp_path / "cache")),
            *("--follow-imports", "silent", str(HERE / "user_suite.py"), str(wrong)),
        ],
        env=os.environ | {"MYPYPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = checked.stdout.splitlines()
    assert not [line for line in lines if "user_suite.py" in line and "error" in line], checked
    codes = [line.rpartition("[")[2].rstrip("]") for line in lines if "error" in line]
    assert codes == ["assignment", "arg-type", "call-arg", "attr-defined"], checked.stdout
