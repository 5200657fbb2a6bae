# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The targets of the host's ear: whatever a module says, an upgrade ends, and truthfully."""

from __future__ import annotations

from dfota.at import ReplyDecoder
from dfota.errors import HostError
from dfota.host import (
    Dialogue,
    PackageFacts,
    Plan,
    Procedure,
    Upgraded,
    describe,
    download_file,
    list_files,
    resume,
    upgrade,
)
from dfota.host.records import UpgradeRecord
from dfota.values import FirmwareVersion

OLD, NEW = "BG96MAR02A07M1G_01.018.01.018", "BG96MAR02A07M1G_01.019.01.019"
FACTS = PackageFacts("BG96", FirmwareVersion(OLD), FirmwareVersion(NEW), 1000)
TURNS_MAX = 50_000

_SAID = (
    b"\r\nOK\r\n", b"\r\nERROR\r\n", b"\r\n+CME ERROR: 407\r\n", b"\r\nCONNECT\r\n", b"A",
    b"\r\nQuectel\r\nBG96\r\nRevision: BG96MAR02A07M1G\r\n\r\nOK\r\n",
    b"\r\n" + OLD.encode() + b"\r\n\r\nOK\r\n", b"\r\n" + NEW.encode() + b"\r\n\r\nOK\r\n",
    b"\r\nRDY\r\n", b"\r\nAPP RDY\r\n", b'\r\n+QIND: "FOTA","HTTPSTART"\r\n',
    b'\r\n+QIND: "FOTA","HTTPEND",0\r\n', b'\r\n+QIND: "FOTA","HTTPEND",702\r\n',
    b'\r\n+QIND: "FOTA","START"\r\n', b'\r\n+QIND: "FOTA","UPDATING", 7%\r\n',
    b'\r\n+QIND: "FOTA","RESTORE",9%\r\n', b'\r\n+QIND: "FOTA","END",0\r\n',
    b'\r\n+QIND: "FOTA","END",504\r\n', b"\r\n+QFUPL: 1000,1f\r\n\r\nOK\r\n",
    b"\r\n866425030123450\r\n\r\nOK\r\n", b"\r\n+CPIN: READY\r\n\r\nOK\r\n",
    b"\r\n+CEREG: 0,1\r\n\r\nOK\r\n", b'\r\n+QFLST: "a",9\r\n\r\nOK\r\n',
)  # fmt: skip
"""What modules say; a byte of the input chooses, so that a fuzzer gets far."""


def ear(data: bytes) -> None:
    """The same events however the bytes are cut; never more kept than a line."""
    split, whole = (data[0], data[1:]) if data else (0, data)
    decoders = ReplyDecoder(), ReplyDecoder()
    for decoder in decoders:
        decoder.begin("AT+X", data_size=split if split > 200 else None)
    once = decoders[0].feed(whole)
    step = max(split % 17, 1)
    pieces = [whole[at : at + step] for at in range(0, len(whole), step)]
    parts = [event for piece in pieces for event in decoders[1].feed(piece)]
    if _merged(once) != _merged(parts):
        raise AssertionError(f"cut in pieces of {step} it is heard otherwise: {once} {parts}")


def _merged(events: list[object]) -> list[tuple[str, object]]:
    """Events, with neighbours that count or carry bytes added up."""
    found: list[tuple[str, object]] = []
    for event in events:
        name = type(event).__name__
        amount = getattr(event, "count", None) or getattr(event, "data", None)
        if amount is not None and found and found[-1][0] == name:
            found[-1] = (name, found[-1][1] + amount)  # type: ignore[operator]
        else:
            found.append((name, amount if amount is not None else event))
    return found


def conversation(data: bytes) -> None:
    """Any module and any port at the far end of an upgrade, a resumption, a report, a file."""
    plan = Plan(url="http://h/a", facts=FACTS)
    procedures = (
        lambda: upgrade(plan),
        lambda: upgrade(Plan(package=b"x" * 3000, facts=FACTS)),
        lambda: resume(plan, UpgradeRecord(is_started=True, revision_before=OLD, kind="bg96")),
        describe,
        lambda: download_file("a"),
        list_files,
    )
    chosen = procedures[data[0] % len(procedures)] if data else procedures[0]
    _play(chosen(), data[1:])


def _play(procedure: Procedure[object], data: bytes) -> None:
    now, position, starts, is_open = 0.0, 0, 0, True
    kept: list[UpgradeRecord] = []
    dialogue = Dialogue(procedure, keep=kept.append)
    try:
        dialogue.start(now)
        for _ in range(TURNS_MAX):
            if dialogue.finished:
                break
            starts += dialogue.take_output().count(b"AT+QFOTADL=")
            if starts > 1 or (starts and not any(record.is_started for record in kept)):
                raise AssertionError("started twice, or without a record")
            dialogue.take_events()
            if position < len(data):
                now, position, is_open = _say(dialogue, data, position, now, is_open)
            else:
                now = max(now, dialogue.deadline or now) + 0.001
                dialogue.advance(now)
        else:
            raise AssertionError("it never ends")
    except HostError as error:
        if not str(error) or not isinstance(error.remedy, str):
            raise AssertionError("an error without words") from error
        return
    result = dialogue.result
    if isinstance(result, Upgraded) and result.revision_after != NEW and starts:
        raise AssertionError(f"a success that is none: {result}")


def _say(
    dialogue: Dialogue[object], data: bytes, position: int, now: float, is_open: bool
) -> tuple[float, int, bool]:
    choice = data[position]
    now += 0.01
    if choice < len(_SAID) and is_open:
        dialogue.feed(_SAID[choice], now)
    elif choice == 0xF0:
        dialogue.port_lost(now)
        is_open = False
    elif choice == 0xF1 and not is_open:
        dialogue.port_returned(now)
        is_open = True
    elif choice == 0xF2:
        now = max(now, dialogue.deadline or now)
        dialogue.advance(now)
    elif is_open:
        size = choice % 40
        dialogue.feed(data[position + 1 : position + 1 + size], now)
        position += size
    return now, position + 1, is_open
