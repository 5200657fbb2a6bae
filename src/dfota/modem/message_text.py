# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Characters of messages and names between host and module; no command and no storage here.

AT manual V2.3, chapter 21.8: what a byte of the host means depends on ``AT+CSCS`` and on the
coding scheme of the message. What is printed is text of which each character is one byte.
"""

from __future__ import annotations

from dfota.errors import AtParameterError
from dfota.modem.alphabet import ESCAPE, decode_septets, encode_septets, pack
from dfota.modem.tpdu import USER_DATA_MAX_BYTES, Alphabet, Message, alphabet_of

CHARACTER_SETS = ("GSM", "IRA", "UCS2")
"""AT manual V2.3, 2.24."""

SEPTETS_MAX = 160

_BLANK = 0x20
_HEXADECIMAL = frozenset(b"0123456789abcdefABCDEF")


def encode_user_data(
    data: bytes, coding: int, characters: str, *, header: bytes = b""
) -> tuple[bytes, int]:
    """What the host typed as user data and their length, behind *header*.

    Raises:
        AtParameterError: longer than one message, or not the hexadecimal digits wanted.
    """
    if alphabet_of(coding) is not Alphabet.GSM:
        octets = header + _hexadecimal(data)
        if len(octets) > USER_DATA_MAX_BYTES:
            raise AtParameterError("", "text", str(len(octets)), "at most 140 octets")
        return octets, len(octets)
    septets = _septets(data, characters)
    skipped = (len(header) * 8 + 6) // 7
    if skipped + len(septets) > SEPTETS_MAX:
        raise AtParameterError("", "text", str(len(septets)), "at most 160 characters")
    fill = skipped * 7 - len(header) * 8
    return header + pack(septets, fill_bits=fill), skipped + len(septets)


def show_user_data(message: Message, characters: str) -> tuple[str, int]:
    """The text of a message for the host, and its ``<length>``."""
    if alphabet_of(message.coding) is not Alphabet.GSM or message.has_header:
        if alphabet_of(message.coding) is Alphabet.GSM:
            text = _show_septets(message.septets, characters)
            return text, len(message.septets)
        return message.user_data.hex().upper(), message.length
    return _show_septets(message.septets, characters), message.length


def read_text(text: str, characters: str) -> str:
    """An address or a name that the host wrote, as Unicode.

    Raises:
        AtParameterError: ``UCS2`` is chosen and it is not hexadecimal.
    """
    if characters == "UCS2":
        return _hexadecimal(text.encode("ascii", "replace")).decode("utf-16-be", "replace")
    if characters == "GSM":
        return decode_septets(text.encode("latin-1", "replace"))
    return text


def show_text(text: str, characters: str) -> str:
    """An address or a name for the host."""
    if characters == "UCS2":
        return text.encode("utf-16-be", "surrogatepass").hex().upper()
    if characters == "GSM":
        septets = encode_septets(text)
        if septets is None:
            septets = b"".join(encode_septets(character) or b" " for character in text)
        return septets.decode("latin-1").replace('"', " ")
    return "".join(character if ord(character) < 256 else " " for character in text)


def _septets(data: bytes, characters: str) -> bytes:
    if characters == "GSM":
        return bytes(byte & 0x7F for byte in data)
    if characters == "UCS2":
        text = _hexadecimal(data).decode("utf-16-be", "replace")
    else:
        text = data.decode("latin-1")
    return b"".join(_septet_of(character) for character in text)


def _septet_of(character: str) -> bytes:
    # Table 27: a small c with cedilla has only its capital in the alphabet of the manual.
    found = encode_septets("Ç" if character == "ç" else character)
    return bytes((_BLANK,)) if found is None or character == "\f" else found


def _show_septets(septets: bytes, characters: str) -> str:
    if characters == "GSM":
        return septets.decode("latin-1").replace("\n", "\r\n")
    text = decode_septets(septets)
    if characters == "UCS2":
        return text.encode("utf-16-be").hex().upper()
    shown = "".join(character if ord(character) < 256 else " " for character in text)
    return shown.replace("\n", "\r\n").replace(chr(ESCAPE), " ")


def _hexadecimal(data: bytes) -> bytes:
    if len(data) % 2 or not set(data) <= _HEXADECIMAL:
        shown = ascii(bytes(data[:40]))
        raise AtParameterError("", "text", shown, "hexadecimal digits are wanted")
    return bytes.fromhex(data.decode("ascii"))
