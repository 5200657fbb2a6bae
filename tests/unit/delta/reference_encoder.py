# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Writes patch format 1 value by value, also what no creator would; it finds nothing itself.

It makes the vectors, so that they come from another hand than the C creator. Run it to
write ``vectors/patch`` anew: ``python tests/unit/delta/reference_encoder.py``.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from reference_decoder import EXPLICIT, FILL, MAGIC, RUN_LIMIT, Bit, Bits, decode

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "patch"


class RangeEncoder:
    """Bytes out of bits: one exact big number, so that carries need no thought."""

    def __init__(self) -> None:
        self.low = 0
        self.range = 0xFFFFFFFF
        self.shifts = 0

    def narrow(self, bound: int, value: int) -> None:
        if value:
            self.low += bound
            self.range -= bound
        else:
            self.range = bound
        while self.range < 1 << 24:
            self.range <<= 8
            self.low <<= 8
            self.shifts += 1

    def end(self) -> bytes:
        return self.low.to_bytes(4 + self.shifts, "big")


class Body:
    """A coded stream in the making."""

    def __init__(self) -> None:
        self.coder = RangeEncoder()
        self.bits = Bits()
        self.residuals = [0, 0, 0]

    def bit(self, key: object, value: int) -> Body:
        bit: Bit = self.bits[key]
        self.coder.narrow((self.coder.range >> 12) * bit.zero, value)
        bit.learn(value)
        return self

    def tree(self, key: object, depth: int, value: int) -> Body:
        node = 1
        for shift in reversed(range(depth)):
            bit = value >> shift & 1
            self.bit((key, node), bit)
            node = node << 1 | bit
        return self

    def number(self, key: object, number: int) -> Body:
        value = number + 1
        length = value.bit_length() - 1
        self.tree((key, "length"), 5, length)
        node = 1
        for index in range(length):
            bit = value >> (length - 1 - index) & 1
            if index < 3:
                self.bit((key, "lead", length, node), bit)
                node = node << 1 | bit
            else:
                self.coder.range &= ~1
                self.coder.narrow(self.coder.range >> 1, bit)
        return self

    def literals(self, data: bytes) -> Body:
        self.number("literal length", len(data))
        before = 0
        for byte in data:
            self.tree(("high", before), 4, byte >> 4)
            self.tree(("low", before >> 4, byte >> 4), 4, byte & 15)
            before = byte
        return self

    def kind(self, literals: int, kind: int) -> Body:
        return self.tree(("kind", 0 if literals == 0 else 1 if literals <= 8 else 2), 3, kind)

    def shift(self, shift: int) -> Body:
        self.bit("backward", int(shift < 0))
        return self.number("shift", abs(shift) - 1)

    def length(self, length: int) -> Body:
        return self.number("copy length", length - 1)

    def differences(self, position: int, old: bytes, new: bytes) -> Body:
        """The difference between *old* and *new*, equally long; *new* begins at *position*."""
        missed = [0] * 8
        run = repeated = at = 0
        while at < len(new):
            residual = (new[at] - old[at]) % 256
            burst = 0 if not missed[-1] else 1 if not missed[-2] else 2
            if run == RUN_LIMIT:
                hits = next((i for i in range(at, len(new)) if new[i] != old[i]), len(new)) - at
                self.bit("run to end", int(at + hits == len(new)))
                at += hits
                if at == len(new):
                    break
                self.number("run length", hits)
                residual = (new[at] - old[at]) % 256
            else:
                context = (
                    sum(flag << age for age, flag in enumerate(reversed(missed)))
                    if run < 8
                    else 256 + (run - 8) // 4
                )
                self.bit(("miss", (position + at) % 4, context), int(residual != 0))
            missed = [*missed[1:], int(residual != 0)]
            run = 0 if residual else run + 1
            if residual:
                repeated = self.residual(burst, repeated, residual)
            at += 1
        return self

    def residual(self, burst: int, repeated: int, residual: int) -> int:
        again = int(self.residuals[burst] == residual)
        self.bit(("again", burst, repeated), again)
        if not again:
            self.tree(("residual", burst), 8, residual)
            self.residuals[burst] = residual
        return again

    def end(self) -> bytes:
        return self.coder.end()


