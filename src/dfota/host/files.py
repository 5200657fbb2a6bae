# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Put files into the module with the FILE commands; it knows no package and no upgrade."""

from __future__ import annotations

from dfota.at import CmeError, Form, xor16
from dfota.at.catalog.files import QFDEL, QFUPL
from dfota.errors import CheckFailedError, NoReplyError, PortError
from dfota.host.dialogue import Answer, Ask, AwaitAnswer, Happened, Procedure, Report, SendData
from dfota.host.events import Uploaded
from dfota.host.module_files import file_space, transferred

PACKAGE_FILE = "EUFS:/fota/update.zip"
"""Where ``AT+QFOTADL=1`` looks: the EFS path /fota/update.zip. UFS itself is /datatx."""

PIECE_SIZE = 1024
"""The module acknowledges each piece of this size with one ``A``."""

PIECE_TIMEOUT_S = 30
"""How long the module waits for the next bytes of an upload before it gives up."""

SILENCE_MAX_S = PIECE_TIMEOUT_S + 5
"""How long the host waits for the module: longer, so that a module that gives up can say so."""

WINDOW = 4
"""Pieces on their way at once: hides the delay of USB adapters (16 ms) up to 921,600 baud."""

_NO_SUCH_STORAGE = CmeError(425)
_TIMEOUT = CmeError(421)
_NO_ROOM = {CmeError(403), CmeError(420), CmeError(423)}


def upload_file(name: str, data: bytes, *, window: int = WINDOW) -> Procedure[None]:
    """Put *data* into the module as *name*, in place of an older file of that name.

    Args:
        name: as the FILE commands name it.
        data: the content, at least one byte.
        window: pieces that may be on their way at once. A module whose UART loses bytes then
            (no flow control) spoils the checksum: it gets the file once more, piece by piece.

    Raises:
        CheckFailedError: no room, no such storage, or the checksum is wrong.
        NoReplyError: the module stopped answering.
        PortError: the port went away.
    """
    yield from _delete_old(name)
    yield from _check_room(name, len(data))
    if window > 1:
        if (yield from _upload(name, data, window)) is None:
            return
        yield from _delete_old(name)
    spoilt = yield from _upload(name, data, 1)
    if spoilt is not None:
        raise spoilt


def _upload(name: str, data: bytes, window: int) -> Procedure[CheckFailedError | None]:
    """Try once; gives what was wrong with what arrived, or ``None``."""
    answer = yield Ask.command(
        QFUPL,
        Form.WRITE,
        filename=name,
        file_size=len(data),
        timeout=PIECE_TIMEOUT_S,
        ackmode=1,
    )
    reply = _answer(answer, "AT+QFUPL", name)
    if reply.text != "CONNECT":
        raise _refused(name, reply)
    yield Report(Uploaded(name, 0, len(data)))
    for number, start in enumerate(range(0, len(data), PIECE_SIZE)):
        piece = data[start : start + PIECE_SIZE]
        # The last piece is answered by the result: an "A" for a whole last piece may come
        # or not, the manual does not say.
        is_last = start + len(piece) == len(data)
        awaited = 0 if is_last or number + 1 < window else 1
        outcome = yield SendData(piece, awaited, SILENCE_MAX_S)
        if isinstance(outcome, Answer) and outcome.result == _TIMEOUT and window > 1:
            return _spoilt(name, "the module missed some of its bytes")
        if outcome is not None:
            raise _refused(name, _answer(outcome, "AT+QFUPL", name))
        arrived = len(data) if is_last else start + len(piece) - PIECE_SIZE * (window - 1)
        if arrived > 0:
            yield Report(Uploaded(name, arrived, len(data)))
    reply = _answer((yield AwaitAnswer(SILENCE_MAX_S)), "AT+QFUPL", name)
    if reply.result == _TIMEOUT and window > 1:
        return _spoilt(name, "the module missed some of its bytes")
    if not reply.ok:
        raise _refused(name, reply)
    return _judge_result(name, data, reply)


def _delete_old(name: str) -> Procedure[None]:
    reply = _answer((yield Ask.command(QFDEL, Form.WRITE, filename=name)), "AT+QFDEL", name)
    # A file that is not there (405) is what is wanted; other errors show at the upload.
    if reply.result == _NO_SUCH_STORAGE:
        raise _refused(name, reply)


def _check_room(name: str, size: int) -> Procedure[None]:
    space = yield from file_space()
    if space is not None and space.free_bytes < size:
        raise CheckFailedError(
            "upload",
            f"{name} has {size} bytes, but only {space.free_bytes} are free in the module",
            "Delete files that are not needed: AT+QFLST, then AT+QFDEL.",
        )


def _judge_result(name: str, data: bytes, reply: Answer) -> CheckFailedError | None:
    told, expected = transferred(reply), (len(data), xor16(data))
    if told is None:
        raise CheckFailedError(
            "upload", f"the module does not confirm {name}", "Try again; nothing was started."
        )
    if told == expected:
        return None
    return _spoilt(
        name,
        f"{name} arrived with {told[0]} bytes and checksum {told[1]:x}, "
        f"not {expected[0]} and {expected[1]:x}",
    )


def _spoilt(name: str, found: str) -> CheckFailedError:
    return CheckFailedError(
        "upload",
        found,
        "The line loses or changes bytes: check cable, speed and flow control, try again.",
    )


def _answer(outcome: object, command: str, name: str) -> Answer:
    if isinstance(outcome, Answer):
        return outcome
    if outcome is Happened.PORT_LOST:
        raise PortError("", f"it went away during the upload of {name}; nothing was started")
    raise NoReplyError(command, PIECE_TIMEOUT_S)


def _refused(name: str, reply: Answer) -> CheckFailedError:
    if reply.result == _NO_SUCH_STORAGE and name.startswith("EUFS:"):
        return CheckFailedError(
            "upload",
            f"this firmware cannot store {name.removeprefix('EUFS:')} ({reply.text})",
            "Host the package and use --url, or put the file there with QEFS Explorer.",
        )
    if reply.result in _NO_ROOM:
        return CheckFailedError(
            "upload",
            f"there is no room for {name} ({reply.text})",
            "Delete files that are not needed: AT+QFLST, then AT+QFDEL.",
        )
    return CheckFailedError(
        "upload",
        f"the module refused {name} with {reply.text}",
        "What the code means: dfota explain CODE; nothing was started.",
    )
