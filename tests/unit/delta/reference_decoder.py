# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Patch format 1 decoded slowly, after docs/spec/patch-format.md alone; it knows no C and no dfota.

It is the reading copy of the format and the oracle for the C applier. ``Refused.result``
names the same reasons as ``dfota_result`` in the C header.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

MAGIC = b"\xdfOTA"
IMAGE_SIZE_MAX = 1 << 30
RUN_LIMIT = 32
EXPLICIT, FILL, KIND_COUNT = 4, 5, 6


class Refused(Exception):  # noqa: N818 - not an error of dfota: the answer of an oracle
    """The patch is refused; *result* says why."""

    def __init__(self, result: str) -> None:
        super().__init__(result)
        self.result = result


class Bit:
    """An adaptive bit: a 12-bit probability of zero and how often it was seen, up to 15."""

    def __init__(self) -> None:
        self.zero = 2048
        self.seen = 0

    def learn(self, value: int) -> None:
        rate = int(65536 / (self.seen + 2) + 0.5)
        if value:
            self.zero -= (self.zero * rate) >> 16
        else:
            self.zero += ((4096 - self.zero) * rate) >> 16
        self.seen = min(self.seen + 1, 15)


class Bits(dict):
    """As many adaptive bits as anybody asks for, by any key."""

    def __missing__(self, key: object) -> Bit:
        self[key] = Bit()
        return self[key]


