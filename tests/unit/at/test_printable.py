# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Transcripts lose no byte."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dfota.at import escape


def test_bytes_are_escaped_as_people_write_them() -> None:
    assert escape(b"a\r\n\\\x00\xff ~") == r"a\r\n\\\x00\xff ~"


@given(st.binary())
def test_no_byte_is_lost(data: bytes) -> None:
    text = escape(data)
    assert text.isascii()
    assert text.isprintable()
    assert text.encode("ascii").decode("unicode_escape").encode("latin-1") == data
