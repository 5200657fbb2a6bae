# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""All that a module keeps without power, as one value that can be stored; no RAM, no clock.

As text it is JSON lines: a head, then flash, settings and files, each compressed. What is
read back is untrusted: sizes are bounded before anything is unpacked, names checked again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dfota.errors import MisuseError
from dfota.flash import SimulatedFlash
from dfota.modem.filesystem import FileSystem
from dfota.modem.nv import Nv, nv_of
from dfota.modem.profiles import Profile
from dfota.modem.state import ModuleState
from dfota.modem.storage import EfsPath, MemoryStorage, Node

SNAPSHOT_FORMAT = 1
"""Rises when an older dfota would misread it."""

FLASH_MAX_BYTES = 256 * 1024 * 1024
FILE_MAX_BYTES = 16 * 1024 * 1024
FILES_MAX = 10_000
FILES_MAX_BYTES = 256 * 1024 * 1024
"""All files together, unpacked; more than any module has room for."""

TEXT_MAX_BYTES = 256 * 1024 * 1024
"""A whole snapshot as text."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a module kept at one instant.

    Attributes:
        flash: everything in the chip.
        nv: the non-volatile settings.
        files: path → content, with the folders above each.
        folders: paths of folders, each behind the one that it is in.
    """

    flash: bytes
    nv: Mapping[str, Any]
    files: Mapping[str, bytes]
    folders: tuple[str, ...] = ()

    @classmethod
    def of(cls, state: ModuleState) -> Snapshot:
        """Take one; it does not matter whether the module has power."""
        folders, files = [], {}
        for path, node in _walk(state.files):
            if node.is_folder:
                folders.append("/".join(path))
            else:
                files["/".join(path)] = state.files.read_part(path)
        return cls(state.flash.image(), asdict(state.nv), files, tuple(sorted(folders)))

    @property
    def digest(self) -> str:
        """SHA-256 over all of it."""
        total = hashlib.sha256()
        for line in self.lines():
            total.update(json.dumps(line, sort_keys=True).encode() + b"\n")
        return total.hexdigest()

    def check(self, state: ModuleState, profile: Profile) -> None:
        """Refuse what ``put_back`` could not put into *state*; nothing is changed.

        Raises:
            GeometryError: the flash is another one.
            MisuseError: the settings are not those of a module.
            FileSystemError: the files do not fit, or cannot have such names.
        """
        self._nv()
        state.flash.check_image(self.flash)
        self._put_files(FileSystem.of(profile, MemoryStorage()))

    def put_back(self, state: ModuleState) -> None:
        """Let *state* be this; its module must be without power.

        A power cut of this computer in the middle leaves a mixture.

        Raises:
            GeometryError: the flash is another one.
            MisuseError: the settings are not those of a module.
            FileSystemError: the files do not fit.
        """
        nv = self._nv()
        state.flash.restore(self.flash)
        state.nv = nv
        state.save_nv()
        nodes = list(_walk(state.files))
        for path, node in reversed(nodes):
            if not node.is_folder or "/".join(path) not in self.folders:
                state.files.remove(path)
        self._put_files(state.files)

    def state(self, profile: Profile) -> MemoryCopy:
        """A state in memory that is this.

        Raises:
            GeometryError: the flash is none.
            MisuseError: the settings are not those of a module.
            FileSystemError: the files do not fit.
        """
        files = FileSystem.of(profile, MemoryStorage())
        self._put_files(files)
        memory = bytearray(self.flash)
        flash = SimulatedFlash(memory, SimulatedFlash.geometry_of(memory))
        return MemoryCopy(flash, files, self._nv())

    # -- as text -----------------------------------------------------------------------

    def lines(self) -> Iterator[dict[str, Any]]:
        """As objects, one for each line."""
        yield {
            "snapshot": SNAPSHOT_FORMAT,
            "flash_size": len(self.flash),
            "files": len(self.files),
            "folders": list(self.folders),
            "nv": dict(self.nv),
        }
        yield {"flash": _packed(self.flash)}
        for name in sorted(self.files):
            content = self.files[name]
            yield {"file": name, "size": len(content), "content": _packed(content)}

    def encode(self) -> bytes:
        """As text."""
        return b"".join(json.dumps(line).encode() + b"\n" for line in self.lines())

    @classmethod
    def decode(cls, text: bytes) -> Snapshot:
        """Read what ``encode`` wrote.

        Raises:
            MisuseError: it is something else.
        """
        if len(text) > TEXT_MAX_BYTES:
            raise MisuseError(f"a snapshot has at most {TEXT_MAX_BYTES} bytes")
        try:
            return cls.of_lines(json.loads(line) for line in text.splitlines())
        except (ValueError, RecursionError) as error:
            raise MisuseError(f"that is no snapshot: {error}") from error

    @classmethod
    def of_lines(cls, lines: Iterable[Any]) -> Snapshot:
        """Take the objects of ``lines``, and no more of them.

        Raises:
            MisuseError: they are something else.
        """
        source = iter(lines)
        try:
            head = next(source)
            if head["snapshot"] != SNAPSHOT_FORMAT:
                raise MisuseError("the snapshot was written by another version of dfota")
            flash = _unpacked(next(source)["flash"], head["flash_size"], FLASH_MAX_BYTES)
            count = head["files"]
            if type(count) is not int or not 0 <= count <= FILES_MAX:
                raise MisuseError(f"a snapshot has 0 to {FILES_MAX} files")
            folders = tuple(str(name) for name in head["folders"])
            files: dict[str, bytes] = {}
            left = FILES_MAX_BYTES
            for _ in range(count):
                entry = next(source)
                content = _unpacked(entry["content"], entry["size"], min(FILE_MAX_BYTES, left))
                left -= len(content)
                files[str(entry["file"])] = content
            return cls(flash, dict(head["nv"]), files, folders[:FILES_MAX])
        except StopIteration:
            raise MisuseError("the snapshot ends too early") from None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MisuseError(f"that is no snapshot: {error!r}") from error

    # -- inside ------------------------------------------------------------------------

    def _nv(self) -> Nv:
        try:
            return nv_of(self.nv)
        except (KeyError, TypeError, MisuseError) as error:
            raise MisuseError(f"the settings in the snapshot are none: {error}") from error

    def _put_files(self, files: FileSystem) -> None:
        for name in self.folders:
            path = files.locate(f"EUFS:/{name}", is_trusted=True)
            if files.node(path) is None:
                files.make_folder(path)
        for name, content in self.files.items():
            file = files.begin(f"EUFS:/{name}", replaces=True, is_trusted=True)
            try:
                file.write(content)
                file.end()
            finally:
                file.discard()


