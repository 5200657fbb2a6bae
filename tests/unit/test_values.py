# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The shared values accept what exists in the field and refuse the rest."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.errors import MisuseError
from dfota.values import Digest, FirmwareVersion, Imei


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("BG96MAR02A07M1G_01.018.01.018", "BG96MAR02A07M1G"),
        ("BG96MAR02A07M1G", "BG96MAR02A07M1G"),
        ("BG95M3LAR02A03_A0.301.A0.301", "BG95M3LAR02A03"),
        ("BG96MAR02A07M1G_BETA0310A", "BG96MAR02A07M1G_BETA0310A"),
    ],
)
def test_ati_prints_the_revision_without_its_build(text: str, short: str) -> None:
    assert FirmwareVersion(text).short == short


@pytest.mark.parametrize("text", ["", "a b", 'a"b', "é", "a\n", "x" * 65])
def test_a_revision_is_printable_and_short(text: str) -> None:
    with pytest.raises(MisuseError):
        FirmwareVersion(text)


@given(st.binary())
def test_a_digest_is_sha256(data: bytes) -> None:
    assert Digest.of(data).hex == hashlib.sha256(data).hexdigest()


def test_a_digest_has_32_bytes() -> None:
    with pytest.raises(MisuseError):
        Digest(b"short")


def test_a_known_imei_passes() -> None:
    assert Imei("490154203237518").digits == "490154203237518"


@given(st.from_regex(r"[0-9]{14}", fullmatch=True), st.integers(1, 9))
def test_any_wrong_check_digit_is_refused(first14: str, offset: int) -> None:
    imei = Imei.with_check_digit(first14)
    assert Imei(imei.digits) == imei
    wrong = (int(imei.digits[-1]) + offset) % 10
    with pytest.raises(MisuseError):
        Imei(f"{first14}{wrong}")
