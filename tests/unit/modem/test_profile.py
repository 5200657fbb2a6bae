# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Settings: documented, typed, and each with its evidence."""

from __future__ import annotations

from enum import Enum

import pytest

from dfota.at import PercentStyle
from dfota.errors import MisuseError
from dfota.modem import BG96, Speed, reference, settings, with_settings


def test_the_page_of_the_reference_is_the_generated_one(root):
    page = root / "docs" / "reference" / "modem-settings.md"
    assert page.read_text("utf-8") == reference()


def test_every_setting_has_a_meaning_and_evidence():
    for setting in settings():
        assert setting.meaning.endswith("."), setting.name
        assert setting.evidence, setting.name
        assert setting.kind in (bool, int, float, str) or issubclass(setting.kind, Enum)


def test_every_default_is_read_back_from_its_text():
    assert with_settings(BG96, [f"{s.name}={s.default_text}" for s in settings()]) == BG96


def test_the_defaults_are_the_guides():
    assert BG96.percent_style is PercentStyle.SPACE_PERCENT
    assert BG96.resume_percent_style is PercentStyle.PERCENT
    assert BG96.https_default_port == 443
    assert not BG96.reboot_before_start


def test_dashes_may_stand_for_underscores():
    assert with_settings(BG96, ["urc-gap-ms=5"]).urc_gap_ms == 5


@pytest.mark.parametrize(
    ("assignment", "hint"),
    [
        ("nonsense", "KEY=VALUE"),
        ("no_such=1", "'dfota modem settings' lists all"),
        ("percent_stile=1", "did you mean percent_style"),
        ("rssi=high", "integer"),
        ("percent_style=loud", "space-percent, percent, plain"),
        ("eufs_paths=perhaps", "true, false"),
        ("boot_s=-1", "negative"),
        ("boot_s=nan", "negative"),
        ("https_default_port=0", "1 to 65535"),
        ("urc_port=uart9", "usbat"),
        ("file_parameter_error=404", "FILE manual"),
        ("upload_timeout=never", "error-421, result"),
        ("operator=a\r\nRDY", "printable"),
        ("imei=123", "15 digits"),
        ("imei=490154203237519", "check digit"),
        ('operator=a"b', "quote"),
    ],
)
def test_wrong_settings_are_refused_with_what_would_be_right(assignment, hint):
    with pytest.raises(MisuseError, match=hint):
        with_settings(BG96, [assignment])


@pytest.mark.parametrize(("text", "factor"), [("max", None), ("MAX", None), ("1", 1), ("0.5", 0.5)])
def test_speeds(text, factor):
    assert Speed.parse(text).factor == factor


@pytest.mark.parametrize("text", ["", "0", "-1", "fast", "nan", "inf"])
def test_wrong_speeds(text):
    with pytest.raises(MisuseError):
        Speed.parse(text)
