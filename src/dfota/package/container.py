# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The outside of a package: a ZIP file in a profile so strict that it has one reading.

Nothing here knows what an entry holds. What the reader accepts is what the writer writes,
byte for byte: the reader rebuilds every record from the few facts that may vary (name,
size, CRC-32) and compares. So no two parsers can disagree about the content.

Rule 1. Entries are stored, lie behind each other from offset 0 on, in the order of the
central directory, which follows at once and is followed by its end record and nothing.
Rule 2. No extra fields, comments, data descriptors, encryption, ZIP64 or second disk.
Rule 3. Every count and length is compared with its limit and with the bytes that are there
before it is used.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from dfota.errors import ContainerError
from dfota.package.limits import Limits

MANIFEST_NAME = "manifest.cbor"
SIGNATURES_NAME = "signatures.cbor"
PAYLOAD_PREFIX = "payload/"

_FIXED_NAMES = (MANIFEST_NAME, SIGNATURES_NAME)
_PAYLOAD_NAME = re.compile(rb"payload/([a-z0-9_-]+)")

_LOCAL = struct.Struct("<IHHHHHIIIHH")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")

_VERSION_NEEDED = 10  # 1.0: stored files
_VERSION_MADE_BY = 0x030A  # Unix, 1.0
_MODE = 0o100644 << 16  # a regular file that its owner may write and everybody read
_TIME, _DATE = 0, 0x0021  # 1980-01-01 00:00:00, the first moment that ZIP can name

