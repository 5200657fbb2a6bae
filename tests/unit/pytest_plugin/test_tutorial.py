# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The tutorial's program fails where the tutorial says so, and passes once it is mended."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "tutorial" / "test-a-host-program.md"


def files() -> list[tuple[str, str]]:
    """Name and content of each file of the page, in the order of the page."""
    blocks = re.findall(
        r"^```python\n# (\w+)\.py\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
    return [(name, content) for name, content in blocks]


def test_the_suite_of_the_tutorial_finds_the_bug_and_is_green_in_the_end(pytester, run_inside):
    (first, broken), (_, basic), (_, power), (last, mended) = files()
    assert first == last == "updater"

    pytester.makepyfile(updater=broken.replace("patience=20", "patience=4"))
    run_inside(basic, name="test_updater").assert_outcomes(passed=2)
    result = run_inside(power, "test_power.py", name="test_power")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["*UpdateFailed: the module is silent", "FAILED*[[]updating:50[]]*"]
    )

    pytester.makepyfile(updater=mended)
    run_inside(power, name="test_power").assert_outcomes(passed=5)
