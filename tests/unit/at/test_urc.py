# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Each URC reads back what it writes; the public spellings are read, others are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.at import (
    FOTA_URCS,
    AppReady,
    CfunReported,
    CpinReported,
    FotaContinued,
    FotaDownloading,
    FotaEnded,
    FotaFileEnded,
    FotaFileStarted,
    FotaFtpEnded,
    FotaFtpStarted,
    FotaHttpEnded,
    FotaHttpStarted,
    FotaRestoring,
    FotaStarted,
    FotaUpdating,
    PercentStyle,
    PhonebookDone,
    PoweredDown,
    QusimReported,
    Ready,
    RegistrationReported,
    ScrubEnded,
    ScrubStarted,
    SmsDone,
    Urc,
    decode_urc,
)

HEX = st.text("0123456789ABCDEF", min_size=1, max_size=8)
URCS = st.one_of(
    st.sampled_from([FotaHttpStarted(), FotaStarted(), FotaContinued(), Ready(), AppReady()]),
    st.sampled_from([PoweredDown(), SmsDone(), PhonebookDone()]),
    st.builds(FotaHttpEnded, st.integers(0, 999)),
    st.builds(FotaUpdating, st.integers(0, 100)),
    st.builds(FotaRestoring, st.integers(0, 100)),
    st.builds(FotaEnded, st.integers(0, 999)),
    st.builds(CfunReported, st.integers(0, 4)),
    st.builds(CpinReported, st.sampled_from(["READY", "SIM PIN", "SIM PUK2", "NOT READY"])),
    st.builds(QusimReported, st.integers(0, 1)),
    st.builds(
        RegistrationReported, st.sampled_from(["+CREG", "+CGREG", "+CEREG"]), st.integers(0, 5)
    ),
    st.builds(
        RegistrationReported,
        st.sampled_from(["+CREG", "+CGREG", "+CEREG"]),
        st.integers(0, 5),
        HEX,
        HEX,
        st.none() | st.sampled_from([0, 8, 9]),
    ),
)


@given(URCS, st.sampled_from(PercentStyle))
def test_what_is_written_is_read_back(urc: Urc, style: PercentStyle) -> None:
    assert decode_urc(urc.encode(style)) == urc


@pytest.mark.parametrize(
    ("line", "urc"),
    [
        ('+QIND: "FOTA","HTTPSTART"', FotaHttpStarted()),
        ('+QIND: "FOTA","HTTPSSTART"', FotaHttpStarted()),
        ('+QIND: "FOTA","HTTPTART"', FotaHttpStarted()),
        ('+QIND: "FOTA","HTTPEND",702', FotaHttpEnded(702)),
        ('+QIND: "FOTA","HTTPSEND",0', FotaHttpEnded(0)),
        ('+QIND: "FOTA","START"', FotaStarted()),
        ('+QIND: "FOTA","FTPSTART"', FotaFtpStarted()),
        ('+QIND: "FOTA","FTPEND",601', FotaFtpEnded(601)),
        ('+QIND: "FOTA","FILESTART"', FotaFileStarted()),
        ('+QIND: "FOTA","FILEEND",500', FotaFileEnded(500)),
        ('+QIND: "FOTA","DOWNLOADING",47', FotaDownloading(47)),
        ('+QSCRUB: "START"', ScrubStarted()),
        ('+QSCRUB: "END",0', ScrubEnded(0)),
        ('+QSCRUB: "END",-1', ScrubEnded(-1)),
        ('+QIND: "FOTA","UPDATING", 1%', FotaUpdating(1)),
        ('+QIND: "FOTA","UPDATING",1%', FotaUpdating(1)),
        ('+QIND: "FOTA","UPDATING",1', FotaUpdating(1)),
        ('+QIND: "FOTA","UPDATING", 99', FotaUpdating(99)),
        ('+QIND:"FOTA" , "UPDATING" , 100 %', FotaUpdating(100)),
        ('+QIND: "FOTA","UPDATING",0', FotaUpdating(0)),
        ('+QIND: "FOTA","RESTORE", 100%', FotaRestoring(100)),
        ('+QIND: "FOTA","RESTORE",1%', FotaRestoring(1)),
        ('+QIND: "FOTA","END",511', FotaEnded(511)),
        ('+QIND: "FOTA","Last upgrade was not finished,continue upgrade"', FotaContinued()),
        ('+QIND: "FOTA","Last upgrade was not finished, continue upgrade."', FotaContinued()),
        ("+CREG: 2", RegistrationReported("+CREG", 2)),
        ('+CGREG: 1,"FFFE","82E76B2",9', RegistrationReported("+CGREG", 1, "FFFE", "82E76B2", 9)),
    ],
)
def test_every_public_spelling_is_read(line: str, urc: Urc) -> None:
    assert decode_urc(line) == urc


@pytest.mark.parametrize(
    "line",
    [
        '+QIND: "FOTA","UPDATINGX",1',
        '+QIND: "FOTA","UPDATING"',
        '+QIND: "FOTA","UPDATING",',
        '+QIND: "FOTA","UPDATING",101',
        '+QIND: "FOTA","UPDATING",-1',
        '+QIND: "FOTA","UPDATING",1%,2',
        '+QIND: "FOTA","HTTPEND"',
        '+QIND: "FOTA","END",',
        '+QIND: "FOTA","END",x',
        '+QIND: "FOTA","START",1',
        '+QIND: "csq",20,99',
        '+QSCRUB: "END"',
        '+QSCRUB: "END",1',
        '+QSCRUB: "END",-0',
        "+CEREG: 0,1",
        "+CSQ: 26,99",
        "RDYX",
        "",
    ],
)
def test_what_is_not_wholly_understood_is_no_urc(line: str) -> None:
    assert decode_urc(line) is None


def test_the_guides_examples_are_the_default_spelling() -> None:
    assert FotaUpdating(1).encode() == '+QIND: "FOTA","UPDATING", 1%'
    assert FotaRestoring(1).encode(PercentStyle.PERCENT) == '+QIND: "FOTA","RESTORE",1%'


def test_the_family_of_the_update_is_complete() -> None:
    assert all(name.__name__.startswith("Fota") for name in FOTA_URCS)
    assert len(FOTA_URCS) == 12
