# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Short messages taken apart and put together: 3GPP TS 23.038 and 23.040."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.errors import AtParameterError
from dfota.modem.alphabet import decode_septets, encode_septets, pack, unpack
from dfota.modem.tpdu import (
    Address,
    Alphabet,
    alphabet_of,
    build_deliver,
    build_submit,
    build_timestamp,
    parse_pdu,
    show_timestamp,
)


def test_the_standard_example_of_packing():
    assert pack(b"hellohello").hex() == "e8329bfd4697d9ec37"


@given(st.binary(max_size=160).map(lambda data: bytes(b & 0x7F for b in data)), st.integers(0, 6))
def test_packing_loses_nothing(septets, fill_bits):
    packed = pack(septets, fill_bits=fill_bits)
    assert unpack(packed, len(septets), fill_bits=fill_bits) == septets


def test_each_character_of_the_alphabet_comes_back():
    for code in range(128):
        if code != 0x1B:
            assert encode_septets(decode_septets(bytes((code,)))) == bytes((code,))
    assert decode_septets(b"\x1b\x65\x1b\x3c") == "€["
    assert encode_septets("漢") is None


@given(st.binary(max_size=200))
def test_octets_of_any_kind_are_a_message_or_refused(octets):
    try:
        message = parse_pdu(octets)
    except AtParameterError:
        return
    assert octets.endswith(message.tpdu)
    assert len(message.tpdu) <= 164
    assert len(message.septets) <= 160
    assert message.concatenation is None or len(message.concatenation) == 3


@given(
    st.from_regex(r"\A\+?[0-9*#abc]{1,20}\Z"),
    st.binary(max_size=140),
    st.sampled_from([b"", b"\xa7", bytes(7)]),
)
def test_a_submit_comes_back(number, data, validity):
    first_octet = {0: 1, 1: 17, 7: 25}[len(validity)]
    address = Address.of(number)
    tpdu = build_submit(
        address, data, len(data), first_octet=first_octet, coding=4, validity=validity
    )
    message = parse_pdu(b"\0" + tpdu)
    assert message.address == address
    assert message.user_data == data
    assert message.validity == validity
    assert message.is_submit


def test_a_deliver_comes_back_with_its_time_and_its_name():
    stamp = build_timestamp("26/11/30,21:30:00-20")
    assert show_timestamp(stamp) == "26/11/30,21:30:00-20"
    name = Address("Quectel", 0xD0)
    octets = pack(encode_septets(name.text) or b"")
    tpdu = b"\x04" + bytes((13, 0xD0)) + octets + b"\0\0" + stamp + b"\0"
    message = parse_pdu(b"\0" + tpdu)
    assert message.address == name
    assert message.timestamp == stamp
    tpdu = build_deliver(Address.of("+1"), b"", 0, timestamp=stamp)
    assert not parse_pdu(b"\0" + tpdu).is_submit


@pytest.mark.parametrize(
    ("coding", "alphabet"),
    [
        (0x00, Alphabet.GSM),
        (0x04, Alphabet.OCTETS),
        (0x08, Alphabet.UCS2),
        (0x10, Alphabet.GSM),
        (0xC0, Alphabet.GSM),
        (0xE0, Alphabet.UCS2),
        (0xF4, Alphabet.OCTETS),
        (0xF0, Alphabet.GSM),
    ],
)
def test_coding_schemes_name_their_alphabet(coding, alphabet):
    assert alphabet_of(coding) is alphabet
