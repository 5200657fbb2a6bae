# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The tests that the how-to guides show are tests that pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

GUIDES = Path(__file__).resolve().parents[3] / "docs" / "howto"


@pytest.mark.parametrize("name", ["simulate-a-bad-network", "many-modules"])
def test_the_example_of_the_guide_passes(run_inside, name):
    page = (GUIDES / f"{name}.md").read_text()
    (example,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)

    run_inside(example).assert_outcomes(passed=1)
