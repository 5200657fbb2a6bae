# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.testing import (
    NOISE,
    ByteByByte,
    Chatty,
    GarbageBefore,
    InTurn,
    Merged,
    MisbehavingTransport,
    Torn,
)

REPLY = b"AT+QGMR\r\r\nBG96MAR02A07M1G_01.018.01.018\r\n\r\nOK\r\n"
HARMLESS = [ByteByByte(), Torn(1), Torn(2, longest=2), Merged(), InTurn(Torn(3), ByteByByte())]


class Scripted:
    """A transport that gives what it was told to."""

    def __init__(self, *arrivals: bytes) -> None:
        self.arrivals = list(arrivals)
        self.written = b""
        self.is_closed = False

    def read(self, timeout_s: float) -> bytes:
        return self.arrivals.pop(0) if self.arrivals else b""

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize("mischief", HARMLESS, ids=lambda m: type(m).__name__)
@given(st.lists(st.binary(max_size=50)))
def test_bytes_arrive_whole_and_in_order(mischief, arrivals):
    pieces = [piece for data in arrivals for piece in mischief.pieces(data)]

    assert b"".join(pieces) == b"".join(arrivals)
    assert all(pieces)


def test_a_seed_repeats():
    assert Torn(5).pieces(REPLY * 9) == Torn(5).pieces(REPLY * 9)
    assert Torn(5).pieces(REPLY * 9) != Torn(6).pieces(REPLY * 9)
    assert Chatty(5).pieces(REPLY * 9) == Chatty(5).pieces(REPLY * 9)
    assert GarbageBefore(5).pieces(b"x") == GarbageBefore(5).pieces(b"x")


def test_garbage_comes_once_and_holds_no_line():
    mischief = GarbageBefore(1, size=20)
    garbage, data = mischief.pieces(b"OK")

    assert (len(garbage), data) == (20, b"OK")
    assert not set(garbage) & set(b"\r\nAT")
    assert mischief.pieces(b"more") == [b"more"]


@given(st.integers(0, 1000), st.integers(1, 20))
def test_noise_comes_only_between_lines(seed, size):
    mischief = Chatty(seed, share=1.0)
    stream = REPLY * 3
    arrivals = [stream[start : start + size] for start in range(0, len(stream), size)]
    mixed = b"".join(piece for data in arrivals for piece in mischief.pieces(data))

    def words(data: bytes) -> list[bytes]:
        return [line for line in data.split(b"\r\n") if line.strip(b"\r")]

    noise = {code.strip() for code in NOISE}
    assert [word for word in words(mixed) if word not in noise] == words(stream)


def test_noise_does_come():
    mixed = Chatty(share=1.0).pieces(REPLY)[0]

    assert mixed.count(b"\r\n") == REPLY.count(b"\r\n") + 2
    assert Chatty(share=0.0).pieces(REPLY) == [REPLY]
    assert Chatty(share=1.0, noise=[b"\r\nX\r\n"]).pieces(b"\r\nOK\r\n") == [b"\r\nX\r\n\r\nOK\r\n"]


def test_a_transport_gives_one_piece_a_read():
    transport = MisbehavingTransport(Scripted(b"OK"), ByteByByte())

    assert [transport.read(1.0) for _ in range(3)] == [b"O", b"K", b""]


def test_merged_takes_all_that_is_there():
    transport = MisbehavingTransport(Scripted(b"O", b"K", b"\r\n"), Merged())

    assert transport.read(1.0) == b"OK\r\n"
    assert transport.read(1.0) == b""


def test_what_is_written_goes_through_and_closing_closes():
    inner = Scripted(b"abc")
    transport = MisbehavingTransport(inner, ByteByByte())
    transport.read(0.0)
    transport.write(b"AT\r")
    transport.close()

    assert inner.written == b"AT\r"
    assert inner.is_closed
    assert transport.read(0.0) == b""
