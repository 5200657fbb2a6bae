# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The GSM 7 bit default alphabet: characters, septets and their packing; no message here.

3GPP TS 23.038, 6.1.2 and 6.2.1. What a *septet string* is here: one byte for each septet.
"""

from __future__ import annotations

ESCAPE = 0x1B
"""The septet before one of the extension table."""

_DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_SEPTETS = {character: bytes((code,)) for code, character in enumerate(_DEFAULT)} | {
    character: bytes((ESCAPE, code)) for code, character in _EXTENSION.items()
}


def encode_septets(text: str) -> bytes | None:
    """*text* as a septet string; ``None`` where the alphabet lacks one of its characters."""
    septets = [_SEPTETS.get(character) for character in text]
    return None if None in septets else b"".join(part for part in septets if part)


def decode_septets(septets: bytes) -> str:
    """The text of a septet string; what no table has becomes a blank (as 23.038 wants it)."""
    text: list[str] = []
    is_extension = False
    for septet in septets:
        if is_extension:
            text.append(_EXTENSION.get(septet & 0x7F, " "))
            is_extension = False
        elif septet & 0x7F == ESCAPE:
            is_extension = True
        else:
            text.append(_DEFAULT[septet & 0x7F])
    return "".join(text)


def pack(septets: bytes, *, fill_bits: int = 0) -> bytes:
    """Eight septets into seven octets, behind *fill_bits* zero bits."""
    value = 0
    for index, septet in enumerate(septets):
        value |= (septet & 0x7F) << (fill_bits + 7 * index)
    return value.to_bytes((fill_bits + 7 * len(septets) + 7) // 8, "little")


def unpack(octets: bytes, count: int, *, fill_bits: int = 0) -> bytes:
    """*count* septets out of *octets*, or as many as there are."""
    value = int.from_bytes(octets, "little") >> fill_bits
    count = min(count, (8 * len(octets) - fill_bits) // 7)
    return bytes((value >> (7 * index)) & 0x7F for index in range(max(count, 0)))
