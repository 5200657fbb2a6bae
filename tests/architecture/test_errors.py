# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The exception tree keeps its promises: drawn, coded, picklable, mapped to exit codes."""

from __future__ import annotations

import inspect
import pickle
import re
from pathlib import Path

import pytest

from dfota import errors
from dfota.cli.exit_codes import ExitCode, exit_code_for

ROOT = Path(__file__).resolve().parents[2]
CLASSES = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, errors.DfotaError)
]


def instance(error_class: type[errors.DfotaError]) -> errors.DfotaError:
    """Build one with plausible facts, by the annotations of its constructor."""
    plausible = {"str": "fact", "bytes": b"\x12" * 32, "int": 7, "float": 1.5}
    parameters = list(inspect.signature(error_class.__init__).parameters.values())[1:]
    return error_class(
        *(plausible[p.annotation] for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
    )


def drawn_tree() -> dict[str, str | None]:
    """Class name → parent's name, as drawn in the module's docstring."""
    parents: dict[str, str | None] = {}
    stack: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    ((?:[│├└─ ]{4})*)(\w+Error)$", line)
        if match:
            depth = len(match[1]) // 4
            del stack[depth:]
            parents[match[2]] = stack[-1] if stack else None
            stack.append(match[2])
    return parents


def test_the_drawing_is_the_tree() -> None:
    real = {c.__name__: c.__bases__[0].__name__ for c in CLASSES}
    real["DfotaError"] = None
    assert drawn_tree() == real


def test_codes_are_unique_and_dotted() -> None:
    codes = [c.code for c in CLASSES]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+\.[a-z-]+", code) for code in codes)


@pytest.mark.parametrize("error_class", CLASSES, ids=lambda c: c.__name__)
def test_an_error_survives_pickling_and_speaks(error_class: type[errors.DfotaError]) -> None:
    error = instance(error_class)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)
    assert isinstance(error.remedy, str)


@pytest.mark.parametrize("error_class", CLASSES, ids=lambda c: c.__name__)
def test_every_error_has_an_exit_code(error_class: type[errors.DfotaError]) -> None:
    code = exit_code_for(instance(error_class))
    assert code not in (ExitCode.OK, ExitCode.INTERRUPTED, ExitCode.TERMINATED)
    if error_class is not errors.DfotaError:
        assert code is not ExitCode.FAILED


def test_the_exit_codes_are_documented() -> None:
    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text()
    rows = dict(re.findall(r"^\| (\d+) \| `([A-Z_]+)` \|", page, re.MULTILINE))
    assert rows == {str(int(code)): code.name for code in ExitCode}
