# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The header of a patch: sizes, digests, and what memory the decoder needs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from .refusal import Refused

MAGIC = b"\xdfOTA"
VERSION = 2
IMAGE_MAX = 1 << 30
SEGMENT_MAX = 4096
BLOCK_MAX = 1 << 24
EMBEDDED_BLOCK_MAX = 4096
MAX, BALANCED, EMBEDDED = 0, 1, 2
HAS_PLACE = 4
HAS_PARAMETERS = 8


@dataclass(slots=True)
class Header:
    """What the header says; ``size`` is its own."""

    profile: int = 0
    old_size: int = 0
    new_size: int = 0
    segment_count: int = 0
    block_count: int = 0
    sector_size: int = 0
    spare_size: int = 0
    correction_bits: int = 0
    slot_bits: int = 0
    index_bits: int = 0
    train: int = 0
    memory_bits: int = 0
    old_digest: bytes = b""
    new_digest: bytes = b""
    size: int = 0

    def set_defaults(self) -> None:
        """The parameters where the header does not tell them."""
        if self.profile == MAX:
            self.correction_bits = bits_for(self.old_size // 8, 8, 16)
            self.slot_bits = bits_for(self.old_size // 2 + self.new_size // 2, 12, 18)
            self.index_bits = bits_for(self.old_size, 10, 17)
            self.train = min(self.old_size, 1 << 20)
        elif self.profile == BALANCED:
            self.correction_bits, self.slot_bits, self.memory_bits = 13, 17, 12
        else:
            self.correction_bits, self.slot_bits, self.memory_bits = 7, 12, 6

    def has_bearable_parameters(self) -> bool:
        if self.profile == MAX:
            return (
                10 <= self.slot_bits <= 18
                and 10 <= self.index_bits <= 20
                and self.train <= self.old_size
            )
        return 8 <= self.slot_bits <= 22 and 2 <= self.memory_bits <= 16


def bits_for(count: int, fewest: int, most: int) -> int:
    """The fewest bits from *fewest* to *most* that can count to *count*; *most* if none can."""
    bits = fewest
    while bits < most and 1 << bits < count:
        bits += 1
    return bits


class _Reader:
    def __init__(self, patch: bytes) -> None:
        self.patch = patch
        self.at = 0

    def byte(self) -> int:
        if self.at == len(self.patch):
            raise Refused("TRUNCATED")
        self.at += 1
        return self.patch[self.at - 1]

    def bytes(self, count: int) -> bytes:
        return bytes(self.byte() for _ in range(count))

    def number(self, most: int) -> int:
        """Seven bits a byte, the least significant first, in the fewest bytes."""
        value = 0
        for shift in range(0, 35, 7):
            byte = self.byte()
            if shift == 28 and byte > 4:
                break
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if byte == 0 and shift > 0:
                    raise Refused("HEADER")
                if value > most:
                    break
                return value
        raise Refused("LIMIT")

    def bits(self, most: int) -> int:
        bits = self.byte()
        if bits > most:
            raise Refused("LIMIT")
        return bits


def parse_header(patch: bytes) -> Header:
    """Read and check the header.

    Raises:
        Refused: with the first reason in the order of reading.
    """
    if patch[:4] != MAGIC:
        raise Refused("FORMAT")
    reader = _Reader(patch)
    reader.at = len(MAGIC)
    header = Header()
    if reader.byte() != VERSION:
        raise Refused("VERSION")
    flags = reader.byte()
    header.profile = flags & 3
    if header.profile > EMBEDDED or flags > 15 or (header.profile == MAX and flags & HAS_PLACE):
        raise Refused("HEADER")
    header.old_size = reader.number(IMAGE_MAX)
    header.new_size = reader.number(IMAGE_MAX)
    header.segment_count = reader.number(min(SEGMENT_MAX, header.old_size))
    most = EMBEDDED_BLOCK_MAX if header.profile == EMBEDDED else BLOCK_MAX
    header.block_count = reader.number(min(most, header.new_size))
    if flags & HAS_PLACE:
        header.sector_size = reader.number(IMAGE_MAX)
        header.spare_size = reader.number(IMAGE_MAX)
    header.set_defaults()
    if flags & HAS_PARAMETERS:
        header.correction_bits = reader.bits(20)
        header.slot_bits = reader.bits(30)
        if header.profile == MAX:
            header.index_bits = reader.bits(30)
            header.train = reader.number(IMAGE_MAX)
        else:
            header.memory_bits = reader.bits(30)
    header.old_digest = reader.bytes(8)
    header.new_digest = reader.bytes(16)
    told = hashlib.sha256(patch[: reader.at]).digest()[:4]
    if reader.bytes(4) != told:
        raise Refused("HEADER")
    header.size = reader.at
    if not header.has_bearable_parameters():
        raise Refused("LIMIT")
    return header
