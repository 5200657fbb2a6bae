# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Short messages as they travel: addresses, time stamps, SUBMIT and DELIVER; no storage here.

3GPP TS 23.040, 9.1 and 9.2. ``parse`` takes what a host or a network wrote and refuses
what is not whole; it never reads beyond the octets that it was given.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dfota.errors import AtParameterError
from dfota.modem.alphabet import decode_septets, unpack

TPDU_MAX_BYTES = 164
"""The longest message without the address of the service centre (23.040, 9.2.3)."""

USER_DATA_MAX_BYTES = 140
"""What one message can carry: 160 septets, 140 octets, or 70 characters of UCS2."""

_SERVICE_CENTRE_MAX_BYTES = 12
_ADDRESS_DIGITS_MAX = 20
_DIGITS = "0123456789*#abc"
_INTERNATIONAL = 145
_UNKNOWN = 129
_ALPHANUMERIC = 0b101


class Alphabet(Enum):
    """How the user data is to be read (23.038, 4)."""

    GSM = "7 bit"
    OCTETS = "8 bit"
    UCS2 = "UCS2"


def alphabet_of(dcs: int) -> Alphabet:
    """The alphabet that a data coding scheme names; reserved ones count as the default."""
    group = dcs >> 4
    if group <= 0b0111:  # general and automatic deletion groups
        if dcs & 0x20:
            return Alphabet.GSM  # compressed: no module of this kind can; taken as it comes
        return (Alphabet.GSM, Alphabet.OCTETS, Alphabet.UCS2, Alphabet.GSM)[(dcs >> 2) & 3]
    if group == 0b1110:
        return Alphabet.UCS2
    if group == 0b1111 and dcs & 4:
        return Alphabet.OCTETS
    return Alphabet.GSM


@dataclass(frozen=True, slots=True)
class Address:
    """A telephone number or a name.

    Attributes:
        text: digits with ``+`` in front where the number is international; or a name.
        kind: the type-of-address octet, e.g. 129 or 145.
    """

    text: str
    kind: int

    @classmethod
    def of(cls, text: str, kind: int | None = None) -> Address:
        """The address that a host wrote; without *kind* a ``+`` decides.

        Raises:
            AtParameterError: no number, or one too long.
        """
        digits = text.removeprefix("+")
        if not digits or len(digits) > _ADDRESS_DIGITS_MAX or set(digits) - set(_DIGITS):
            raise AtParameterError("", "da", text, "a telephone number is wanted")
        if text.startswith("+"):
            kind = _INTERNATIONAL
        return cls(text, _UNKNOWN if kind is None else kind & 0xFF | 0x80)

    def build(self) -> bytes:
        """The octets of a TP address: number of digits, type, digits by pairs."""
        digits = self.text.removeprefix("+")
        return bytes((len(digits), self.kind)) + semi_octets(digits)

    def build_service_centre(self) -> bytes:
        """The octets of an RP address: number of octets, type, digits by pairs."""
        if not self.text:
            return b"\0"
        digits = semi_octets(self.text.removeprefix("+"))
        return bytes((len(digits) + 1, self.kind)) + digits


NOBODY = Address("", _UNKNOWN)
"""A message that was written without a recipient."""


@dataclass(frozen=True, slots=True)
class Message:
    """One short message, taken apart.

    Attributes:
        service_centre: where it goes through, or came from; ``NOBODY`` for the SIM's own.
        is_submit: from the mobile (else to it).
        first_octet: type, flags and format of the validity.
        reference: of a SUBMIT.
        address: whom it is for (SUBMIT) or from (DELIVER).
        protocol: TP-PID.
        coding: TP-DCS.
        validity: octets of TP-VP of a SUBMIT.
        timestamp: the seven octets of TP-SCTS of a DELIVER.
        length: TP-UDL: septets, or octets, by the coding.
        user_data: the octets, header included.
        tpdu: the message as it travels.
    """

    service_centre: Address
    is_submit: bool
    first_octet: int
    reference: int
    address: Address
    protocol: int
    coding: int
    validity: bytes
    timestamp: bytes
    length: int
    user_data: bytes
    tpdu: bytes

    @property
    def has_header(self) -> bool:
        """Whether the user data begin with a header (TP-UDHI)."""
        return bool(self.first_octet & 0x40)

    @property
    def septets(self) -> bytes:
        """The text as a septet string; only where the alphabet is the default one."""
        if not self.has_header:
            return unpack(self.user_data, self.length)
        header = self.user_data[0] + 1 if self.user_data else 0
        skipped = (header * 8 + 6) // 7
        fill = skipped * 7 - header * 8
        return unpack(self.user_data[header:], self.length - skipped, fill_bits=fill)

    @property
    def concatenation(self) -> tuple[int, int, int] | None:
        """Reference, number and count of a message in parts (23.040, 9.2.3.24.1 and .8)."""
        if not self.has_header or not self.user_data:
            return None
        header = self.user_data[1 : self.user_data[0] + 1]
        position = 0
        while position + 2 <= len(header):
            kind, size = header[position], header[position + 1]
            value = header[position + 2 : position + 2 + size]
            if kind == 0 and len(value) == 3:
                return value[0], value[2], value[1]
            if kind == 8 and len(value) == 4:
                return int.from_bytes(value[:2], "big"), value[3], value[2]
            position += 2 + size
        return None


