# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The rules of the module's file system: names, room, error numbers; where bytes lie is not here.

Rule 1. A name becomes a path only through ``locate``; each step of it is printable ASCII,
never begins with a dot and holds no slash.
Rule 2. A file that is uploaded or downloaded appears whole or not at all.
Rule 3. Every refusal is a ``FileSystemError`` with the FILE manual's number.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from dfota.errors import FileSystemError
from dfota.modem.profiles import Profile
from dfota.modem.storage import EfsPath, Node, Storage, walk

NAME_MAX_BYTES = 80
"""FILE manual V1.0: the longest name."""

PATH_MAX_BYTES = 255
"""The longest path for those who do not come through an AT command."""

PACKAGE_NAME = "EUFS:/fota/update.zip"
"""DFOTA guide 3.1.2: the one place of a package."""

CA_NAME = "EUFS:/datatx/fota_cacert.pem"
CLIENT_CERT_NAME = "EUFS:/datatx/fota_client_cert.pem"
CLIENT_KEY_NAME = "EUFS:/datatx/fota_client_key.pem"

INVALID_VALUE = 400
BEYOND_END = 401
NOTHING_TO_READ = 402
DRIVE_FULL = 403
NOT_FOUND = 405
INVALID_NAME = 406
EXISTS = 407
WRITE_FAILED = 409
OPEN_FAILED = 410
READ_FAILED = 411
TOO_MANY_OPEN = 413
READ_ONLY = 414
INVALID_HANDLE = 416
LIST_FAILED = 417
DELETE_FAILED = 418
DISK_INFO_FAILED = 419
NO_SPACE = 420
TOO_LARGE = 423
INVALID_PARAMETER = 425
ALREADY_OPEN = 426

UFS: EfsPath = ("datatx",)
"""UFS is the folder ``/datatx``: that is where the guide wants certificates which are uploaded
by ``AT+QFUPL``."""

