# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The open files of a module: handles, pointers, modes; all ports share them, no boot keeps them.

FILE manual V1.0, 2.6 to 2.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from dfota.errors import FileSystemError
from dfota.modem.filesystem import (
    ALREADY_OPEN,
    BEYOND_END,
    INVALID_HANDLE,
    READ_ONLY,
    TOO_MANY_OPEN,
)
from dfota.modem.storage import EfsPath

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule


class OpenMode(IntEnum):
    """``<mode>`` of ``AT+QFOPEN``."""

    OPEN_OR_CREATE = 0
    CREATE_OR_CLEAR = 1
    READ_ONLY = 2


@dataclass(slots=True)
class OpenFile:
    """What stands behind a handle.

    Attributes:
        name: as it was given.
        path: where the file is.
        mode: how it was opened.
        position: the file pointer, bytes from the beginning.
    """

    name: str
    path: EfsPath
    mode: OpenMode
    position: int = 0

    def check_writable(self) -> None:
        """Refuse a change of a file that was opened to be read.

        Raises:
            FileSystemError: 414.
        """
        if self.mode is OpenMode.READ_ONLY:
            raise FileSystemError(READ_ONLY, self.name)


class OpenFiles:
    """The open files; a part of the module, see ``VirtualModule.part``."""

    def __init__(self, module: VirtualModule) -> None:
        self._files = module.files
        self._limit = module.profile.open_files_max
        self._open: dict[int, OpenFile] = {}

    def halt(self) -> None:
        """Nothing is to be done: what was written is in the files already."""
        self._open.clear()

    def __iter__(self) -> Iterator[tuple[int, OpenFile]]:
        """Handles and files, by handle."""
        return iter(sorted(self._open.items()))

    def is_open(self, path: EfsPath) -> bool:
        """Whether somebody has the file at *path* open."""
        return any(file.path == path for file in self._open.values())

    def open(self, name: str, mode: OpenMode) -> int:
        """Open a file; gives its handle, the smallest that is free.

        Raises:
            FileSystemError: 405 not found, 406 invalid name, 410 cannot be made, 413 too many
                are open, 426 it is open already.
        """
        files = self._files
        path = files.locate(name)
        if self.is_open(path) or files.is_incoming(path):
            raise FileSystemError(ALREADY_OPEN, name)
        if len(self._open) >= self._limit:
            raise FileSystemError(TOO_MANY_OPEN, name)
        if mode is OpenMode.READ_ONLY or files.node(path) is not None:
            files.require(name)
            if mode is OpenMode.CREATE_OR_CLEAR:
                files.truncate(path, 0)
        else:
            files.create(path)
        handle = next(number for number in range(self._limit) if number not in self._open)
        self._open[handle] = OpenFile(name, path, mode)
        return handle

    def file(self, handle: int) -> OpenFile:
        """The file behind *handle*.

        Raises:
            FileSystemError: 416 there is none.
        """
        if handle not in self._open:
            raise FileSystemError(INVALID_HANDLE, str(handle))
        return self._open[handle]

    def seek(self, handle: int, offset: int, position: int) -> None:
        """Move the pointer: from the beginning (0), from where it is (1), from the end (2).

        From the end it goes towards the beginning (FILE manual, 2.9, note 3): behind the end
        there is nothing.

        Raises:
            FileSystemError: 401 outside the file, 416 no such handle.
        """
        file = self.file(handle)
        size = self._files.size(file.path)
        target = (offset, file.position + offset, size - offset)[position]
        if not 0 <= target <= size:
            raise FileSystemError(BEYOND_END, file.name)
        file.position = target

    def close(self, handle: int) -> None:
        """Forget *handle*.

        Raises:
            FileSystemError: 416 there is none.
        """
        self.file(handle)
        del self._open[handle]