def size_bytes(size: int) -> bytes:
    out = bytearray()
    while size >= 0x80:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([*out, size])


def header(old: bytes, new: bytes, *, sizes: bytes | None = None) -> bytes:
    head = MAGIC + b"\x01"
    head += size_bytes(len(old)) + size_bytes(len(new)) if sizes is None else sizes
    head += hashlib.sha256(old).digest() + hashlib.sha256(new).digest()
    return head + hashlib.sha256(head).digest()[:4]


# -- the vectors -------------------------------------------------------------------------

Case = tuple[str, str, str, bytes, bytes, bytes]


def valid_cases() -> list[Case]:
    source = random.Random(2026)  # noqa: S311 - repeatable
    old = source.randbytes(700)
    cases = []

    def valid(name: str, why: str, old: bytes, new: bytes, body: Body) -> None:
        patch = header(old, new) + body.end()
        assert decode(old, patch) == new, name
        cases.append((name, why, "OK", old, new, patch))

    valid("empty", "both images are empty", b"", b"", Body())
    valid("emptied", "new is empty", old, b"", Body())
    valid("first", "old is empty: all literal", b"", b"dfota", Body().literals(b"dfota"))
    identical = Body().literals(b"").kind(0, 0).length(700).differences(0, old, old)
    valid("identical", "new is old: one copy", old, old, identical)
    fill = Body().literals(b"\0").kind(1, FILL).length(299)
    valid("fill", "one literal, then a fill", b"", bytes(300), fill)
    erased = Body().literals(b"").kind(0, FILL).length(1000)
    valid("fill-first", "a fill at offset 0 repeats ff", b"", b"\xff" * 1000, erased)

    new = bytearray(old)
    for at in (3, 4, 5, 100, 101, 300, 340, 341, 342, 343, 699):
        new[at] = (new[at] + 4) % 256
    corrected = Body().literals(b"").kind(0, 0).length(700).differences(0, old, bytes(new))
    valid(
        "corrected", "one copy with differences, also in the last byte", old, bytes(new), corrected
    )

    text = b"a run of new code, longer than eight"
    new = old[500:600] + text + old[540:640] + b"tiny" + old[10:50] + old[676:700]
    body = Body().literals(b"").kind(0, EXPLICIT).shift(500).length(100)
    body.differences(0, old[500:600], old[500:600])
    body.literals(text).kind(len(text), EXPLICIT).shift(540 - 136 - 500).length(100)
    body.differences(136, old[540:640], old[540:640])
    body.literals(b"tiny").kind(4, EXPLICIT).shift(10 - 240 - 404).length(40)
    body.differences(240, old[10:50], old[10:50])
    body.literals(b"").kind(0, EXPLICIT).shift((676 - 280) - (10 - 240)).length(24)
    body.differences(280, old[676:], old[676:])
    valid("moved", "moved copies, forward and backward, up to the last byte of old", old, new, body)

    new = old[0:60] + b"-" + old[61:100] + old[200:260] + old[160:220] + old[320:380]
    body = Body().literals(b"").kind(0, 0).length(60).differences(0, old, old[:60])
    body.literals(b"-").kind(1, 0).length(39).differences(61, old[61:100], old[61:100])
    body.literals(b"").kind(0, EXPLICIT).shift(100).length(60)
    body.differences(100, old[200:260], old[200:260])
    body.literals(b"").kind(0, 1).length(60).differences(160, old[160:220], old[160:220])
    body.literals(b"").kind(0, 1).length(60).differences(220, old[320:380], old[320:380])
    valid("recent", "copies that name recent displacements", old, new, body)
    valid("mixed", "300 blocks of all kinds: every model learns to its limit", old, *mixed(old))
    return cases