_FOTA: EfsPath = ("fota",)
_NAME = re.compile(r"[A-Za-z0-9_$%&'()+,;=@\[\]^`{}~!#-][A-Za-z0-9_$%&'()+,;=@\[\]^`{}~!# .-]*")
_STORAGE = re.compile(r"([A-Za-z0-9]+):")
_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as ``AT+QFLST`` lists it."""

    name: str
    size: int


class FileSystem:
    """UFS (``name``, ``UFS:name``) and the whole tree behind ``EUFS:/``.

    Args:
        storage: where the bytes lie.
        total_bytes: what ``AT+QFLDS="UFS"`` calls the total size.
        reserved_bytes: part of it that is never free.
        eufs_paths: whether ``EUFS:/`` names are understood.
        has_fota_folder: whether ``/fota`` is made where it is missing.

    Attributes:
        total_bytes: see above.

    Raises:
        OSError: the folders cannot be made, or one of them is a link that leads elsewhere.
    """

    __slots__ = (
        "_eufs_paths",
        "_incoming",
        "_reserved_bytes",
        "_storage",
        "_stored",
        "total_bytes",
    )

    def __init__(
        self,
        storage: Storage,
        *,
        total_bytes: int,
        reserved_bytes: int,
        eufs_paths: bool = True,
        has_fota_folder: bool = True,
    ) -> None:
        self._storage = storage
        self._reserved_bytes = reserved_bytes
        self._eufs_paths = eufs_paths
        self._incoming: tuple[IncomingFile, ...] = ()
        self._stored = 0
        self.total_bytes = total_bytes
        storage.make_folder(UFS)
        if has_fota_folder:
            storage.make_folder(_FOTA)

    @classmethod
    def of(cls, profile: Profile, storage: Storage) -> Self:
        """The file system of a module with this *profile*.

        Raises:
            OSError: see the class.
        """
        return cls(
            storage,
            total_bytes=profile.ufs_total_bytes,
            reserved_bytes=profile.ufs_reserved_bytes,
            eufs_paths=profile.eufs_paths,
            has_fota_folder=profile.fota_folder,
        )

    # -- room ----------------------------------------------------------------------------

    @property
    def used_bytes(self) -> int:
        """Size of all files, and of what was taken of those being written.

        Raises:
            FileSystemError: 419 it cannot be found out.
        """
        with _failing_as(DISK_INFO_FAILED, ""):
            self._stored = sum(node.size for _, node in walk(self._storage))
        return self._stored + sum(file.size for file in self._incoming)

    @property
    def free_bytes(self) -> int:
        """How much can still be written.

        Raises:
            FileSystemError: 419 it cannot be found out.
        """
        return max(0, self.total_bytes - self._reserved_bytes - self.used_bytes)

    def check_room(self, size: int, name: str) -> None:
        """Refuse *size* bytes that cannot fit.

        Raises:
            FileSystemError: 420 no space now, 423 there never is, 419 nobody knows.
        """
        if size > self.free_bytes:
            raise FileSystemError(TOO_LARGE if size > self.total_bytes else NO_SPACE, name)

    # -- names and lists -----------------------------------------------------------------

    def locate(self, name: str, *, is_trusted: bool = False) -> EfsPath:
        """Map *name* to a path; *is_trusted* lifts the profile's ban of ``EUFS:/``.

        Raises:
            FileSystemError: 406 invalid name, 425 no such storage.
        """
        limit = PATH_MAX_BYTES if is_trusted else NAME_MAX_BYTES
        if not (name.isascii() and name.isprintable()) or len(name) > limit:
            raise FileSystemError(INVALID_NAME, name)
        steps = (*UFS, name)
        prefix = _STORAGE.match(name)
        if prefix is not None:
            rest = name[prefix.end() :]
            storage = prefix[1].upper()
            if storage == "UFS":
                steps = (*UFS, rest)
            elif storage != "EUFS" or not (self._eufs_paths or is_trusted):
                raise FileSystemError(INVALID_PARAMETER, name)
            else:
                root, *inner = rest.split("/")
                steps = tuple(inner)
                if root or not steps:
                    raise FileSystemError(INVALID_NAME, name)
        if not all(is_name(step) for step in steps):
            raise FileSystemError(INVALID_NAME, name)
        return steps

    def files(self) -> list[StoredFile]:
        """The files of UFS, by name.

        Raises:
            FileSystemError: 417 they cannot be listed.
        """
        return [StoredFile(node.name, node.size) for node in self.nodes(UFS) if not node.is_folder]

    def nodes(self, folder: EfsPath) -> list[Node]:
        """What is in a folder, by name; names that no command could say are passed over.

        Raises:
            FileSystemError: 417 it cannot be listed.
        """
        with _failing_as(LIST_FAILED, ""):
            return [node for node in self._storage.children(folder) if is_name(node.name)]

    def node(self, path: EfsPath) -> Node | None:
        """What is at *path*.

        Raises:
            FileSystemError: 417 it cannot be found out.
        """
        with _failing_as(LIST_FAILED, "/".join(path)):
            return self._storage.find(path)

    def file(self, name: str) -> StoredFile:
        """One file.

        Raises:
            FileSystemError: 405 not found, 406 invalid name.
        """
        return StoredFile(_plain(name), self._node_of(self.require(name)).size)

    def require(self, name: str, *, is_trusted: bool = False) -> EfsPath:
        """Map *name* to the path of a file that is there.

        Raises:
            FileSystemError: 405 not found, 406 invalid name.
        """
        path = self.locate(name, is_trusted=is_trusted)
        found = self.node(path)
        if found is None or found.is_folder:
            raise FileSystemError(NOT_FOUND, name)
        return path

    def has(self, name: str) -> bool:
        """Whether a file of that (trusted) name is there."""
        try:
            self.require(name, is_trusted=True)
        except FileSystemError:
            return False
        return True

    # -- whole files ---------------------------------------------------------------------

    def read(self, name: str, *, is_trusted: bool = False) -> bytes:
        """The content of a file; for *is_trusted* see ``locate``.

        Raises:
            FileSystemError: 405 not found, 406 invalid name, 411 unreadable.
        """
        return self.read_part(self.require(name, is_trusted=is_trusted))

    def delete(self, name: str, *, is_trusted: bool = False) -> None:
        """Remove one file; ``*`` removes all of UFS, folders stay.

        Raises:
            FileSystemError: 405 not found, 406 invalid name, 418 cannot be deleted.
        """
        paths = (
            [(*UFS, file.name) for file in self.files()]
            if _plain(name) == "*"
            else [self.require(name, is_trusted=is_trusted)]
        )
        with _failing_as(DELETE_FAILED, name):
            for path in paths:
                self._storage.remove(path)

    def begin(self, name: str, *, replaces: bool = False, is_trusted: bool = False) -> IncomingFile:
        """Begin to write a file; it appears with ``IncomingFile.end``.

        Args:
            name: where it will be.
            replaces: an older file of that name is overwritten, an older writer gives way.
            is_trusted: see ``locate``; folders that are missing are made.

        Raises:
            FileSystemError: 406 invalid name, 407 exists already, 410 cannot be opened.
        """
        path = self.locate(name, is_trusted=is_trusted)
        found = self.node(path)
        if (found is not None or self.is_incoming(path)) and (
            not replaces or (found is not None and found.is_folder)
        ):
            raise FileSystemError(EXISTS, name)
        for file in self._incoming:
            if file.path == path:
                file.discard()
        with _failing_as(OPEN_FAILED, name):
            if is_trusted:
                for depth in range(1, len(path)):
                    self._storage.make_folder(path[:depth])
            try:
                incoming = IncomingFile(self, self._storage, name, path)
            except FileExistsError:  # a link or a device that somebody planted
                raise FileSystemError(EXISTS, name) from None
        self._incoming = (*self._incoming, incoming)
        _ = self.used_bytes  # counts what is there, for the room of this file
        return incoming

    def is_incoming(self, path: EfsPath) -> bool:
        """Whether a file is being written that will be at *path*."""
        return any(file.path == path for file in self._incoming)

    # -- parts of files, for handles -----------------------------------------------------

    def create(self, path: EfsPath) -> None:
        """Make an empty file where nothing is.

        Raises:
            FileSystemError: 410 it cannot be made.
        """
        with _failing_as(OPEN_FAILED, path[-1]):
            self._storage.create(path)

    def read_part(self, path: EfsPath, offset: int = 0, size: int | None = None) -> bytes:
        """A part of the file at *path*, shorter where it ends.

        Raises:
            FileSystemError: 411 unreadable.
        """
        with _failing_as(READ_FAILED, path[-1]):
            return self._storage.read(path, offset, size)

    def size(self, path: EfsPath) -> int:
        """How many bytes the file at *path* has.

        Raises:
            FileSystemError: 405 it is not there.
        """
        return self._node_of(path).size

    def write_part(self, path: EfsPath, offset: int, data: bytes) -> int:
        """Change a file in place; *offset* is at most its size. Gives how much fitted.

        Raises:
            FileSystemError: 403 the drive is full, 409 writing failed.
        """
        size = self.size(path)
        room = max(0, size - offset) + max(0, self._room)
        fitting = data[:room]
        with _failing_as(WRITE_FAILED, path[-1], full=DRIVE_FULL):
            self._storage.write(path, offset, fitting)
        self._stored += max(0, offset + len(fitting) - size)
        return len(fitting)

    def truncate(self, path: EfsPath, size: int) -> None:
        """Cut a file, and make sure that it stays so.

        Raises:
            FileSystemError: 409 writing failed.
        """
        with _failing_as(WRITE_FAILED, path[-1]):
            self._storage.truncate(path, size)
            self._storage.sync(path)

    def sync(self, path: EfsPath) -> None:
        """Make sure that what was written to a file stays.

        Raises:
            FileSystemError: 403 the drive is full, 409 writing failed.
        """
        with _failing_as(WRITE_FAILED, path[-1], full=DRIVE_FULL):
            self._storage.sync(path)

    def move(self, path: EfsPath, place: EfsPath) -> None:
        """Put a file in place of what stands at *place*, and make sure that it stays.

        Raises:
            FileSystemError: 409 it cannot be done.
        """
        with _failing_as(WRITE_FAILED, place[-1]):
            self._storage.sync(path)
            self._storage.move(path, place)

    # -- the tree, for those who do not come through an AT command -----------------------

    def make_folder(self, path: EfsPath) -> None:
        """Make a folder; harmless when it is there.

        Raises:
            FileSystemError: 410 its own folder is not there, or a file is in the way.
        """
        with _failing_as(OPEN_FAILED, "/".join(path)):
            self._storage.make_folder(path)

    def remove(self, path: EfsPath) -> None:
        """Remove a file or an empty folder.

        Raises:
            FileSystemError: 418 it cannot be removed.
        """
        with _failing_as(DELETE_FAILED, "/".join(path)):
            self._storage.remove(path)

    # -- for IncomingFile ----------------------------------------------------------------

    def has_room_for(self, size: int) -> bool:
        """Whether *size* more bytes fit, as far as is known since the last look."""
        return size <= self._room

    def forget(self, file: IncomingFile, *, stored: int) -> None:
        """*file* has ended; *stored* bytes of it are there."""
        self._incoming = tuple(other for other in self._incoming if other is not file)
        self._stored += stored

    @property
    def _room(self) -> int:
        incoming = sum(file.size for file in self._incoming)
        return self.total_bytes - self._reserved_bytes - self._stored - incoming

    def _node_of(self, path: EfsPath) -> Node:
        found = self.node(path)
        if found is None:
            raise FileSystemError(NOT_FOUND, path[-1])
        return found


class IncomingFile:
    """A file being written: ``write`` pieces, then ``end`` or ``discard`` it."""

    __slots__ = ("_is_open", "_name", "_staged", "_system", "path", "size")

    def __init__(self, system: FileSystem, storage: Storage, name: str, path: EfsPath) -> None:
        self._system = system
        self._name = name
        self._staged = storage.stage(path)
        self._is_open = True
        self.path = path
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append *data*.

        Raises:
            FileSystemError: 420 no space, 409 writing failed.
        """
        self._check_open()
        if not self._system.has_room_for(len(data)):
            raise FileSystemError(NO_SPACE, self._name)
        with _failing_as(WRITE_FAILED, self._name):
            self._staged.write(data)
        self.size += len(data)

    def end(self) -> None:
        """Make the file appear under its name.

        Raises:
            FileSystemError: 420 no space, 409 writing failed.
        """
        self._check_open()
        self._is_open = False
        self._system.forget(self, stored=self.size)
        with _failing_as(WRITE_FAILED, self._name):
            self._staged.commit()

    def discard(self) -> None:
        """Leave nothing; harmless after ``end``."""
        self._is_open = False
        self._system.forget(self, stored=0)
        self._staged.discard()

    def _check_open(self) -> None:
        if not self._is_open:
            raise FileSystemError(WRITE_FAILED, self._name)


def is_name(text: str) -> bool:
    """Whether *text* can be one step of a path."""
    return len(text) <= NAME_MAX_BYTES and _NAME.fullmatch(text) is not None


@contextmanager
def _failing_as(number: int, name: str, *, full: int = NO_SPACE) -> Iterator[None]:
    """Turn what the storage cannot do into *number*, and a full one into *full*."""
    try:
        yield
    except OSError as error:
        raise FileSystemError(full if error.errno in _FULL else number, name) from error


def _plain(name: str) -> str:
    return name[4:] if name[:4].upper() == "UFS:" else name
