# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The module's file system: two folders of real files; names from outside never leave them.

Rule 1. A name maps to a path only through ``locate``; it is one component of printable
ASCII and never begins with a dot.
Rule 2. A file appears whole (renamed into place) or not at all.
Rule 3. Every refusal is a ``FileSystemError`` with the FILE manual's number.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dfota.errors import FileSystemError

NAME_MAX_BYTES = 80
"""FILE manual V1.0: the longest name."""

PACKAGE_NAME = "EUFS:/fota/update.zip"
"""DFOTA guide 3.1.2: the one place of a package."""

CA_NAME = "EUFS:/datatx/fota_cacert.pem"
CLIENT_CERT_NAME = "EUFS:/datatx/fota_client_cert.pem"
CLIENT_KEY_NAME = "EUFS:/datatx/fota_client_key.pem"

INVALID_NAME = 406
NOT_FOUND = 405
EXISTS = 407
WRITE_FAILED = 409
OPEN_FAILED = 410
READ_FAILED = 411
DELETE_FAILED = 418
NO_SPACE = 420
TOO_LARGE = 423
INVALID_PARAMETER = 425

_COMPONENT = re.compile(
    r"[A-Za-z0-9_$%&'()+,;=@\[\]^`{}~!#-][A-Za-z0-9_$%&'()+,;=@\[\]^`{}~!# .-]*"
)
_FOLDERS = ("datatx", "fota")
_UFS_FOLDER = "datatx"
_UNFINISHED = ".unfinished-"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as ``AT+QFLST`` lists it."""

    name: str
    size: int


class FileSystem:
    """UFS (``name``, ``UFS:name``) and the two EFS folders behind ``EUFS:/``.

    UFS is the folder ``/datatx``: that is where the guide wants certificates which are
    uploaded by ``AT+QFUPL``.

    Args:
        root: a directory of the computer; folders are made in it.
        total_bytes: what ``AT+QFLDS="UFS"`` calls the total size.
        reserved_bytes: part of it that is never free.
        eufs_paths: whether ``EUFS:/`` names are understood.

    Raises:
        OSError: the folders cannot be made, or one of them is a link that leads elsewhere.
    """

    def __init__(
        self, root: Path, *, total_bytes: int, reserved_bytes: int, eufs_paths: bool = True
    ) -> None:
        self._root = root
        self._reserved_bytes = reserved_bytes
        self._eufs_paths = eufs_paths
        self._incoming: set[IncomingFile] = set()
        self.total_bytes = total_bytes
        for path in (root, *(root / folder for folder in _FOLDERS)):
            if path.is_symlink():
                raise OSError(errno.ELOOP, f"{path.name} is a symbolic link", str(path))
        for folder in _FOLDERS:
            (root / folder).mkdir(parents=True, exist_ok=True)
            for leftover in (root / folder).glob(f"{_UNFINISHED}*"):
                leftover.unlink(missing_ok=True)

    @property
    def used_bytes(self) -> int:
        """Size of all files, and of what was taken of those being written."""
        stored = sum(_size(path) for folder in _FOLDERS for path in self._paths(folder))
        return stored + sum(file.size for file in self._incoming)

    @property
    def free_bytes(self) -> int:
        """How much can still be written."""
        return max(0, self.total_bytes - self._reserved_bytes - self.used_bytes)

    def files(self) -> list[StoredFile]:
        """The files of UFS, by name."""
        return [StoredFile(path.name, _size(path)) for path in self._paths(_UFS_FOLDER)]

    def file(self, name: str) -> StoredFile:
        """One file.

        Raises:
            FileSystemError: 405 not found, 406 invalid name.
        """
        path = self.require(name)
        return StoredFile(_plain(name), _size(path))

    def locate(self, name: str, *, is_trusted: bool = False) -> Path:
        """Map *name* to a path; *is_trusted* lifts the profile's ban of ``EUFS:/``.

        Raises:
            FileSystemError: 406 invalid name, 425 ``EUFS:`` is not understood.
        """
        if not (name.isascii() and name.isprintable()) or len(name) > NAME_MAX_BYTES:
            raise FileSystemError(INVALID_NAME, name)
        folder, component = _UFS_FOLDER, _plain(name)
        if name[:5].upper() == "EUFS:":
            if not (self._eufs_paths or is_trusted):
                raise FileSystemError(INVALID_PARAMETER, name)
            _, slash, rest = name[5:].partition("/")
            folder, _, component = rest.partition("/")
            if not slash or name[5] != "/" or folder not in _FOLDERS:
                raise FileSystemError(INVALID_NAME, name)
        if not _COMPONENT.fullmatch(component):
            raise FileSystemError(INVALID_NAME, name)
        return self._root / folder / component

    def require(self, name: str, *, is_trusted: bool = False) -> Path:
        """Map *name* to the path of a file that is there.

        Raises:
            FileSystemError: 405 not found, 406 invalid name.
        """
        path = self.locate(name, is_trusted=is_trusted)
        if path.is_symlink() or not path.is_file():
            raise FileSystemError(NOT_FOUND, name)
        return path

    def has(self, name: str) -> bool:
        """Whether a file of that (trusted) name is there."""
        try:
            self.require(name, is_trusted=True)
        except FileSystemError:
            return False
        return True

    def read(self, name: str, *, is_trusted: bool = False) -> bytes:
        """The content of a file; for *is_trusted* see ``locate``.

        Raises:
            FileSystemError: 405 not found, 406 invalid name, 411 unreadable.
        """
        path = self.require(name, is_trusted=is_trusted)
        try:
            return path.read_bytes()
        except OSError as error:
            raise FileSystemError(READ_FAILED, name) from error

    def delete(self, name: str, *, is_trusted: bool = False) -> None:
        """Remove one file; ``*`` removes all of UFS, folders stay.

        Raises:
            FileSystemError: 405 not found, 406 invalid name, 418 cannot be deleted.
        """
        paths = (
            list(self._paths(_UFS_FOLDER))
            if _plain(name) == "*"
            else [self.require(name, is_trusted=is_trusted)]
        )
        try:
            for path in paths:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise FileSystemError(DELETE_FAILED, name) from error

    def begin(self, name: str, *, replaces: bool = False, is_trusted: bool = False) -> IncomingFile:
        """Begin to write a file; it appears with ``IncomingFile.end``.

        Args:
            name: where it will be.
            replaces: an older file of that name is overwritten.
            is_trusted: see ``locate``.

        Raises:
            FileSystemError: 406 invalid name, 407 exists already, 410 cannot be opened.
        """
        path = self.locate(name, is_trusted=is_trusted)
        if path.is_symlink() or (path.exists() and not (replaces and path.is_file())):
            raise FileSystemError(EXISTS, name)
        incoming = IncomingFile(self, name, path, self._incoming.discard)
        self._incoming.add(incoming)
        return incoming

    def _paths(self, folder: str) -> Iterator[Path]:
        for path in self._entries(folder):
            if not path.name.startswith(".") and path.is_file() and not path.is_symlink():
                yield path

    def _entries(self, folder: str) -> list[Path]:
        try:
            return sorted((self._root / folder).iterdir())
        except OSError:
            return []  # somebody took the folder away: it has no files


class IncomingFile:
    """A file being written: ``write`` pieces, then ``end`` or ``discard`` it."""

    def __init__(
        self,
        system: FileSystem,
        name: str,
        path: Path,
        on_end: Callable[[IncomingFile], None],
    ) -> None:
        self._system = system
        self._on_end = on_end
        self._name = name
        self._path = path
        self._partial = path.with_name(f"{_UNFINISHED}{path.name}")
        self.size = 0
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            self._stream: IO[bytes] | None = os.fdopen(os.open(self._partial, flags, 0o644), "wb")
        except OSError as error:
            raise FileSystemError(OPEN_FAILED, name) from error

    def write(self, data: bytes) -> None:
        """Append *data*.

        Raises:
            FileSystemError: 420 no space, 409 writing failed.
        """
        if self._stream is None:
            raise FileSystemError(WRITE_FAILED, self._name)
        if len(data) > self._system.free_bytes:
            raise FileSystemError(NO_SPACE, self._name)
        try:
            self._stream.write(data)
        except OSError as error:
            raise self._failure(error) from error
        self.size += len(data)

    def end(self) -> None:
        """Make the file appear under its name.

        Raises:
            FileSystemError: 420 no space, 409 writing failed.
        """
        if self._stream is None:
            raise FileSystemError(WRITE_FAILED, self._name)
        stream, self._stream = self._stream, None
        self._on_end(self)
        try:
            with stream:
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(self._partial, self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._partial.unlink()
            raise self._failure(error) from error

    def discard(self) -> None:
        """Leave nothing; harmless after ``end``."""
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.close()
            self._stream = None
            self._on_end(self)
            with contextlib.suppress(OSError):
                self._partial.unlink()

    def _failure(self, error: OSError) -> FileSystemError:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return FileSystemError(NO_SPACE if full else WRITE_FAILED, self._name)


def _plain(name: str) -> str:
    return name[4:] if name[:4].upper() == "UFS:" else name


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
