# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the reference page shows as an answer is what the module answers."""

from __future__ import annotations

import pytest

from dfota.at import COMMANDS, Command, Form

# Those that change something come last: all are asked of one module.
EXAMPLES = sorted(
    (command for command in COMMANDS.values() if command.example),
    key=lambda command: command.example[1:] == ("OK",),
)
_FINAL = ("OK", "ERROR", "NO CARRIER", "+CME ERROR")


def framed(lines: tuple[str, ...]) -> str:
    """The reply as it stands on the wire."""
    *information, result = lines
    assert result.startswith(_FINAL)
    body = "".join(f"{line}\r\n" for line in information)
    return (f"\r\n{body}" if body else "") + f"\r\n{result}\r\n"


def reply_in_time(bench, line: str, command: Command) -> str:
    """The reply to *line*, which may take as long as the catalogue says."""
    reply = bench.ask(line)
    if not reply:
        bench.run(until=lambda: bool(bench.writes), limit_s=command.max_response_s)
        reply = bench.take().decode()
    return reply


@pytest.mark.parametrize("command", EXAMPLES, ids=lambda command: command.name)
def test_the_example_of_the_catalogue_is_the_answer(shared_bench, command: Command) -> None:
    line, *lines = command.example
    assert reply_in_time(shared_bench, line, command) == framed(tuple(lines))
    shared_bench.quiet()


def test_every_test_form_is_answered_within_its_time(shared_bench) -> None:
    for command in COMMANDS.values():
        if Form.TEST not in command.forms:
            continue
        reply = reply_in_time(shared_bench, "AT" + command.encode(Form.TEST), command)
        assert reply.endswith("\r\nOK\r\n"), command.name
        lines = reply.removesuffix("\r\nOK\r\n").split("\r\n")
        assert all(not line or line.startswith(f"{command.name}: ") for line in lines), lines