def mixed(old: bytes) -> tuple[bytes, Body]:
    """Blocks in every combination of literal length and kind, with differences."""
    source = random.Random(7)  # noqa: S311 - repeatable
    recent = [0, 0, 0, 0]
    body = Body()
    new = bytearray()
    while len(new) < 12_000:
        text = source.choices(b"abcdefgh\n\0", k=source.choice([0, 0, 0, 1, 7, 8, 9, 30]))
        body.literals(bytes(text))
        new += bytes(text)
        length = source.choice([1, 2, 31, 32, 33, 60, 90])
        if source.random() < 0.1:
            body.kind(len(text), FILL).length(length)
            new += (new[-1:] or b"\xff") * length
            continue
        usable = [i for i in range(4) if 0 <= len(new) + recent[i] <= len(old) - length]
        if usable and source.random() < 0.8:
            kind = source.choice(usable)
            displacement = recent[kind]
            body.kind(len(text), kind)
        else:
            kind = EXPLICIT
            displacement = source.randrange(len(old) - length + 1) - len(new)
            while displacement == recent[0]:
                displacement = source.randrange(len(old) - length + 1) - len(new)
            body.kind(len(text), kind).shift(displacement - recent[0])
        del recent[min(kind, 3)]
        recent.insert(0, displacement)
        was = old[len(new) + displacement :][:length]
        rate = source.choice([0, 0.02, 0.3])
        now = bytes((byte + 4) % 256 if source.random() < rate else byte for byte in was)
        body.length(length).differences(len(new), was, now)
        new += now
    return bytes(new), body


