# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Colours appear on a terminal only, and not where the person asked for none."""

from __future__ import annotations

import io

import pytest

from dfota.cli.console import Console
from dfota.errors import MisuseError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def said(monkeypatch: pytest.MonkeyPatch) -> str:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    Console().warn("careful")
    Console().error(MisuseError("not so", "Do it otherwise."))
    return terminal.getvalue()


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch).count("\x1b[") >= 4


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colours_where_none_are_wanted(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    assert "\x1b" not in said(monkeypatch)
