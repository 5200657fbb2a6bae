# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever a host sends, in pieces of any size, the module neither dies nor forgets itself."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dfota.at import COMMANDS
from dfota.modem import Power

NAMES = sorted(COMMANDS)
FIELD = st.one_of(
    st.integers(-1, 70_000).map(str),
    st.text(st.characters(codec="ascii"), max_size=90).map(lambda text: f'"{text}"'),
    st.sampled_from(['"', "", "*", '"*"', '"UFS:x"', '"EUFS:/fota/update.zip"', '"fota_apn"']),
)
LINE = st.builds(
    lambda name, mark, fields: f"AT{name}{mark}{','.join(fields)}".encode("ascii", "replace"),
    st.sampled_from(NAMES),
    st.sampled_from(["", "?", "=?", "=", ";"]),
    st.lists(FIELD, max_size=5),
)
CHUNK = st.one_of(
    LINE.map(lambda line: line + b"\r"),
    LINE,
    st.binary(max_size=80),
    st.sampled_from([b"\r", b"\n", b"A/", b"+++", b"\x08", b"\x00\xff", b"AT", b"at\r\n"]),
)


@pytest.fixture
def victim(make_bench):
    return make_bench("command_line_max_bytes=512")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(chunks=st.lists(st.tuples(CHUNK, st.floats(0, 3)), max_size=12))
def test_no_input_harms_the_module(victim, chunks):
    victim.module.power_on()
    victim.run(until=lambda: victim.module.power is Power.RUNNING)
    for chunk, pause in chunks:
        victim.module.receive("usbat", chunk, victim.now)
        victim.wait(pause)
    victim.wait(100_000)  # uploads give up, restarts end
    victim.module.cut_power()
    victim.module.power_on()
    victim.run(until=lambda: victim.module.radio.is_registered)
    victim.take()
    victim.module.receive("usbat", b"AT&FE0\r", victim.now)
    victim.take()
    victim.module.receive("usbat", b"AT+QGMR\r", victim.now)
    assert victim.take() == b"\r\nBG96MAR02A07M1G_01.018.01.018\r\n\r\nOK\r\n"


def test_a_flood_of_lines_leaves_the_driver_its_turn(victim):
    victim.module.power_on()
    victim.run(until=lambda: victim.module.radio.is_registered)
    victim.send(b"ATE0\r")
    victim.take()
    victim.module.receive("usbat", b"A/" * 1000, victim.now)
    first = victim.take().count(b"OK")
    assert 0 < first < 100
    assert victim.module.next_deadline() == victim.now
    victim.run()
    assert first + victim.take().count(b"OK") == 1000
