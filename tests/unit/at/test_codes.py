# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of codes, the document made from them, and the checksum."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dfota.at import (
    CME_ERRORS,
    FILE_ERRORS,
    FOTA_ERRORS,
    HTTP_ERRORS,
    Family,
    explain_file_error,
    explain_fota_error,
    explain_ftp_error,
    explain_http_error,
    xor16,
)
from dfota.at.code_families import FAMILIES
from dfota.at.codes_document import render_codes


def test_the_tables_are_those_of_the_guide() -> None:
    assert list(HTTP_ERRORS) == [0, 701, 702, 703, 704, 706, 707, 708]
    assert list(FOTA_ERRORS) == [0, 504, 505, 506, 511]
    assert set(FILE_ERRORS) < set(CME_ERRORS)
    assert {405, 407, 420, 421, 425} < set(FILE_ERRORS)


def test_every_code_has_advice_of_its_own() -> None:
    advice = [explain_http_error(n).advice for n in HTTP_ERRORS if n]
    advice += [explain_fota_error(n).advice for n in FOTA_ERRORS if n]
    assert len(set(advice)) == len(advice)
    assert "not in the guide" in explain_http_error(705).meaning
    assert "not in the guide" in explain_fota_error(552).meaning


def test_a_number_means_what_its_family_says() -> None:
    meanings = {family: explain_fota_error(511, family).meaning for family in Family}
    assert meanings[Family.LINUX] == "No space"
    assert "mismatched" in meanings[Family.BG96]
    assert "not in the guide" in meanings[Family.BG96_2017]
    assert "timeout" in explain_http_error(702, Family.STANDARD_A).meaning
    assert "Login" in explain_ftp_error(625, Family.STANDARD_A).meaning
    assert "not in the guide" in explain_ftp_error(625, Family.LINUX).meaning
    assert "not in the guide" in explain_file_error(500, Family.BG96).meaning
    for number in (0, 1, 502, 510, 520, 530, 540, 546):
        assert number in FAMILIES[Family.LINUX].upgrade


def test_every_family_explains_all_its_numbers_and_success_needs_nothing() -> None:
    assert set(FAMILIES) == set(Family)
    for family, tables in FAMILIES.items():
        for table, explain in (
            (tables.http, explain_http_error),
            (tables.ftp, explain_ftp_error),
            (tables.file, explain_file_error),
            (tables.upgrade, explain_fota_error),
        ):
            for number, meaning in table.items():
                told = explain(number, family)
                assert told.meaning == meaning
                assert told.advice
                assert (told.advice == "Nothing to do.") == (number == 0), (family, number)


def test_the_committed_document_is_the_generated_one(root: Path) -> None:
    assert (root / "docs/reference/codes.md").read_text() == render_codes(), (
        "run: python -m dfota.at.codes_document > docs/reference/codes.md"
    )


def test_the_checksum_of_the_manuals_example() -> None:
    assert xor16(b"1234567890") == 0x3938


@given(st.binary(max_size=2000))
def test_the_checksum_is_the_xor_of_big_endian_words(data: bytes) -> None:
    padded = data + b"\x00" * (len(data) % 2)
    expected = 0
    for index in range(0, len(padded), 2):
        expected ^= int.from_bytes(padded[index : index + 2], "big")
    assert xor16(data) == expected
