# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers are found in what people paste, mean what their place says, and have causes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.at import (
    FAMILIES,
    PASTED_MAX,
    Family,
    Place,
    causes_of,
    explain_code,
    explain_everywhere,
    find_codes,
)


@pytest.mark.parametrize(
    ("pasted", "found"),
    [
        ("702", [(None, 702)]),
        (" 511 \r\n", [(None, 511)]),
        ("HTTPEND,702", [(Place.HTTP, 702)]),
        ("httpend 702", [(Place.HTTP, 702)]),
        ('"HTTPEND",702', [(Place.HTTP, 702)]),
        ('+QIND: "FOTA","HTTPEND",702', [(Place.HTTP, 702)]),
        ('+QIND: "FOTA","HTTPSEND", 701', [(Place.HTTP, 701)]),
        ('+QIND: "FOTA","FTPEND",601', [(Place.FTP, 601)]),
        ('+QIND: "FOTA","FILEEND",500', [(Place.FILE, 500)]),
        ("END,511", [(Place.FOTA, 511)]),
        ('\r\n+QIND: "FOTA","END",504\r\n', [(Place.FOTA, 504)]),
        ("+CME ERROR: 407", [(Place.CME, 407)]),
        ("CME 407", [(Place.CME, 407)]),
        ("+CMS ERROR:500", [(Place.CMS, 500)]),
        ("+CME ERROR: SIM not inserted", [(Place.CME, 10)]),
        ("+CMS ERROR: memory full", [(Place.CMS, 322)]),
        (
            (
                'AT+QFOTADL="http://x/9"\r\nOK\r\n+QIND: "FOTA","HTTPEND",0\r\n'
                '+QIND: "FOTA","END",506\r\n+CME ERROR: 3'
            ),
            [(Place.HTTP, 0), (Place.FOTA, 506), (Place.CME, 3)],
        ),
        ('+QSCRUB: "END",0', []),
        ("hello", []),
        ("", []),
        ("9" * 40, []),
    ],
)
def test_the_number_is_found_in_what_is_pasted(
    pasted: str, found: list[tuple[Place | None, int]]
) -> None:
    assert list(find_codes(pasted)) == found


@given(st.text(max_size=2 * PASTED_MAX))
def test_anything_can_be_pasted(text: str) -> None:
    for place, number in find_codes(text):
        assert place is None or place in Place
        assert 0 <= number < 100_000


def test_every_failure_of_an_upgrade_has_causes_with_something_to_try() -> None:
    for family, tables in FAMILIES.items():
        for place, table in (
            (Place.HTTP, tables.http),
            (Place.FTP, tables.ftp),
            (Place.FILE, tables.file),
            (Place.FOTA, tables.upgrade),
        ):
            for number in table:
                causes = causes_of(place, number, family)
                assert bool(causes) == (number != 0), (family, place, number)
                assert all(cause.tries for cause in causes)
                assert len({cause.cause for cause in causes}) == len(causes)


def test_causes_are_only_given_for_numbers_that_are_in_a_table() -> None:
    for family in Family:
        for place in Place:
            for number in range(1000):
                if causes_of(place, number, family):
                    assert explain_code(place, number, family) is not None, (place, number)


def test_702_of_a_bg96_is_first_of_all_a_server_out_of_reach_then_the_access_point() -> None:
    causes = [cause.cause for cause in causes_of(Place.HTTP, 702)]
    assert "cannot be reached" in causes[0]
    assert "access point" in causes[1]
    assert any("resolved" in cause for cause in causes)
    assert any("TLS 1.2" in cause for cause in causes)


def test_a_number_that_means_something_else_elsewhere_is_told_with_it() -> None:
    wanted, others = explain_everywhere(511, Place.FOTA)
    assert [one.meaning for one in wanted] == ["Package is mismatched with the current firmware"]
    assert [(one.family, one.meaning) for one in others] == [(Family.LINUX, "No space")]
    wanted, others = explain_everywhere(511, Place.FOTA, Family.LINUX)
    assert [one.meaning for one in wanted] == ["No space"]
    assert {one.family for one in others} == {Family.BG96}


def test_a_bare_number_is_told_for_every_place_where_it_stands() -> None:
    wanted, _ = explain_everywhere(702)
    assert [one.title for one in wanted] == ["HTTPEND,702", "+CME ERROR: 702"]
    assert explain_everywhere(999) == ((), ())
