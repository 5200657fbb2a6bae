# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The page of the event stream says what the stream says."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from dfota.cli.events_document import STREAM_EVENTS, event_name, events_reference, host_events
from dfota.cli.main import run
from dfota.host import HostEvent

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "events.md"
URL = "https://www.quectel.com:100/update.zip"
FIELDS = {
    event_name(event): {field.name for field in dataclasses.fields(event)}
    for event in host_events()
} | {name: set(fields) for name, (_, fields) in STREAM_EVENTS.items()}


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text("utf-8") == events_reference(), (
        "run: python -m dfota.cli.events_document > docs/reference/events.md"
    )


def test_every_event_is_on_the_page_once() -> None:
    page = PAGE.read_text("utf-8")
    for name in FIELDS:
        assert page.count(f"### `{name}`\n") == 1, name
    assert len(FIELDS) == len(host_events()) + len(STREAM_EVENTS)


def test_the_name_on_the_page_is_the_one_in_the_stream() -> None:
    for event_class in host_events():
        made = object.__new__(event_class)
        for field in dataclasses.fields(event_class):
            object.__setattr__(made, field.name, "")
        assert HostEvent.to_facts(made)["event"] == event_name(event_class)


def streams(wired, package: Path) -> list[list[str]]:
    """Commands whose streams, together, have every event of the command itself."""
    return [
        ["upgrade", "fake", "--resume"],
        ["upgrade", "fake", str(package), "--dry-run"],
        ["upgrade", "fake", "--url", URL, "--expect", wired.NEW],
    ]


def test_what_is_sent_is_on_the_page(wired, package: Path, capsys) -> None:
    wired.script_remote()
    seen: dict[str, set[str]] = {}
    for command in streams(wired, package):
        run(["--json", *command])
        for line in capsys.readouterr().out.splitlines():
            facts = json.loads(line) if line.startswith('{"event"') else {}
            if facts:
                seen.setdefault(facts.pop("event"), set()).update(facts)
    wired.port.interrupt_at = b"+CSQ: "
    wired.module.revision = wired.OLD
    run(["--json", "upgrade", "fake", "--url", URL])
    for line in capsys.readouterr().out.splitlines():
        facts = json.loads(line)
        seen.setdefault(facts.pop("event"), set()).update(facts)
    assert {"upgraded", "interrupted", "examined", "planned", "progressed"} <= set(seen)
    assert {name: fields for name, fields in seen.items() if fields != FIELDS.get(name)} == {}