@dataclass(slots=True)
class MemoryCopy:
    """A state of its own in memory, made from a snapshot."""

    flash: SimulatedFlash
    files: FileSystem
    nv: Nv

    def save_nv(self) -> None:
        """Keep a change of ``nv``: it is kept already."""


def _walk(files: FileSystem, folder: EfsPath = ()) -> Iterator[tuple[EfsPath, Node]]:
    """Everything below *folder*, folders before what is in them."""
    for node in files.nodes(folder):
        path = (*folder, node.name)
        yield path, node
        if node.is_folder:
            yield from _walk(files, path)


def _packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 1)).decode()


def _unpacked(text: object, size: object, max_bytes: int) -> bytes:
    """Undo ``_packed``; never more than *size*, which is at most *max_bytes*."""
    if type(size) is not int or not 0 <= size <= max_bytes or not isinstance(text, str):
        raise MisuseError(f"a part of the snapshot has no size from 0 to {max_bytes}")
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(base64.b64decode(text, validate=True), size + 1)
    except (zlib.error, binascii.Error, ValueError) as error:
        raise MisuseError(f"a part of the snapshot cannot be unpacked: {error}") from error
    if len(data) != size or not unpacker.eof:
        raise MisuseError("a part of the snapshot has another size than it says")
    return data
