# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Where the module's files lie: what a storage can do, and one in memory; no rule of names.

A *path* is a tuple of names, ``("datatx", "a.pem")``; the empty tuple is the root. Whoever
makes one has checked each name. Failures are ``OSError`` with the number of errno.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

EfsPath = tuple[str, ...]
"""Names from the root down."""


@dataclass(frozen=True, slots=True)
class Node:
    """A file or a folder."""

    name: str
    size: int = 0
    is_folder: bool = False


class Staged(Protocol):
    """A whole file on its way: nobody sees it before ``commit``."""

    def write(self, data: bytes) -> None:
        """Append *data*."""

    def commit(self) -> None:
        """Put it in place of what stands there; after a failure nothing is left of it."""

    def discard(self) -> None:
        """Leave nothing; harmless after ``commit``."""


class Storage(Protocol):
    """A tree of files, with a promise about power.

    After a cut at any moment:

    * a staged file is there whole, or not at all;
    * what ``write`` changed in place is there up to some byte, in the order of the calls;
    * everything is there that a returned ``sync`` has covered.
    """

    def find(self, path: EfsPath) -> Node | None:
        """What is at *path*; ``None`` for nothing, and for anything but files and folders."""

    def children(self, path: EfsPath) -> list[Node]:
        """What is in a folder, by name."""

    def read(self, path: EfsPath, offset: int = 0, size: int | None = None) -> bytes:
        """A part of a file; shorter where the file ends."""

    def create(self, path: EfsPath) -> None:
        """Make an empty file where nothing is."""

    def write(self, path: EfsPath, offset: int, data: bytes) -> None:
        """Change a file in place; *offset* is at most its size."""

    def truncate(self, path: EfsPath, size: int) -> None:
        """Cut a file."""

    def sync(self, path: EfsPath) -> None:
        """Make sure that the file's content stays."""

    def stage(self, path: EfsPath) -> Staged:
        """Begin a whole file that will be at *path*."""

    def remove(self, path: EfsPath) -> None:
        """Remove a file or an empty folder."""

    def move(self, path: EfsPath, place: EfsPath) -> None:
        """Put a file in place of what stands at *place*, at one instant."""

    def make_folder(self, path: EfsPath) -> None:
        """Make a folder; harmless when it is there."""


def walk(storage: Storage, path: EfsPath = ()) -> Iterator[tuple[EfsPath, Node]]:
    """Everything below *path*, folders before what is in them."""
    for node in storage.children(path):
        inner = (*path, node.name)
        yield inner, node
        if node.is_folder:
            yield from walk(storage, inner)


class MemoryStorage:
    """Files in memory, for modules that live as long as their process.

    An empty one is a few hundred bytes, so that thousands fit into a process.
    """

    __slots__ = ("_tree",)

    def __init__(self) -> None:
        self._tree: dict[EfsPath, bytearray | None] = {}  # None: a folder

    def find(self, path: EfsPath) -> Node | None:
        """See ``Storage``."""
        if not path:
            return Node("", is_folder=True)
        if path not in self._tree:
            return None
        return self._node(path)

    def children(self, path: EfsPath) -> list[Node]:
        """See ``Storage``."""
        self._folder(path)
        depth = len(path)
        inside = (key for key in self._tree if len(key) == depth + 1 and key[:depth] == path)
        return [self._node(key) for key in sorted(inside)]

    def read(self, path: EfsPath, offset: int = 0, size: int | None = None) -> bytes:
        """See ``Storage``."""
        end = None if size is None else offset + size
        return bytes(memoryview(self._file(path))[offset:end])

    def create(self, path: EfsPath) -> None:
        """See ``Storage``."""
        self._folder(path[:-1])
        if path in self._tree:
            raise _failure(errno.EEXIST)
        self._tree[path] = bytearray()

    def write(self, path: EfsPath, offset: int, data: bytes) -> None:
        """See ``Storage``."""
        self._file(path)[offset : offset + len(data)] = data

    def truncate(self, path: EfsPath, size: int) -> None:
        """See ``Storage``."""
        del self._file(path)[size:]

    def sync(self, path: EfsPath) -> None:
        """See ``Storage``; it is as safe as it will ever be."""
        self._file(path)

    def stage(self, path: EfsPath) -> Staged:
        """See ``Storage``."""
        self._folder(path[:-1])
        return _StagedInMemory(self._tree, path)

    def remove(self, path: EfsPath) -> None:
        """See ``Storage``."""
        if not path or path not in self._tree:
            raise _failure(errno.ENOENT if path else errno.EBUSY)
        if self._tree[path] is None and self.children(path):
            raise _failure(errno.ENOTEMPTY)
        del self._tree[path]

    def move(self, path: EfsPath, place: EfsPath) -> None:
        """See ``Storage``."""
        self._folder(place[:-1])
        if self._tree.get(place, b"") is None:
            raise _failure(errno.EISDIR)
        self._tree[place] = self._file(path)
        if path != place:
            del self._tree[path]

    def make_folder(self, path: EfsPath) -> None:
        """See ``Storage``."""
        self._folder(path[:-1])
        if self._tree.setdefault(path, None) is not None:
            raise _failure(errno.EEXIST)

    def _node(self, path: EfsPath) -> Node:
        content = self._tree[path]
        if content is None:
            return Node(path[-1], is_folder=True)
        return Node(path[-1], len(content))

    def _folder(self, path: EfsPath) -> None:
        if path and (path not in self._tree or self._tree[path] is not None):
            raise _failure(errno.ENOTDIR if path in self._tree else errno.ENOENT)

    def _file(self, path: EfsPath) -> bytearray:
        content = self._tree.get(path)
        if content is None:
            raise _failure(errno.EISDIR if path in self._tree else errno.ENOENT)
        return content


class _StagedInMemory:
    __slots__ = ("_content", "_path", "_tree")

    def __init__(self, tree: dict[EfsPath, bytearray | None], path: EfsPath) -> None:
        self._tree = tree
        self._path = path
        self._content = bytearray()

    def write(self, data: bytes) -> None:
        """See ``Staged``."""
        self._content += data

    def commit(self) -> None:
        """See ``Staged``."""
        if self._path[:-1] and self._tree.get(self._path[:-1], b"") is not None:
            raise _failure(errno.ENOENT)  # the folder was taken away meanwhile
        if self._path in self._tree and self._tree[self._path] is None:
            raise _failure(errno.EISDIR)
        self._tree[self._path] = self._content

    def discard(self) -> None:
        """See ``Staged``; what was committed is the tree's."""
        self._content = bytearray()


def _failure(number: int) -> OSError:
    return OSError(number, os.strerror(number))
