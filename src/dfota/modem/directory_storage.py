# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The module's files as real files below one directory, which no path can leave.

Rule 1. Every step of a path is opened from the step before it and follows no link: whatever
somebody plants in the directory, nothing outside is read, written or removed.
Rule 2. A staged file lies in a folder of its own until it is renamed into place.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from dfota.modem.storage import EfsPath, Node, Staged

_STAGING = ".unfinished"
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A FIFO that somebody planted must not keep us waiting.
_FILE_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class DirectoryStorage:
    """Files below *root*, a directory of the computer; it is made if it is not there.

    What a killed process was writing is removed. Only one process may use a directory.

    Raises:
        OSError: the directory cannot be made, or it is a link.
    """

    __slots__ = ("_numbers", "_root")

    def __init__(self, root: Path) -> None:
        if root.is_symlink():
            raise OSError(errno.ELOOP, f"{root.name} is a symbolic link", str(root))
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._numbers = 0
        with contextlib.suppress(FileNotFoundError), self._opened((_STAGING,)) as folder:
            for leftover in os.listdir(folder):
                os.unlink(leftover, dir_fd=folder)

    def find(self, path: EfsPath) -> Node | None:
        """See ``Storage``."""
        if not path:
            return Node("", is_folder=True)
        try:
            with self._opened(path[:-1]) as folder:
                return _node(path[-1], os.stat(path[-1], dir_fd=folder, follow_symlinks=False))
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                return None
            raise

    def children(self, path: EfsPath) -> list[Node]:
        """See ``Storage``."""
        found: list[Node] = []
        with self._opened(path) as folder, os.scandir(folder) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    node = _node(entry.name, entry.stat(follow_symlinks=False))
                    if node is not None and (path or entry.name != _STAGING):
                        found.append(node)
        return sorted(found, key=lambda node: node.name)

    def read(self, path: EfsPath, offset: int = 0, size: int | None = None) -> bytes:
        """See ``Storage``."""
        with self._file(path, os.O_RDONLY) as descriptor:
            left = max(0, os.fstat(descriptor).st_size - offset)
            left = left if size is None else min(left, size)
            pieces: list[bytes] = []
            while left and (piece := os.pread(descriptor, left, offset)):
                pieces.append(piece)
                offset += len(piece)
                left -= len(piece)
            return b"".join(pieces)

    def create(self, path: EfsPath) -> None:
        """See ``Storage``."""
        with self._file(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as descriptor:
            os.fsync(descriptor)

    def write(self, path: EfsPath, offset: int, data: bytes) -> None:
        """See ``Storage``."""
        with self._file(path, os.O_WRONLY) as descriptor:
            view = memoryview(data)
            while view:
                done = os.pwrite(descriptor, view, offset)
                offset += done
                view = view[done:]

    def truncate(self, path: EfsPath, size: int) -> None:
        """See ``Storage``."""
        with self._file(path, os.O_WRONLY) as descriptor:
            os.ftruncate(descriptor, size)

    def sync(self, path: EfsPath) -> None:
        """See ``Storage``."""
        with self._file(path, os.O_WRONLY) as descriptor:
            os.fsync(descriptor)

    def stage(self, path: EfsPath) -> Staged:
        """See ``Storage``."""
        with self._opened(path[:-1]) as folder, contextlib.suppress(FileNotFoundError):
            found = os.stat(path[-1], dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode):
                raise FileExistsError(errno.EEXIST, f"{path[-1]} is no file")
        with self._opened(()) as root, contextlib.suppress(FileExistsError):
            os.mkdir(_STAGING, dir_fd=root)
        self._numbers += 1
        return _StagedFile(self, (_STAGING, str(self._numbers)), path)

    def remove(self, path: EfsPath) -> None:
        """See ``Storage``."""
        if not path:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        with self._opened(path[:-1]) as folder:
            found = os.stat(path[-1], dir_fd=folder, follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                os.rmdir(path[-1], dir_fd=folder)
            else:
                os.unlink(path[-1], dir_fd=folder)

    def move(self, path: EfsPath, place: EfsPath) -> None:
        """See ``Storage``."""
        with self._opened(path[:-1]) as source, self._opened(place[:-1]) as target:
            os.replace(path[-1], place[-1], src_dir_fd=source, dst_dir_fd=target)
            os.fsync(target)

    def make_folder(self, path: EfsPath) -> None:
        """See ``Storage``."""
        with self._opened(path[:-1]) as folder:
            try:
                os.mkdir(path[-1], dir_fd=folder)
            except FileExistsError:
                found = os.stat(path[-1], dir_fd=folder, follow_symlinks=False)
                if stat.S_ISLNK(found.st_mode):
                    raise OSError(errno.ELOOP, f"{path[-1]} is a symbolic link") from None
                if not stat.S_ISDIR(found.st_mode):
                    raise

    def rename(self, path: EfsPath, new_path: EfsPath) -> None:
        """Put the file at *path* in place of what is at *new_path*."""
        with self._opened(path[:-1]) as source, self._opened(new_path[:-1]) as target:
            os.replace(path[-1], new_path[-1], src_dir_fd=source, dst_dir_fd=target)

    def open_file(self, path: EfsPath, flags: int) -> int:
        """A descriptor of a regular file; the caller closes it."""
        with self._opened(path[:-1]) as folder:
            descriptor = os.open(path[-1], flags | _FILE_FLAGS, 0o644, dir_fd=folder)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, f"{path[-1]} is no file")
        return descriptor

    @contextlib.contextmanager
    def _file(self, path: EfsPath, flags: int) -> Iterator[int]:
        descriptor = self.open_file(path, flags)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _opened(self, path: EfsPath) -> Iterator[int]:
        """A descriptor of a folder, reached step by step."""
        folder = os.open(self._root, _FOLDER_FLAGS)
        try:
            for name in path:
                inner = os.open(name, _FOLDER_FLAGS, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)


class _StagedFile:
    """A file on its way, as a real file."""

    def __init__(self, storage: DirectoryStorage, staging: EfsPath, path: EfsPath) -> None:
        self._storage = storage
        self._staging = staging
        self._path = path
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        self._stream: IO[bytes] | None = os.fdopen(storage.open_file(staging, flags), "wb")

    def write(self, data: bytes) -> None:
        """See ``Staged``."""
        if self._stream is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        self._stream.write(data)

    def commit(self) -> None:
        """See ``Staged``."""
        if self._stream is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        stream, self._stream = self._stream, None
        try:
            with stream:
                stream.flush()
                os.fsync(stream.fileno())
            self._storage.rename(self._staging, self._path)
        except BaseException:
            self._remove()
            raise

    def discard(self) -> None:
        """See ``Staged``."""
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.close()
            self._stream = None
            self._remove()

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            self._storage.remove(self._staging)


def _node(name: str, found: os.stat_result) -> Node | None:
    if stat.S_ISDIR(found.st_mode):
        return Node(name, is_folder=True)
    return Node(name, found.st_size) if stat.S_ISREG(found.st_mode) else None
