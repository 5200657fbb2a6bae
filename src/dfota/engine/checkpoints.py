# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of UPDATING: from where a cut update can go on; it does not know how.

Two halves take turns. A half has the payload (the state of the patch) from its start, and in
its last page the header, programmed last, which vouches for it. Byte-exact, little-endian
(docs/spec/flash-layout.md)::

    magic 8s "DFOTACP1" | sequence u32 | update_id u32 | image u16 | stage u8 | zero u8
    | position u32 | payload size u32 | package 16s | release 16s | written 16s | payload 16s
    | zeros … | crc32 u32 over all the page before it

The four digests are the first bytes of SHA-256: of the package, of the old release (its release
digest), of what was written of this image, of the payload. Rules:

1. The half of the newest whole checkpoint is never touched.
2. Payload first, header last; a header whose CRC or payload is wrong counts as absent.
3. A checkpoint is believed only with what it says was written: whoever goes on hashes it.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass, replace
from enum import IntEnum

from dfota.engine.layout import Area
from dfota.engine.writing import ATTEMPTS, SectorWriter
from dfota.errors import FlashError, FlashMisuseError
from dfota.flash import Flash

CHECKPOINT_MAGIC = b"DFOTACP1"
DIGEST_BYTES = 16
_HEADER = struct.Struct("<8sIIHBBII16s16s16s16s")
_CRC32 = struct.Struct("<I")


class Stage(IntEnum):
    """What was going on."""

    STAGING = 1
    """An image is built in the backup area."""
    MOVING = 2
    """Old is moved up in its slot; *position* sectors are, from the last one on."""
    WRITING = 3
    """New is written over old."""
    COPYING = 4
    """A whole image is written, old does not matter."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """*position* bytes (sectors in MOVING) of *image* are in flash."""

    stage: Stage
    image: int
    position: int
    package: bytes
    release: bytes
    update_id: int = 0
    written: bytes = bytes(DIGEST_BYTES)
    payload: bytes = b""
    sequence: int = 0


def short_digest(data: bytes | memoryview) -> bytes:
    """As much of SHA-256 as a header holds."""
    return hashlib.sha256(data).digest()[:DIGEST_BYTES]


class Checkpoints:
    """The checkpoints of one flash, as a start finds them.

    Attributes:
        newest: the last whole one; None if there is none.
    """

    def __init__(self, flash: Flash, area: Area) -> None:
        self._flash = flash
        self._half = area.size // 2
        self._offsets = (area.offset, area.offset + self._half)
        found = [(checkpoint, half) for half in (0, 1) if (checkpoint := self._read(half))]
        newest, self._home = max(found, key=lambda f: f[0].sequence, default=(None, 1))
        self.newest: Checkpoint | None = newest

    @property
    def room(self) -> int:
        """Bytes of the largest payload."""
        return self._half - self._flash.geometry.page_size

    def pages_of(self, payload_size: int) -> int:
        """Pages that a checkpoint with such a payload programs."""
        return self._flash.geometry.pages(payload_size) + 1

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint; a payload that is too large is left out.

        Power loss: until the header is whole, the one before counts.

        Raises:
            FlashError: the chip reports a failure; the one before counts.
        """
        geometry = self._flash.geometry
        if len(checkpoint.payload) > self.room:
            checkpoint = replace(checkpoint, payload=b"")
        sequence = self.newest.sequence + 1 if self.newest else 1
        checkpoint = replace(checkpoint, sequence=sequence)
        half = self._offsets[1 - self._home]
        last = half + self._half - geometry.sector_size
        header = _encode(checkpoint, geometry.page_size)
        payload = checkpoint.payload.ljust(
            geometry.pages(len(checkpoint.payload)) * geometry.page_size, b"\xff"
        )
        writer = SectorWriter(self._flash, half)
        for first in range(0, min(len(payload), last - half), geometry.sector_size):
            writer.write(payload[first : min(first + geometry.sector_size, last - half)])
        self._write_last(last, payload[last - half :], header)
        self._home = 1 - self._home
        self.newest = checkpoint

    def forget(self) -> None:
        """Erase both headers: what they lead to is of no use.

        Raises:
            FlashError: the chip reports a failure.
        """
        if self.newest is None:
            return
        # The newest last: after a cut an older one must not count.
        for half in (1 - self._home, self._home):
            end = self._offsets[half] + self._half
            self._flash.erase(end - self._flash.geometry.sector_size)
        self.newest = None

    def _write_last(self, sector: int, tail: bytes, header: bytes) -> None:
        """The last sector of a half: the end of the payload at its start, the header at its end."""
        at = sector + self._flash.geometry.sector_size - len(header)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._flash.erase(sector)
                self._flash.prog_many(sector, tail)
                self._flash.prog(at, header)
                if self._flash.read(sector, len(tail)) + self._flash.read(at, len(header)) == (
                    tail + header
                ):
                    return
            except FlashMisuseError:
                raise
            except FlashError:
                if attempt == ATTEMPTS:
                    raise
        raise FlashError(f"the checkpoint at {at:#x} does not read back as it was written")

    def _read(self, half: int) -> Checkpoint | None:
        page_size = self._flash.geometry.page_size
        offset = self._offsets[half]
        if self._half < page_size:
            return None
        try:
            page = self._flash.read(offset + self._half - page_size, page_size)
            if not page.startswith(CHECKPOINT_MAGIC):
                return None
            found = _decode(page)
            if found is None or found[1] > self.room:
                return None
            checkpoint, size, digest = found
            payload = self._flash.read(offset, size)
        except FlashError:
            return None
        if short_digest(payload) != digest:
            return None
        return replace(checkpoint, payload=payload)


def _encode(checkpoint: Checkpoint, page_size: int) -> bytes:
    body = _HEADER.pack(
        CHECKPOINT_MAGIC,
        checkpoint.sequence,
        checkpoint.update_id,
        checkpoint.image,
        checkpoint.stage,
        0,
        checkpoint.position,
        len(checkpoint.payload),
        checkpoint.package,
        checkpoint.release,
        checkpoint.written,
        short_digest(checkpoint.payload),
    ).ljust(page_size - _CRC32.size, b"\0")
    return body + _CRC32.pack(zlib.crc32(body))


def _decode(page: bytes) -> tuple[Checkpoint, int, bytes] | None:
    """The checkpoint without its payload, and size and digest of that; None if torn."""
    body = page[: -_CRC32.size]
    if _CRC32.pack(zlib.crc32(body)) != page[-_CRC32.size :]:
        return None
    _, sequence, update_id, image, stage, zero, position, size, *digests = _HEADER.unpack_from(body)
    if stage not in tuple(Stage) or zero:
        return None
    package, release, written, payload = digests
    found = Checkpoint(
        Stage(stage), image, position, package, release, update_id, written, b"", sequence
    )
    return found, size, payload
