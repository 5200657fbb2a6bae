# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Captures of real modules, and the guides' own, replayed: what the host must say of each.

``tests/golden/captures`` begins behind the OK to AT+QFOTADL. Beside the words of a golden
transcript: ``kind``, what the module is; ``runs``, the revision that answers from here on;
``deaf``, nothing answers any more; ``gone`` and ``back``, the port; ``outcome``, what the host
must say. Of the transcripts of ``tests/golden`` itself, what follows AT+QFOTADL is replayed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dfota.errors import (
    DownloadFailedError,
    HostError,
    InstallFailedError,
    RevisionMismatchError,
    UpdateDroppedError,
)
from dfota.host import KINDS, Plan
from dfota.testing import (
    GoldenStep,
    HostSends,
    ModulePrints,
    SomethingHappens,
    TimePasses,
    parse_golden,
)

GOLDEN = Path(__file__).parents[2] / "golden"
CAPTURES = sorted((GOLDEN / "captures").glob("*.txt"))
UPGRADES = sorted(
    path for path in GOLDEN.glob("*.txt") if path.read_text("ascii").count("> AT+QFOTADL") == 1
)


def schedule(bench, steps: tuple[GoldenStep, ...]) -> None:
    """Have the module do *steps* from now on."""
    at = 0.05
    module, port = bench.module, bench.port
    for step in steps:
        match step:
            case TimePasses(seconds):
                at += seconds
            case ModulePrints(data):
                module.later(at, data)
                at += 0.05
            case SomethingHappens("runs", word):
                module.later(at, module.boot_new if word == "new" else lambda: None)
            case SomethingHappens("deaf", _):
                module.later(at, lambda: setattr(module, "deaf", True))
            case SomethingHappens("gone", _):
                module.later(at, port.vanish)
            case SomethingHappens("back", _):
                module.later(at, port.appear)
            case _:
                pass


def word_of(steps: tuple[GoldenStep, ...], word: str) -> str:
    (found,) = [
        step.argument for step in steps if isinstance(step, SomethingHappens) and step.word == word
    ]
    return found


def outcome_of(bench, plan: Plan) -> tuple[str, HostError | None]:
    try:
        bench.upgrade(plan)
    except DownloadFailedError as error:
        return f"download-failed {error.http_err}", error
    except InstallFailedError as error:
        return f"install-failed {error.err}", error
    except UpdateDroppedError as error:
        return "dropped", error
    except RevisionMismatchError as error:
        return "mismatch", error
    return "upgraded", None


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_the_host_says_of_a_capture_what_is_true(any_bench, path: Path) -> None:
    steps = parse_golden(path.read_text("ascii"))
    kind = KINDS[word_of(steps, "kind")]
    options = "".join(f",{option}" for option in kind.options)
    start = f"{any_bench.START_URL}{options}"
    any_bench.module.answers[start] = "OK"
    any_bench.when(start, lambda: schedule(any_bench, steps))

    outcome, error = outcome_of(
        any_bench, Plan(url=any_bench.URL, facts=any_bench.FACTS, kind=kind)
    )

    assert outcome == word_of(steps, "outcome")
    assert any_bench.starts == 1
    if isinstance(error, DownloadFailedError | InstallFailedError):
        assert error.family in {kind.codes.value, kind.more_codes and kind.more_codes.value}
        assert error.meaning
        assert error.remedy


@pytest.mark.parametrize("path", UPGRADES, ids=lambda path: path.stem)
def test_the_host_understands_what_the_virtual_module_is_held_to(any_bench, path: Path) -> None:
    steps = parse_golden(path.read_text("ascii"))
    (begin,) = [
        index
        for index, step in enumerate(steps)
        if isinstance(step, HostSends) and b"AT+QFOTADL" in step.data
    ]
    # What the host asked afterwards, and what it was answered, is another conversation.
    after = [
        index for index, step in enumerate(steps) if isinstance(step, HostSends) and index > begin
    ]
    said = steps[begin + 2 : after[0] if after else len(steps)]
    ends = [i for i, s in enumerate(said) if isinstance(s, ModulePrints) and b'"END",0' in s.data]
    if ends:
        said = (*said[: ends[0] + 1], SomethingHappens("runs", "new"), *said[ends[0] + 1 :])
    is_local = steps[begin].data.startswith(b"AT+QFOTADL=1")
    start = any_bench.START_LOCAL if is_local else any_bench.START_URL
    any_bench.when(start, lambda: schedule(any_bench, said))
    source = {"package": b"package"} if is_local else {"url": any_bench.URL}

    outcome, _ = outcome_of(any_bench, Plan(facts=any_bench.FACTS, **source))

    expected = "upgraded" if ends else "download-failed 702"
    assert outcome == expected
    assert any_bench.starts == 1


def test_there_are_captures_of_every_outcome() -> None:
    words = {word_of(parse_golden(path.read_text("ascii")), "outcome") for path in CAPTURES}
    assert {word.partition(" ")[0] for word in words} == {
        "upgraded", "download-failed", "install-failed", "dropped", "mismatch",
    }  # fmt: skip
    assert len(CAPTURES) >= 15
    assert len(UPGRADES) >= 4
