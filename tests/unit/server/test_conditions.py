# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.server.conditions import MAX_RANGES, plain_range, refused_by_condition

ETAG = '"abc"'
MODIFIED = "Sun, 01 Nov 2026 10:00:00 GMT"
EARLIER = "Sat, 31 Oct 2026 10:00:00 GMT"
LATER = "Mon, 02 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("field", "plain"),
    [
        ("bytes=0-9", "bytes=0-9"),
        ("bytes=0-", "bytes=0-99"),
        ("bytes=-10", "bytes=90-99"),
        ("bytes=-500", "bytes=0-99"),
        ("bytes=95-500", "bytes=95-99"),
        ("BYTES=0-0", "bytes=0-0"),
        ("bytes=0-1, 5-6 ,\t-1", "bytes=0-1,5-6,99-99"),
        ("bytes=,0-1,,", "bytes=0-1"),
        ("bytes=0-1,200-300", "bytes=0-1"),  # one of them can be satisfied
        ("bytes=100-", "bytes=100-"),  # none can: 416
        ("bytes=200-300,400-", "bytes=100-"),
        ("bytes=-0", "bytes=100-"),
    ],
)
def test_ranges_become_plain(field, plain):
    assert plain_range(field, 100) == plain


@pytest.mark.parametrize(
    "field",
    [
        "items=0-9",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=5-4",
        "bytes=a-b",
        "bytes=0-1,x",
        "bytes=+1-2",
        "bytes=1_0-2_0",
        "bytes=0x1-",
        "bytes=٣-",
        "bytes=1 -2",
        "bytes=" + "9" * 30 + "-",
        "bytes=" + ",".join(["0-0"] * (MAX_RANGES + 1)),
    ],
)
def test_a_range_that_is_not_one_is_ignored(field):
    assert plain_range(field, 100) is None


@given(st.text(max_size=30), st.integers(0, 1000))
def test_any_range_field_is_read_or_ignored(text, size):
    plain = plain_range("bytes=" + text, size)

    assert plain is None or plain.isascii()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, None),
        ({"if-match": '"abc"'}, None),
        ({"if-match": '"x", "abc"'}, None),
        ({"if-match": "*"}, None),
        ({"if-match": '"x"'}, 412),
        ({"if-match": 'W/"abc"'}, 412),
        ({"if-unmodified-since": EARLIER}, 412),
        ({"if-unmodified-since": LATER}, None),
        ({"if-unmodified-since": "yesterday"}, None),
        ({"if-match": '"abc"', "if-unmodified-since": EARLIER}, None),
        ({"if-none-match": '"abc"'}, 304),
        ({"if-none-match": 'W/"abc"'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"x"'}, None),
        ({"if-none-match": '"x"', "if-modified-since": LATER}, None),
        ({"if-modified-since": MODIFIED}, 304),
        ({"if-modified-since": LATER}, 304),
        ({"if-modified-since": EARLIER}, None),
        ({"if-modified-since": "never"}, None),
        ({"if-modified-since": "Sun, 01 Nov 2026 10:00:00 -0000"}, None),
    ],
)
def test_conditions_follow_the_rfc(headers, status):
    assert refused_by_condition(headers, ETAG, MODIFIED) == status