def invalid_cases() -> list[Case]:
    old = bytes(range(200))
    new = old[:100] + b"\x07" * 10 + old[110:]
    head = header(old, new)
    cases: list[Case] = []

    def invalid(name: str, why: str, result: str, patch: bytes) -> None:
        cases.append((name, why, result, old, b"", patch))

    body = Body().literals(b"").kind(0, 0).length(100).differences(0, old, old[:100])
    body.literals(b"\x07" * 10).kind(10, 0).length(90).differences(110, old[110:], old[110:])
    good = head + body.end()
    assert decode(old, good) == new

    invalid("no-bytes", "nothing at all", "FORMAT", b"")
    invalid("short-magic", "three bytes of the magic", "FORMAT", good[:3])
    invalid("foreign", "a ZIP archive", "FORMAT", b"PK\x03\x04" + bytes(100))
    invalid("magic-only", "ends behind the magic", "TRUNCATED", good[:4])
    invalid("version-0", "format version 0", "VERSION", good[:4] + b"\0" + good[5:])
    invalid("version-2", "format version 2", "VERSION", good[:4] + b"\2" + good[5:])
    over = b"\x81\x80\x80\x80\x04"
    invalid("old-too-large", "old of 1 GiB + 1", "LIMIT", header(old, new, sizes=over + b"\1"))
    invalid("new-too-large", "new of 1 GiB + 1", "LIMIT", header(old, new, sizes=b"\1" + over))
    endless = header(old, new, sizes=b"\xff" * 10)
    invalid("endless-size", "a size that never ends", "LIMIT", endless)
    padded = header(old, new, sizes=b"\xc8\x81\x00" + size_bytes(len(new)))
    invalid("padded-size", "a size with a needless byte", "HEADER", padded)
    invalid("wrong-check", "the header's check differs", "HEADER", good[:76] + b"\0" + good[77:])
    other = bytes([good[20] ^ 1])
    invalid("flipped-digest", "one bit of a digest", "HEADER", good[:20] + other + good[21:])
    invalid("header-only", "no coded stream", "TRUNCATED", head)
    invalid("cut-body", "the last byte is missing", "TRUNCATED", good[:-1])
    invalid("trailing", "one byte too many", "TRAILING", good + b"\0")
    invalid("wrong-tail", "the coder does not come to rest", "CODE", good[:-1] + b"\x01")
    invalid("start-of-ones", "the first four bytes are ff", "CODE", head + b"\xff" * 20)

    def spoiled(name: str, why: str, result: str, body: Body) -> None:
        invalid(name, why, result, head + body.end() + bytes(8))

    spoiled("literals-beyond-new", "201 literals", "RANGE", Body().number("literal length", 201))
    copy = Body().literals(b"")
    spoiled("copy-beyond-new", "a copy of 201 bytes", "RANGE", copy.kind(0, 0).length(201))
    copy = Body().literals(b"").kind(0, EXPLICIT).shift(150).length(51)
    spoiled("copy-beyond-old", "a copy ends behind old", "RANGE", copy)
    copy = Body().literals(b"").kind(0, EXPLICIT).shift(-1).length(1)
    spoiled("copy-before-old", "a copy begins before old", "RANGE", copy)
    copy = Body().literals(b"").kind(0, EXPLICIT).shift(0x7FFFFFFF).length(200)
    spoiled("copy-far-away", "the largest displacement", "RANGE", copy)
    fill = Body().literals(b"").kind(0, FILL).length(201)
    spoiled("fill-beyond-new", "a fill of 201 bytes", "RANGE", fill)
    spoiled("kind-6", "a kind that does not exist", "CODE", Body().literals(b"").kind(0, 6))
    spoiled("kind-7", "a kind that does not exist", "CODE", Body().literals(b"").kind(0, 7))
    huge = Body().tree(("literal length", "length"), 5, 31)
    spoiled("number-of-32-bits", "a number of 32 bits", "CODE", huge)

    def copying() -> Body:
        return Body().literals(b"").kind(0, 0).length(200)

    zero = copying().bit(("miss", 0, 0), 1).bit(("again", 0, 0), 0).tree(("residual", 0), 8, 0)
    spoiled("residual-0", "a difference of zero", "CODE", zero)
    again = copying().bit(("miss", 0, 0), 1).bit(("again", 0, 0), 1)
    spoiled("again-nothing", "repeats a difference before the first", "CODE", again)
    long = copying()
    for at in range(32):
        long.bit(("miss", at % 4, 0 if at < 8 else 256 + (at - 8) // 4), 0)
    long.bit("run to end", 0).number("run length", 168)
    spoiled("run-beyond-copy", "a run as long as the rest, but not to the end", "RANGE", long)
    wrong = Body().literals(b"").kind(0, 0).length(200).differences(0, old, old)
    invalid("wrong-digest", "well-formed, but gives another image", "DIGEST", head + wrong.end())
    return cases


def write_vectors() -> None:
    for stale in VECTORS.glob("*.bin"):
        stale.unlink()
    VECTORS.mkdir(parents=True, exist_ok=True)
    index = []
    names: dict[bytes, str] = {}
    for name, why, result, old, new, patch in valid_cases() + invalid_cases():
        case = {"name": name, "result": result, "why": why}
        for role, content in (("old", old), ("new", new), ("patch", patch)):
            if role == "patch" or content:
                own = f"old-{len(content)}.bin" if role == "old" else f"{name}.{role}.bin"
                file = names.setdefault(content, own)
                (VECTORS / file).write_bytes(content)
                case[role] = file
        index.append(case)
    text = json.dumps({"format": "dfota patch 1", "cases": index}, indent=1)
    (VECTORS / "index.json").write_text(text + "\n")
    rows = ["# name result old new patch; '-' is an empty image. Made from index.json for C."]
    rows += [
        " ".join(
            [case["name"], case["result"], *(case.get(r, "-") for r in ("old", "new", "patch"))]
        )
        for case in index
    ]
    (VECTORS / "index.txt").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    write_vectors()