class RangeDecoder:
    """Bits out of bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.used = 0
        self.range = 0xFFFFFFFF
        self.code = 0
        for _ in range(4):
            self.code = self.code << 8 | self.byte()
        self.check()

    def check(self) -> None:
        if self.code >= self.range:
            raise Refused("CODE")

    def byte(self) -> int:
        if self.used == len(self.data):
            raise Refused("TRUNCATED")
        self.used += 1
        return self.data[self.used - 1]

    def narrow(self, bound: int) -> int:
        value = int(self.code >= bound)
        if value:
            self.code -= bound
            self.range -= bound
        else:
            self.range = bound
        self.check()
        while self.range < 1 << 24:
            self.range <<= 8
            self.code = self.code << 8 | self.byte()
        return value

    def bit(self, bit: Bit) -> int:
        value = self.narrow((self.range >> 12) * bit.zero)
        bit.learn(value)
        return value

    def even_bit(self) -> int:
        # An odd range loses its last unit: both halves are equally wide.
        self.range &= ~1
        return self.narrow(self.range >> 1)

    def tree(self, bits: Bits, key: object, depth: int) -> int:
        node = 1
        for _ in range(depth):
            node = node << 1 | self.bit(bits[key, node])
        return node - (1 << depth)

    def number(self, bits: Bits, key: object) -> int:
        length = self.tree(bits, (key, "length"), 5)
        if length > 30:
            raise Refused("CODE")
        value = node = 1
        for index in range(length):
            if index < 3:
                bit = self.bit(bits[key, "lead", length, node])
                node = node << 1 | bit
            else:
                bit = self.even_bit()
            value = value << 1 | bit
        return value - 1


@dataclass(frozen=True)
class Header:
    old_size: int
    new_size: int
    old_digest: bytes
    new_digest: bytes
    body: bytes


def parse_header(patch: bytes) -> Header:
    if not patch.startswith(MAGIC):
        raise Refused("FORMAT")
    if len(patch) > 4 and patch[4] != 1:
        raise Refused("VERSION")
    position = 5
    sizes = []
    refused = ""
    for _ in range(2):
        size = 0
        for index in range(5):
            if position >= len(patch):
                raise Refused(refused or "TRUNCATED")
            byte = patch[position]
            position += 1
            if index == 4 and byte > 4:
                refused = refused or "LIMIT"
                break
            size |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                if byte == 0 and index > 0:
                    refused = refused or "HEADER"
                break
        if size > IMAGE_SIZE_MAX:
            refused = refused or "LIMIT"
        sizes.append(size)
    if refused:
        raise Refused(refused)
    digests = patch[position : position + 64]
    check = patch[position + 64 : position + 68]
    if len(check) < 4:
        raise Refused("TRUNCATED")
    if hashlib.sha256(patch[: position + 64]).digest()[:4] != check:
        raise Refused("HEADER")
    return Header(sizes[0], sizes[1], digests[:32], digests[32:], patch[position + 68 :])


class Decoder:
    """One body, with the old image, into the new one."""

    def __init__(self, header: Header, old: bytes) -> None:
        self.header = header
        self.old = old
        self.new = bytearray()
        self.bits = Bits()
        self.coder = RangeDecoder(header.body)
        self.recent = [0, 0, 0, 0]
        self.residuals = [0, 0, 0]

    def image(self) -> bytes:
        while len(self.new) < self.header.new_size:
            literals = self.literals()
            if len(self.new) < self.header.new_size:
                self.copy_or_fill(literals)
        if self.coder.code != 0:
            raise Refused("CODE")
        if self.coder.used != len(self.coder.data):
            raise Refused("TRAILING")
        if hashlib.sha256(self.new).digest() != self.header.new_digest:
            raise Refused("DIGEST")
        return bytes(self.new)

    def left(self) -> int:
        return self.header.new_size - len(self.new)

    def literals(self) -> int:
        length = self.coder.number(self.bits, "literal length")
        if length > self.left():
            raise Refused("RANGE")
        before = 0
        for _ in range(length):
            high = self.coder.tree(self.bits, ("high", before), 4)
            low = self.coder.tree(self.bits, ("low", before >> 4, high), 4)
            before = high << 4 | low
            self.new.append(before)
        return length

    def copy_or_fill(self, literals: int) -> None:
        context = 0 if literals == 0 else 1 if literals <= 8 else 2
        kind = self.coder.tree(self.bits, ("kind", context), 3)
        if kind >= KIND_COUNT:
            raise Refused("CODE")
        displacement = 0
        if kind == EXPLICIT:
            backward = self.coder.bit(self.bits["backward"])
            shift = self.coder.number(self.bits, "shift") + 1
            displacement = self.recent[0] - shift if backward else self.recent[0] + shift
        elif kind < EXPLICIT:
            displacement = self.recent[kind]
        length = self.coder.number(self.bits, "copy length") + 1
        if length > self.left():
            raise Refused("RANGE")
        if kind == FILL:
            self.new += (self.new[-1:] or b"\xff") * length
            return
        offset = len(self.new) + displacement
        if offset < 0 or offset + length > self.header.old_size:
            raise Refused("RANGE")
        del self.recent[min(kind, 3)]
        self.recent.insert(0, displacement)
        self.copy(offset, length)

    def copy(self, offset: int, length: int) -> None:
        missed: list[int] = [0] * 8  # whether each of the last eight bytes differed, newest last
        run = 0
        repeated = 0
        end = len(self.new) + length
        sure_hits = 0
        sure_miss = False
        while len(self.new) < end:
            position = len(self.new)
            was = self.old[offset + position - (end - length)]
            if sure_hits:
                sure_hits -= 1
                self.new.append(was)
                continue
            if not sure_miss and run == RUN_LIMIT:
                if self.coder.bit(self.bits["run to end"]):
                    sure_hits = end - position
                else:
                    sure_hits = self.coder.number(self.bits, "run length")
                    sure_miss = True
                    if sure_hits >= end - position:
                        raise Refused("RANGE")
                continue
            if run < 8:
                context = sum(flag << age for age, flag in enumerate(reversed(missed)))
            else:
                context = 256 + (run - 8) // 4
            if not sure_miss and not self.coder.bit(self.bits["miss", position % 4, context]):
                missed = [*missed[1:], 0]
                run += 1
                self.new.append(was)
                continue
            burst = 0 if not missed[-1] else 1 if not missed[-2] else 2
            if sure_miss:
                burst = 0
            repeated, residual = self.residual(burst, repeated)
            sure_miss = False
            missed = [*missed[1:], 1]
            run = 0
            self.new.append((was + residual) % 256)

    def residual(self, burst: int, repeated: int) -> tuple[int, int]:
        again = self.coder.bit(self.bits["again", burst, repeated])
        if not again:
            self.residuals[burst] = self.coder.tree(self.bits, ("residual", burst), 8)
        if self.residuals[burst] == 0:
            raise Refused("CODE")
        return again, self.residuals[burst]


def decode(old: bytes, patch: bytes) -> bytes:
    """The new image, or ``Refused``."""
    header = parse_header(patch)
    return Decoder(header, old).image()
