# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The module inside another program: bytes and time in, bytes out."""

from __future__ import annotations

import pytest

from dfota.errors import MisuseError
from dfota.modem import BG96, MemoryState, Power, Speed, Trust, VirtualModule, with_settings
from dfota.modem.embedding import UNREAD_MAX_BYTES, CollectedWrites

OK = b"\r\nOK\r\n"


@pytest.fixture
def module(lab):
    made = VirtualModule.in_memory(lab.old, trust=Trust((lab.key.public_key,)))
    made.power_on()
    made.elapse(30)
    return made


def test_bytes_go_in_and_bytes_come_out(module):
    assert module.feed(b"AT+CSQ\r") == b"AT+CSQ\r\r\n+CSQ: 26,99\r\n\r\nOK\r\n"
    assert module.feed(b"ATE0\r") == b"ATE0\r" + OK
    assert [module.feed(bytes((byte,))) for byte in b"AT\r"] == [b"", b"", OK]


def test_the_boot_takes_its_time_on_the_callers_clock(lab):
    module = VirtualModule.in_memory(lab.old)
    assert module.feed(b"AT\r") == b""  # it is off
    module.power_on()
    assert module.elapse(4.8) == b""
    assert module.elapse(0.2) == b"\r\nRDY\r\n"
    assert module.elapse(30).startswith(b"\r\n+CFUN: 1\r\n\r\nAPP RDY\r\n")
    assert module.timeline.now == 35.0


def test_at_max_everything_that_is_due_has_happened_when_feed_returns(lab):
    module = VirtualModule.in_memory(lab.old, speed=Speed(None))
    module.power_on()
    assert module.elapse(0).endswith(b"\r\n+QIND: SMS DONE\r\n")
    assert module.feed(b"ATE0;+CFUN=4;+CFUN=1\r") == b"ATE0;+CFUN=4;+CFUN=1\r" + OK
    assert module.feed(b"AT+COPS=?\r").endswith(OK)
    assert module.timeline.now == 0.0


def test_time_may_be_given_with_the_bytes(module):
    module.feed(b"ATE0\r")
    assert module.feed(b"AT+COPS=?\r", now=100.0) == b""
    assert module.feed(b"AT\r", now=110.0) == b""
    late = module.feed(b"", now=121.0)
    assert late.startswith(b"\r\n+COPS: (")
    assert late.endswith(OK + OK)
    assert module.next_deadline() is None
    with pytest.raises(MisuseError, match="already"):
        module.feed(b"AT\r", now=120.0)


def test_what_is_due_before_the_bytes_happens_before_them(module):
    module.feed(b"ATE0\r")
    module.feed(b"AT+CFUN=4\r")
    assert module.feed(b"AT+CFUN?\r", now=module.timeline.now + 5) == (
        OK + b"\r\n+CFUN: 4\r\n\r\nOK\r\n"
    )


def test_ports_have_names_and_each_has_its_own_output(lab):
    module = VirtualModule.in_memory(lab.old, port_names=("usbat", "uart1"))
    module.power_on()
    assert b"RDY" in module.elapse(30)
    assert module.collect("uart1") == b""
    assert module.feed(b"ATE0\r", port="uart1") == b"ATE0\r" + OK
    assert module.feed(b"AT\r", port="uart1") == OK
    assert module.feed(b"AT\r") == b"AT\r" + OK
    with pytest.raises(MisuseError, match="usbat, uart1"):
        module.feed(b"AT\r", port="usbmodem")


def test_writes_can_be_seen_one_by_one(module):
    module.feed(b"")
    module.receive("usbat", b"AT+CSQ\r", module.timeline.now)
    assert module.collect_writes() == [b"AT+CSQ\r", b"\r\n+CSQ: 26,99\r\n\r\nOK\r\n"]
    assert module.collect_writes() == []


def test_waiting_for_something_ends_when_it_is_there_or_at_the_limit(lab):
    module = VirtualModule.in_memory(lab.old)
    module.power_on()
    module.elapse_until(lambda: module.power is Power.RUNNING)
    assert 4 < module.timeline.now < 6
    began = module.timeline.now
    with pytest.raises(TimeoutError, match="7 s"):
        module.elapse_until(lambda: False, limit_s=7)
    assert module.timeline.now == pytest.approx(began + 7)


def test_the_same_calls_give_the_same_bytes_in_every_run(lab, package):
    def run() -> list[bytes]:
        trust = Trust((lab.key.public_key,))
        module = VirtualModule.in_memory(lab.old, trust=trust, profile=with_settings(BG96, []))
        module.power_on()
        heard = [
            module.elapse(30),
            module.feed(b'AT+QFUPL="EUFS:/fota/update.zip",%d,60\r' % len(package)),
        ]
        heard += [module.elapse(0.01), module.feed(package), module.feed(b"AT+QFOTADL=1\r")]
        module.elapse_until(
            lambda: (
                str(module.firmware.revision) == lab.new.revision.text
                and module.radio.is_registered
            )
        )
        return [*heard, module.feed(b"ATE0;+QGMR\r")]

    first, second = run(), run()
    assert first == second
    assert lab.new.revision.text.encode() in first[-1]


def test_a_power_cut_in_memory_is_survived_like_one_on_disk(lab, package):
    from dfota.modem import PowerCut

    module = VirtualModule.in_memory(lab.old, trust=Trust((lab.key.public_key,)))
    file = module.files.begin("EUFS:/fota/update.zip", replaces=True)
    file.write(package)
    file.end()
    module.arm_power_cut(PowerCut.parse("restore:50:tail"))
    module.power_on()
    module.elapse(30)
    module.feed(b"AT+QFOTADL=1\r")
    module.elapse_until(lambda: module.last_cut is not None)
    heard = b""
    assert module.last_cut.phase == "restore"
    module.collect()
    while module.firmware is None or module.firmware.revision != lab.new.revision:
        heard += module.elapse(1)
    assert b"Last upgrade was not finished" in heard
    assert b'"FOTA","END",0' in heard


def test_a_module_with_an_output_of_its_own_collects_nothing(lab):
    heard = []
    module = VirtualModule(MemoryState(lab.old), output=lambda *write: heard.append(write))
    module.power_on()
    with pytest.raises(MisuseError, match="output"):
        module.elapse(30)
    assert heard[0] == ("usbat", b"\r\nRDY\r\n")


def test_of_too_much_that_nobody_collects_the_oldest_is_lost():
    writes = CollectedWrites()
    piece = b"x" * (UNREAD_MAX_BYTES // 4)
    for number in range(9):
        writes("usbat", bytes((number,)) + piece)
    assert [write[0] for write in writes.take("usbat")] == [6, 7, 8]
    assert writes.take("usbat") == []
