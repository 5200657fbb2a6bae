# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``:put``, ``:get`` and ``:send`` of the terminal: files between this computer and the module."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

from dfota.atomic import write_atomically
from dfota.cli.input_file import read_input
from dfota.cli.terminal_port import TerminalPort
from dfota.errors import MisuseError, OutputError
from dfota.host import Downloaded, HostEvent, Uploaded, download_file, upload_file

FILE_MAX_BYTES = 64 * 1024 * 1024
_PLAIN_NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,80}")

OnProgress = Callable[[str, int, int], None]
"""Told the name in the module, bytes so far, and all."""


def move_file(port: TerminalPort, line: str, on_progress: OnProgress) -> str:
    """Do what *line* says (``:put``, ``:get`` or ``:send``); gives a sentence about it.

    Raises:
        MisuseError: *line* is none of them.
        FileUnreadableError: the file cannot be read.
        OutputError: the file cannot be written.
        HostError: the module refuses, or the port went away.
    """
    words = _words(line)
    if port.conversation.is_busy and words[0] != ":send":
        raise MisuseError("the module waits for text or data", "Ctrl-C ends that.")
    match words:
        case [":put", source]:
            return _put(port, Path(source), Path(source).name, on_progress)
        case [":put", source, name]:
            return _put(port, Path(source), name, on_progress)
        case [":get", name]:
            plain = name.rpartition("/")[2].removeprefix("UFS:")
            if _PLAIN_NAME.fullmatch(plain) is None:
                raise MisuseError(f"{name!r} is no name for a file here: add one")
            if Path(plain).exists():
                raise OutputError(plain, "it is there already", f"Write :get {name} FILE.")
            return _get(port, name, Path(plain), on_progress)
        case [":get", name, target]:
            return _get(port, name, Path(target), on_progress)
        case [":send", source]:
            data = read_input(Path(source), FILE_MAX_BYTES)
            port.send_data(data)
            return f"{source}: {len(data):,} bytes sent as they are"
    raise MisuseError(f"{words[0]} wants other words", "Type :help.")


def _put(port: TerminalPort, source: Path, name: str, on_progress: OnProgress) -> str:
    data = read_input(source, FILE_MAX_BYTES)
    port.run(upload_file(name, data), _listener(on_progress))
    return f"{source} → {name}, {len(data):,} bytes, checksum right"


def _get(port: TerminalPort, name: str, target: Path, on_progress: OnProgress) -> str:
    data = port.run(download_file(name), _listener(on_progress))
    write_atomically(target, data)
    return f"{name} → {target}, {len(data):,} bytes, checksum right"


def _listener(on_progress: OnProgress) -> Callable[[HostEvent], None]:
    def hear(event: HostEvent) -> None:
        if isinstance(event, (Uploaded, Downloaded)):
            on_progress(event.name, event.done, event.total)

    return hear


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise MisuseError(f"{line!r} cannot be split into words: {error}") from error