_LOCAL_FIELDS = (
    "signature", "version needed", "flags", "method", "time", "date",
    "CRC-32", "packed size", "size", "name length", "extra length",
)  # fmt: skip
_CENTRAL_FIELDS = (
    "signature", "version made by", "version needed", "flags", "method", "time", "date",
    "CRC-32", "packed size", "size", "name length", "extra length", "comment length",
    "disk", "internal attributes", "external attributes", "offset",
)  # fmt: skip
_END_FIELDS = (
    "signature", "disk", "directory's disk", "entries on disk", "entries",
    "directory size", "directory offset", "comment length",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in the container."""

    name: str
    data: memoryview = field(repr=False)


def write_container(entries: Sequence[tuple[str, bytes]]) -> bytes:
    """Put *entries* into a container; the same entries always give the same bytes."""
    pieces: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name, data in entries:
        encoded = name.encode("ascii")
        crc32 = zlib.crc32(data)
        local = _LOCAL.pack(*_local_values(len(encoded), len(data), crc32))
        central = _CENTRAL.pack(*_central_values(len(encoded), len(data), crc32, offset))
        pieces += [local, encoded, data]
        directory += [central, encoded]
        offset += len(local) + len(encoded) + len(data)
    size = sum(map(len, directory))
    end = _END.pack(*_end_values(len(entries), size, offset))
    return b"".join([*pieces, *directory, end])


def read_container(data: memoryview, limits: Limits) -> tuple[Entry, ...]:
    """Read all entries of a container; their data are views into *data*, nothing is copied.

    The first two are the manifest and the signatures, all others payloads.

    Raises:
        ContainerError: *data* is not a container in the strict profile, or over a limit.
    """
    _bound("package size", len(data), limits.package_size)
    if len(data) < _END.size:
        raise ContainerError("shorter than the smallest ZIP file" if data else "it is empty")
    end_at = len(data) - _END.size
    end = _END.unpack_from(data, end_at)
    if end[0] != _end_values(0, 0, 0)[0]:
        raise ContainerError("it does not end with a ZIP end record")
    count, directory_size, directory_at = end[4], end[5], end[6]
    _bound("entry count", count, limits.entry_count)
    _compare("end record", _END_FIELDS, end, _end_values(count, directory_size, directory_at))
    if directory_at + directory_size != end_at:
        raise ContainerError("the central directory does not lie right before its end record")

    records = _Records(data, directory_at, end_at, limits)
    entries = tuple(records.read(index) for index in range(count))
    records.check_end()
    if len({entry.name for entry in entries}) != count:
        raise ContainerError("an entry occurs twice")
    if count < len(_FIXED_NAMES):
        raise ContainerError(f"it has no {_FIXED_NAMES[count]}")
    return entries


class _Records:
    """Two positions in a container: the next central record, and the next local one."""

    def __init__(self, data: memoryview, directory_at: int, end_at: int, limits: Limits) -> None:
        self._data = data
        self._directory_at = directory_at
        self._end_at = end_at
        self._limits = limits
        self._central_at = directory_at
        self._local_at = 0

    def read(self, index: int) -> Entry:
        """Read entry *index*, both records and the content, and move behind them."""
        encoded, size, crc32 = self._read_central(index)
        name = _checked_name(index, encoded, self._limits)
        if self._directory_at - self._local_at < _LOCAL.size + len(encoded) + size:
            raise ContainerError(f"the entry {name} is cut short")
        local = _LOCAL.unpack_from(self._data, self._local_at)
        expected = _local_values(len(encoded), size, crc32)
        _compare(f"local record of {name}", _LOCAL_FIELDS, local, expected)
        name_at = self._local_at + _LOCAL.size
        content_at = name_at + len(encoded)
        if self._data[name_at:content_at] != encoded:
            raise ContainerError(f"the local record of {name} has another name")
        self._local_at = content_at + size
        content = self._data[content_at : self._local_at]
        if zlib.crc32(content) != crc32:
            raise ContainerError(f"the CRC-32 of {name} is wrong")
        return Entry(name, content)

    def check_end(self) -> None:
        """Check that both positions arrived where they must."""
        if self._central_at != self._end_at:
            raise ContainerError("the central directory holds more than its entries")
        if self._local_at != self._directory_at:
            raise ContainerError("bytes lie between the last entry and the central directory")

    def _read_central(self, index: int) -> tuple[bytes, int, int]:
        """Name, size and CRC-32 of the next central record, which must be entry *index*."""
        if self._end_at - self._central_at < _CENTRAL.size:
            raise ContainerError("the central directory is cut short")
        central = _CENTRAL.unpack_from(self._data, self._central_at)
        crc32, size, name_size = central[7], central[9], central[10]
        longest = max(len(SIGNATURES_NAME), len(PAYLOAD_PREFIX) + self._limits.name_size)
        _bound("entry name length", name_size, longest)
        expected = _central_values(name_size, size, crc32, self._local_at)
        _compare(f"central record {index}", _CENTRAL_FIELDS, central, expected)
        name_at = self._central_at + _CENTRAL.size
        if self._end_at - name_at < name_size:
            raise ContainerError("the central directory is cut short")
        self._central_at = name_at + name_size
        return bytes(self._data[name_at : self._central_at]), size, crc32


def _checked_name(index: int, encoded: bytes, limits: Limits) -> str:
    if index < len(_FIXED_NAMES):
        if encoded != _FIXED_NAMES[index].encode("ascii"):
            raise ContainerError(f"entry {index} is not {_FIXED_NAMES[index]}")
        return _FIXED_NAMES[index]
    match = _PAYLOAD_NAME.fullmatch(encoded)
    if match is None:
        raise ContainerError(f"entry {index} has the name {encoded!r}, not payload/PARTITION")
    _bound("partition name length", len(match[1]), limits.name_size)
    return encoded.decode("ascii")


def _local_values(name_size: int, size: int, crc32: int) -> tuple[int, ...]:
    return (0x04034B50, _VERSION_NEEDED, 0, 0, _TIME, _DATE, crc32, size, size, name_size, 0)


def _central_values(name_size: int, size: int, crc32: int, offset: int) -> tuple[int, ...]:
    made_by = (0x02014B50, _VERSION_MADE_BY)
    like_local = _local_values(name_size, size, crc32)[1:]
    return (*made_by, *like_local, 0, 0, 0, _MODE, offset)


def _end_values(count: int, directory_size: int, directory_at: int) -> tuple[int, ...]:
    return (0x06054B50, 0, 0, count, count, directory_size, directory_at, 0)


def _compare(
    what: str, fields: tuple[str, ...], actual: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    for name, found, wanted in zip(fields, actual, expected, strict=True):
        if found != wanted:
            raise ContainerError(f"the {what} has {name} {found:#x} instead of {wanted:#x}")


def _bound(what: str, value: int, limit: int) -> None:
    if value > limit:
        raise ContainerError(f"the {what} is {value}, more than {limit}")
