# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the module hears: echo, lines, A/, editing, noise and limits."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.at import (
    CommandEvent,
    CommandLineDecoder,
    Echo,
    LineReceived,
    LineTooLong,
    RepeatRequested,
)


def events(decoder: CommandLineDecoder, *chunks: bytes) -> list[CommandEvent]:
    found = []
    for chunk in chunks:
        decoder.feed(chunk)
        while (event := decoder.next_event()) is not None:
            found.append(event)
    return found


def heard(data: bytes, *, echo: bool = False) -> list[CommandEvent]:
    decoder = CommandLineDecoder()
    decoder.echo = echo
    return events(decoder, data)


def test_echo_comes_first_with_its_cr_and_without_lf() -> None:
    assert heard(b"AT\r\n", echo=True) == [Echo(b"AT\r"), LineReceived("AT")]


def test_echo_of_half_a_line_comes_at_once() -> None:
    assert heard(b"AT+C", echo=True) == [Echo(b"AT+C")]


def test_a_setting_at_the_head_of_a_chunk_rules_the_rest_of_it() -> None:
    decoder = CommandLineDecoder()
    decoder.feed(b"ATE0\rAT+CSQ\r")
    assert decoder.next_event() == Echo(b"ATE0\r")
    assert decoder.next_event() == LineReceived("ATE0")
    decoder.echo = False
    assert decoder.next_event() == LineReceived("AT+CSQ")
    assert decoder.next_event() is None


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"AT\rAT+CSQ\r", ["AT", "AT+CSQ"]),
        (b"\xff" * 1144 + b"AT+CSQ\r", ["AT+CSQ"]),
        (b"\x00\x80AT\xff+\xfeCSQ\r", ["AT+CSQ"]),
        (b"noiseAT+CSQ\r", ["AT+CSQ"]),
        (b"AAT+CSQ\r", ["AT+CSQ"]),
        (b"OK\r\r\n+CSQ\rAT\r", ["AT"]),
        (b"AtaT\r", []),
        (b"A\rT\r", []),
        (b"AT+CSX\x08Q\r", ["AT+CSQ"]),
        (b"AT\x08\x08\x08\x08AT+CSQ\r", ["AT+CSQ"]),
        (b"A\x08T+CSQ\r", []),
    ],
)
def test_lines_are_found(data: bytes, lines: list[str]) -> None:
    assert heard(data) == [LineReceived(line) for line in lines]


def test_noise_is_not_echoed() -> None:
    assert heard(b"\xff\x00\x9f", echo=True) == []


def test_a_slash_repeats_without_waiting_for_cr() -> None:
    assert heard(b"A/", echo=True) == [Echo(b"A/"), RepeatRequested()]
    assert heard(b"a/AT\r") == [RepeatRequested(), LineReceived("AT")]
    assert heard(b'AT+QFOTADL="http://h/A/b"\r') == [LineReceived('AT+QFOTADL="http://h/A/b"')]


def test_s3_and_s5_choose_the_characters() -> None:
    decoder = CommandLineDecoder()
    decoder.echo = False
    decoder.terminator = ord("!")
    decoder.backspace = ord("#")
    assert events(decoder, b"AT+CSX#Q\r!") == [LineReceived("AT+CSQ")]


def test_lf_may_be_the_terminator() -> None:
    decoder = CommandLineDecoder()
    decoder.echo = False
    decoder.terminator = 10
    assert events(decoder, b"AT\r\nAT\n") == [LineReceived("AT")] * 2


def test_a_line_may_be_as_long_as_the_limit_and_no_longer() -> None:
    for size, expected in ((64, LineReceived("AT" + "x" * 62)), (65, LineTooLong())):
        decoder = CommandLineDecoder(line_max_bytes=64)
        decoder.echo = False
        assert events(decoder, b"AT" + b"x" * (size - 2) + b"\r", b"AT\r") == [
            expected,
            LineReceived("AT"),
        ]


def test_type_ahead_is_bounded() -> None:
    decoder = CommandLineDecoder()
    decoder.feed(b"\xff" * 70_000)
    assert len(decoder.take_pending()) == 65_536
    assert decoder.take_pending() == b""


def test_data_behind_a_line_can_be_taken() -> None:
    decoder = CommandLineDecoder()
    decoder.echo = False
    decoder.feed(b'AT+QFUPL="a",4\r\x00\x01\x02\x03')
    assert decoder.next_event() == LineReceived('AT+QFUPL="a",4')
    assert decoder.take_pending() == b"\x00\x01\x02\x03"


def test_a_reboot_forgets_half_a_line() -> None:
    decoder = CommandLineDecoder()
    decoder.echo = False
    assert events(decoder, b"AT+CFUN=1") == []
    decoder.reset()
    assert events(decoder, b",1\rAT\r") == [LineReceived("AT")]


TYPED = st.lists(
    st.sampled_from(
        [
            b"AT+CSQ\r",
            b"at\r\n",
            b"AT",
            b"A/",
            b"a",
            b"A",
            b"\n",
            b"\x08",
            b"\xff",
            b"x" * 70,
            b"\r",
        ]
    ),
    max_size=20,
).map(b"".join)


@given(data=TYPED, echo=st.booleans(), max_bytes=st.sampled_from([8, 64]))
def test_taking_whole_lines_gives_what_going_from_byte_to_byte_gives(data, echo, max_bytes) -> None:
    quick = CommandLineDecoder(line_max_bytes=max_bytes)
    slow = CommandLineDecoder(line_max_bytes=max_bytes)
    slow._whole_line = lambda: None  # type: ignore[method-assign]
    quick.echo = slow.echo = echo

    def flat(found: list[CommandEvent]) -> list[CommandEvent]:
        return [
            part
            for event in found
            for part in (map(bytes, zip(event.data)) if isinstance(event, Echo) else [event])
        ]

    assert flat(events(quick, data)) == flat(events(slow, data))


@given(st.binary(max_size=200), st.sets(st.integers(0, 200)))
def test_the_cut_of_the_chunks_changes_nothing(data: bytes, cuts: set[int]) -> None:
    decoder = CommandLineDecoder()
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})

    found = events(decoder, *(data[a:b] for a, b in pairwise(edges)))

    whole = heard(data, echo=True)
    assert [e for e in found if not isinstance(e, Echo)] == [
        e for e in whole if not isinstance(e, Echo)
    ]
    assert b"".join(e.data for e in found if isinstance(e, Echo)) == b"".join(
        e.data for e in whole if isinstance(e, Echo)
    )
