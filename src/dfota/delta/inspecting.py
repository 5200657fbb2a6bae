# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Look into a patch, with or without its old image; it shows facts and judges nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dfota._native import Applier, Header, NativeError
from dfota.delta.applying import PIECE_SIZE, refuse_other_old
from dfota.delta.failures import error_for

ISA_NAMES = (
    "data",
    "thumb",
    "arm",
    "aarch64",
    "riscv",
    "xtensa",
    "hexagon",
    "x86",
    "tc32",
    "arc",
    "nds32",
    "videocore",
    "xtensa-litbase",
)
"""Names of ``dfota_isa`` in ``dfota_isa.h``."""


@dataclass(frozen=True, slots=True)
class PatchSegment:
    """A stretch of old with one load address.

    Attributes:
        begin: offset in old where it begins.
        end: offset in old behind it.
        isa: its instruction set, ``data`` if none.
        old_address: where it is loaded in old.
        moves_by: by how much its new load address is higher, modulo 2^32.
        space: segments of one space see each other's addresses.
        words: ``pointers`` or ``relative`` if aligned words are references, else empty.
    """

    begin: int
    end: int
    isa: str
    old_address: int
    moves_by: int
    space: int
    words: str


@dataclass(frozen=True, slots=True)
class PatchBlock:
    """*length* bytes of new at *new_offset* that resemble old at *old_offset*.

    *is_plain*: references in it are not predicted.
    """

    new_offset: int
    old_offset: int
    length: int
    is_plain: bool


@dataclass(frozen=True, slots=True)
class PatchInfo:
    """What a patch says of itself.

    Attributes:
        format_version: version of the patch format.
        profile: ``max``, ``balanced`` or ``embedded``.
        patch_size: bytes of the patch.
        header_size: bytes of its header.
        map_size: bytes of segments and copy map.
        memory_size: bytes that applying it needs, beside about 1.5 KiB of state.
        old_size: bytes of the old image.
        new_size: bytes of the new image.
        old_digest: the first 8 bytes of the SHA-256 of the old image.
        new_digest: the first 16 bytes of the SHA-256 of the new image.
        sector_size: for updates in place, else 0.
        spare_size: for updates in place, else 0.
        copied: bytes of new that are as they were in old; without the old image, all bytes
            that are taken from old in whatever way.
        predicted: bytes of references that were moved to where their targets went; ``None``
            without the old image.
        corrected: bytes of new that were in old, and got corrected; ``None`` likewise.
        literal: bytes of new that resemble nothing in old.
        segments: the stretches of old with a load address, in order.
        blocks: the copy map, in order of new.
    """

    format_version: int
    profile: str
    patch_size: int
    header_size: int
    map_size: int
    memory_size: int
    old_size: int
    new_size: int
    old_digest: bytes
    new_digest: bytes
    sector_size: int
    spare_size: int
    copied: int
    predicted: int | None
    corrected: int | None
    literal: int
    segments: tuple[PatchSegment, ...]
    blocks: tuple[PatchBlock, ...]

    @property
    def copies(self) -> int:
        """Stretches taken from old."""
        return len(self.blocks)

    @property
    def ratio(self) -> float:
        """Bytes of patch for each byte of new; 0 for an empty image."""
        return self.patch_size / self.new_size if self.new_size else 0.0

    @property
    def is_identical(self) -> bool:
        """Whether old and new are the same image."""
        return self.old_size == self.new_size and self.new_digest.startswith(self.old_digest)

    def to_json(self) -> dict[str, Any]:
        """The facts as plain values; digests in hexadecimal."""
        return {
            "format_version": self.format_version,
            "profile": self.profile,
            "patch_size": self.patch_size,
            "header_size": self.header_size,
            "map_size": self.map_size,
            "memory_size": self.memory_size,
            "old_size": self.old_size,
            "new_size": self.new_size,
            "old_digest": self.old_digest.hex(),
            "new_digest": self.new_digest.hex(),
            "sector_size": self.sector_size,
            "spare_size": self.spare_size,
            "copied": self.copied,
            "predicted": self.predicted,
            "corrected": self.corrected,
            "literal": self.literal,
            "copies": self.copies,
            "ratio": round(self.ratio, 6),
            "segments": [
                {
                    "begin": segment.begin,
                    "end": segment.end,
                    "isa": segment.isa,
                    "old_address": segment.old_address,
                    "moves_by": segment.moves_by,
                    "space": segment.space,
                    "words": segment.words,
                }
                for segment in self.segments
            ],
        }


def inspect(patch: bytes, old: bytes | None = None) -> PatchInfo:
    """Read what *patch* says of itself.

    Without *old*, only its header and map are read, and only these are checked. With it, the
    whole patch is applied, and it is known how many bytes were predicted.

    Raises:
        PatchFormatError: *patch* is not a dfota patch.
        PatchVersionError: it has another format version.
        PatchCorruptError: it is damaged, truncated or hostile.
        OldImageMismatchError: *old* is another image.
    """
    patch = bytes(patch)
    try:
        applier = Applier.in_memory(patch, b"")
        header = applier.header
        segments, blocks = applier.map()
        mapped = applier.consumed
        copied = sum(block.length for block in blocks)
        literal = header.new_size - copied
        predicted = corrected = None
        if old is not None:
            refuse_other_old(header, old)
            whole = Applier.in_memory(patch, old)
            while whole.read(PIECE_SIZE):
                pass
            counts = whole.counts
            copied, literal = counts.copied, counts.literal
            predicted, corrected = counts.predicted, counts.corrected
    except NativeError as failure:
        raise error_for(failure) from None
    return PatchInfo(
        format_version=header.version,
        profile=header.profile.name.lower(),
        patch_size=len(patch),
        header_size=header.size,
        map_size=_map_size(header, mapped),
        memory_size=header.memory_size,
        old_size=header.old_size,
        new_size=header.new_size,
        old_digest=header.old_digest,
        new_digest=header.new_digest,
        sector_size=header.sector_size,
        spare_size=header.spare_size,
        copied=copied,
        predicted=predicted,
        corrected=corrected,
        literal=literal,
        segments=tuple(
            PatchSegment(
                segment.begin,
                segment.end,
                ISA_NAMES[segment.isa],
                (segment.begin + segment.old_base) % (1 << 32),
                (segment.new_base - segment.old_base) % (1 << 32),
                segment.space,
                ("", "pointers", "relative")[segment.flags],
            )
            for segment in segments
        ),
        blocks=tuple(
            PatchBlock(block.at, block.source, block.length, block.plain)
            for block in sorted(blocks, key=lambda block: block.at)
        ),
    )


def _map_size(header: Header, consumed: int) -> int:
    """The decoder holds four bytes that it has not used up."""
    return max(consumed - header.size - 4, 0)