class _Octets:
    """What is left to read; running out of it is an error with a name."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, count: int) -> bytes:
        piece = self._data[self._position : self._position + count]
        if len(piece) < count:
            raise AtParameterError("", "pdu", self._data.hex(), "it ends too early")
        self._position += count
        return piece

    def one(self) -> int:
        return self.take(1)[0]

    @property
    def left(self) -> int:
        return len(self._data) - self._position


def parse_pdu(pdu: bytes) -> Message:
    """Take apart a service centre address with a SUBMIT or DELIVER behind it.

    Raises:
        AtParameterError: it is neither, not whole, or longer than a message can be.
    """
    octets = _Octets(pdu)
    size = octets.one()
    if size >= _SERVICE_CENTRE_MAX_BYTES:
        raise AtParameterError("", "pdu", pdu.hex(), "no such service centre address")
    centre = octets.take(size)
    service_centre = _number(centre[1:], 2 * (size - 1), centre[0]) if size > 1 else NOBODY
    tpdu = pdu[size + 1 :]
    if len(tpdu) > TPDU_MAX_BYTES:
        raise AtParameterError("", "pdu", pdu.hex(), f"at most {TPDU_MAX_BYTES} octets")
    first = octets.one()
    kind = first & 3
    if kind not in (0, 1):
        raise AtParameterError("", "pdu", pdu.hex(), "neither SUBMIT nor DELIVER")
    reference = octets.one() if kind else 0
    address = _address(octets)
    protocol, coding = octets.one(), octets.one()
    validity = octets.take((0, 7, 1, 7)[first >> 3 & 3]) if kind else b""
    timestamp = b"" if kind else octets.take(7)
    length = octets.one()
    is_septets = alphabet_of(coding) is Alphabet.GSM
    user_data = octets.take((length * 7 + 7) // 8 if is_septets else length)
    if octets.left or len(user_data) > USER_DATA_MAX_BYTES:
        raise AtParameterError("", "pdu", pdu.hex(), "the length of its text is wrong")
    return Message(
        service_centre,
        bool(kind),
        first,
        reference,
        address,
        protocol,
        coding,
        validity,
        timestamp,
        length,
        user_data,
        tpdu,
    )


def build_submit(
    address: Address,
    user_data: bytes,
    length: int,
    *,
    first_octet: int = 17,
    protocol: int = 0,
    coding: int = 0,
    validity: bytes = b"\xa7",
) -> bytes:
    """The TPDU of a SUBMIT; the network sets the reference."""
    head = bytes((first_octet, 0)) + address.build()
    return head + bytes((protocol, coding)) + validity + bytes((length,)) + user_data


def build_deliver(
    address: Address,
    user_data: bytes,
    length: int,
    *,
    timestamp: bytes,
    first_octet: int = 4,
    protocol: int = 0,
    coding: int = 0,
) -> bytes:
    """The TPDU of a DELIVER."""
    head = bytes((first_octet,)) + address.build()
    return head + bytes((protocol, coding)) + timestamp + bytes((length,)) + user_data


def semi_octets(digits: str) -> bytes:
    """Digits by pairs, the first one in the lower half, ``F`` behind an odd last one."""
    codes = [_DIGITS.index(digit) for digit in digits]
    if len(codes) % 2:
        codes.append(0xF)
    return bytes(low | high << 4 for low, high in zip(codes[::2], codes[1::2], strict=True))


def build_timestamp(text: str) -> bytes:
    """``yy/MM/dd,hh:mm:ss±zz`` as seven octets (23.040, 9.2.3.11).

    Raises:
        AtParameterError: it is not of that form.
    """
    digits, sign = text[:17], text[17:18]
    pairs = digits.replace("/", " ").replace(",", " ").replace(":", " ").split()
    zone = text[18:]
    numbers = [*pairs, zone]
    is_form = len(text) == 20 and len(pairs) == 6 and sign in ("+", "-")
    if not is_form or not all(len(n) == 2 and n.isascii() and n.isdigit() for n in numbers):
        raise AtParameterError("", "scts", text, "a time as yy/MM/dd,hh:mm:ss+zz is wanted")
    octets = bytearray(semi_octets("".join(numbers)))
    if sign == "-":
        octets[6] |= 0x08
    return bytes(octets)


def show_timestamp(octets: bytes) -> str:
    """Seven octets as ``yy/MM/dd,hh:mm:ss±zz``."""
    year, month, day, hour, minute, second = (
        f"{octet & 0xF:x}{octet >> 4:x}" for octet in octets[:6]
    )
    zone = octets[6]
    sign = "-" if zone & 0x08 else "+"
    return f"{year}/{month}/{day},{hour}:{minute}:{second}{sign}{zone & 0x7:x}{zone >> 4:x}"


def _address(octets: _Octets) -> Address:
    count, kind = octets.one(), octets.one()
    if count > _ADDRESS_DIGITS_MAX:
        raise AtParameterError("", "pdu", str(count), "an address has at most 20 digits")
    data = octets.take((count + 1) // 2)
    if kind >> 4 & 0b111 == _ALPHANUMERIC:
        return Address(decode_septets(unpack(data, count * 4 // 7)), kind)
    return _number(data, count, kind)


def _number(data: bytes, count: int, kind: int) -> Address:
    digits = ""
    for octet in data:
        for code in (octet & 0xF, octet >> 4):
            if code < len(_DIGITS):
                digits += _DIGITS[code]
    plus = "+" if kind >> 4 & 0b111 == 0b001 else ""
    return Address(plus + digits[:count], kind)
