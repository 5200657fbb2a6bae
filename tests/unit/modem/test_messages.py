# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Short messages as hosts see them: AT manual V2.3, chapter 8 and its examples."""

from __future__ import annotations

import pytest

from dfota.errors import AtParameterError
from dfota.modem.messages import Messages

OWN = "+61400000001"
OK = "\r\nOK\r\n"
PDU = "0051FF00000008000A0500030002016D4B8BD5"
"""The message of the manual's example in 8.10."""
INCOMING = "07911614786007F0040B911614325476F80000628111902143040AE8329BFD4697D9EC37"
"""SCA +61418706700, from +61412345678, 26/18/11 is no date: a time stamp is not judged."""


def compose(bench, command: str, text: str) -> str:
    """Send a command with a prompt, and what is typed there; all that is printed at once."""
    assert bench.send(command.encode() + b"\r") == b""
    bench.wait(0.01)
    assert bench.take() == b"\r\n> "
    return bench.send(text.encode("latin-1")).decode("latin-1")


def write(bench, command: str, text: str) -> str:
    return compose(bench, command, text + "\x1a")


@pytest.fixture
def text_bench(make_bench):
    bench = make_bench(f"subscriber_number={OWN}").boot().quiet()
    bench.ask("AT+CMGF=1")
    return bench


def test_factory_values_are_those_of_the_manual(bench):
    assert bench.ask("AT+CPMS?") == f'\r\n+CPMS: "ME",0,23,"ME",0,23,"ME",0,23\r\n{OK}'
    assert bench.ask('AT+CPMS="SM","SM","SM"') == f"\r\n+CPMS: 0,50,0,50,0,50\r\n{OK}"
    assert bench.ask("AT+CMGF?") == f"\r\n+CMGF: 0\r\n{OK}"
    assert bench.ask("AT+CNMI?") == f"\r\n+CNMI: 2,1,0,0,0\r\n{OK}"
    assert bench.ask("AT+CSMP?") == f"\r\n+CSMP: 17,167,0,0\r\n{OK}"
    assert bench.ask("AT+CSMS?") == f"\r\n+CSMS: 0,1,1,1\r\n{OK}"


def test_factory_reset_brings_the_settings_back(bench):
    for line in ("CMGF=1", "CNMI=1,2,0,1,0", "CSMP=49,10,1,8", "CSMS=1", "CSDH=1", 'CPMS="SM"'):
        bench.ask(f"AT+{line}")
    bench.send(b"AT&FE0\r")
    assert bench.ask("AT+CNMI?") == f"\r\n+CNMI: 2,1,0,0,0\r\n{OK}"
    assert bench.ask("AT+CSMP?;+CMGF?").startswith("\r\n+CSMP: 17,167,0,0\r\n\r\n+CMGF: 0\r\n")
    assert bench.ask("AT+CPMS?") == f'\r\n+CPMS: "ME",0,23,"ME",0,23,"ME",0,23\r\n{OK}'


def test_example_of_writing_and_listing(text_bench):
    text = "This is a test from Quectel"
    assert write(text_bench, 'AT+CMGW="15021012496"', text) == f"\r\n+CMGW: 1\r\n{OK}"
    listed = f'\r\n+CMGL: 1,"STO UNSENT","15021012496",,\r\n{text}\r\n{OK}'
    assert text_bench.ask('AT+CMGL="ALL"') == listed
    text_bench.ask("AT+CSDH=1")
    shown = f'+CMGR: "STO UNSENT","15021012496",,129,17,0,0,167,"+61418706700",145,27\r\n{text}'
    assert text_bench.ask("AT+CMGR=1") == f"\r\n{shown}\r\n{OK}"


def test_example_of_a_pdu(bench):
    assert write(bench, "AT+CMGW=18", PDU) == f"\r\n+CMGW: 1\r\n{OK}"
    assert bench.ask("AT+CMGR=1") == f"\r\n+CMGR: 2,,18\r\n{PDU}\r\n{OK}"
    assert bench.ask("AT+CMGL=4") == f"\r\n+CMGL: 1,2,,18\r\n{PDU}\r\n{OK}"
    assert bench.ask("AT+CMGL=0") == OK


@pytest.mark.parametrize(
    "text",
    [
        PDU[:-2],
        PDU + "00",
        PDU[:-1],
        "",
        "zz" * 19,
        "00" * 19,
        "FF" * 19,
        "0051FF" + "00" * 400,
        "00" + "é" * 18,
    ],
)
def test_a_pdu_that_is_not_whole_is_refused(bench, text):
    assert write(bench, "AT+CMGW=18", text) == "\r\n+CMS ERROR: 304\r\n"
    assert bench.ask("AT") == OK


@pytest.mark.parametrize("length", [17, 19])
def test_a_pdu_has_to_be_as_long_as_announced(bench, length):
    assert write(bench, f"AT+CMGW={length}", PDU) == "\r\n+CMS ERROR: 304\r\n"


def test_escape_sends_nothing_and_says_ok(text_bench):
    assert compose(text_bench, f'AT+CMGS="{OWN}"', "no\x1b") == OK
    text_bench.wait(10)
    assert text_bench.take() == b""
    assert text_bench.ask("AT+CPMS?").startswith('\r\n+CPMS: "ME",0')


def test_message_to_the_own_number_comes_back_and_is_announced(text_bench):
    assert write(text_bench, f'AT+CMGS="{OWN}"', "héllo{") == ""
    text_bench.wait(10)
    assert text_bench.take() == f'\r\n+CMGS: 1\r\n{OK}\r\n+CMTI: "ME",1\r\n'.encode()
    listed = text_bench.ask('AT+CMGL="REC UNREAD"')
    assert listed.startswith(f'\r\n+CMGL: 1,"REC UNREAD","{OWN}",,"')
    assert text_bench.ask('AT+CMGL="REC UNREAD"') == OK
    assert '"REC READ"' in text_bench.ask("AT+CMGR=1")


def test_what_is_typed_behind_the_end_is_the_next_command(text_bench):
    assert compose(text_bench, 'AT+CMGS="123"', "x\x1aAT+CMGF?\r") == ""
    text_bench.wait(3)
    assert text_bench.take() == f"\r\n+CMGS: 1\r\n{OK}\r\n+CMGF: 1\r\n{OK}".encode()


def test_the_prompt_echoes_and_begins_anew_after_each_line(text_bench):
    text_bench.send(b"ATE1\r")
    text_bench.send(b'AT+CMGW="123"\r')
    text_bench.wait(0.01)
    text_bench.take()
    assert text_bench.send(b"a\rb") == b"a\r\n> b"
    assert text_bench.send(b"\x1a") == f"\r\n+CMGW: 1\r\n{OK}".encode()
    text_bench.send(b"ATE0\r")
    assert text_bench.ask("AT+CMGR=1").endswith(f"\r\na\r\nb\r\n{OK}")


def test_sending_needs_a_network_and_reading_a_card(make_bench):
    bench = make_bench().boot().quiet()
    bench.module.world.change("coverage", value=False)
    bench.ask("AT+CMGF=1")
    assert write(bench, 'AT+CMGS="123"', "x") == "\r\n+CMS ERROR: 331\r\n"
    bench.module.world.change("sim", "none")
    bench.wait(1)
    bench.take()
    for line in ('CMGS="123"', 'CMGW="123"', "CPMS?", 'CPMS="SM"', "CMGR=1", "CMGD=1", "CMSS=1"):
        assert bench.ask(f"AT+{line}") == "\r\n+CMS ERROR: 310\r\n"
    assert bench.ask("AT+CSCA?") == "\r\n+CME ERROR: 10\r\n"


def test_errors_follow_the_error_format(bench):
    assert bench.ask("AT+CMGR=7") == "\r\n+CMS ERROR: 321\r\n"
    bench.ask("AT+CMEE=2")
    assert bench.ask("AT+CMGR=7") == "\r\n+CMS ERROR: Invalid memory index\r\n"
    bench.ask("AT+CMEE=0")
    assert bench.ask("AT+CMGR=7") == "\r\nERROR\r\n"


def test_messages_survive_a_power_cut(text_bench):
    text_bench.ask('AT+CSCA="+8613800210500",145')
    write(text_bench, 'AT+CMGW="123"', "kept")
    text_bench.kill()
    text_bench.open()
    text_bench.boot().quiet()
    assert text_bench.ask("AT+CMGF?") == f"\r\n+CMGF: 0\r\n{OK}"
    text_bench.ask("AT+CMGF=1")
    assert text_bench.ask("AT+CMGR=1").endswith(f"\r\nkept\r\n{OK}")
    assert text_bench.ask("AT+CSCA?") == f'\r\n+CSCA: "+8613800210500",145\r\n{OK}'


def test_a_full_storage_takes_nothing_more(make_bench):
    bench = make_bench("sms_me_total=2").boot().quiet()
    bench.ask("AT+CMGF=1")
    for index in (1, 2):
        assert write(bench, 'AT+CMGW="123"', "x") == f"\r\n+CMGW: {index}\r\n{OK}"
    assert write(bench, 'AT+CMGW="123"', "x") == "\r\n+CMS ERROR: 322\r\n"
    bench.ask("AT+CMGD=1")
    assert write(bench, 'AT+CMGW="123"', "x") == f"\r\n+CMGW: 1\r\n{OK}"


def test_indications_tell_of_a_full_storage_and_hide_arrivals(make_bench):
    bench = make_bench("sms_me_total=1").boot().quiet()
    bench.ask('AT+QINDCFG="smsfull",1')
    bench.ask('AT+QINDCFG="smsincoming",0')
    bench.module.part(Messages).receive(bytes.fromhex(INCOMING))
    assert bench.take() == b'\r\n+QIND: "smsfull","ME"\r\n'


def test_deleting_by_status(text_bench):
    messages = text_bench.module.part(Messages)
    for status in ("REC READ", "STO SENT", "STO UNSENT"):
        write(text_bench, f'AT+CMGW="123",129,"{status}"', "x")
    messages.receive(bytes.fromhex(INCOMING))
    text_bench.take()
    assert text_bench.ask("AT+CMGD=?") == f"\r\n+CMGD: (1,2,3,4),(0-4)\r\n{OK}"
    for flag, left in ((1, "2,3,4"), (2, "3,4"), (3, "4"), (4, "")):
        assert text_bench.ask(f"AT+CMGD=1,{flag}") == OK
        assert text_bench.ask("AT+CMGD=?") == f"\r\n+CMGD: ({left}),(0-4)\r\n{OK}"


def test_stored_message_is_sent_and_marked(text_bench):
    write(text_bench, 'AT+CMGW="123"', "Hello")
    assert text_bench.ask("AT+CMSS=1") == ""
    text_bench.wait(3)
    assert text_bench.take() == f"\r\n+CMSS: 1\r\n{OK}".encode()
    assert '"STO SENT"' in text_bench.ask("AT+CMGR=1")
    assert text_bench.ask("AT+CMSS=2") == "\r\n+CMS ERROR: 321\r\n"


def test_a_message_can_be_printed_at_once_and_wants_one_acknowledgement(bench):
    bench.ask("AT+CSMS=1;+CNMI=1,2,0,0,0")
    bench.module.part(Messages).receive(bytes.fromhex(INCOMING))
    assert bench.take() == f"\r\n+CMT: ,28\r\n{INCOMING}\r\n".encode()
    assert bench.ask("AT+CNMA") == OK
    assert bench.ask("AT+CNMA") == "\r\n+CMS ERROR: 340\r\n"
    bench.wait(1)
    bench.ask("AT+CMGF=1;+CSDH=1")
    bench.module.part(Messages).receive(bytes.fromhex(INCOMING))
    line = '+CMT: "+61412345678",,"26/18/11,09:12:34+40",145,4,0,0,"+61418706700",145,10'
    assert bench.take() == f"\r\n{line}\r\nhellohello\r\n".encode()
    assert bench.ask("AT+CPMS?").startswith('\r\n+CPMS: "ME",0')


def test_parts_of_a_long_message(text_bench):
    assert write(text_bench, f'AT+QCMGS="{OWN}",120,1,2', "ABCD") == ""
    text_bench.wait(10)
    assert text_bench.take() == f'\r\n+QCMGS: 1\r\n{OK}\r\n+CMTI: "ME",1\r\n'.encode()
    reply = text_bench.ask("AT+QCMGR=1")
    assert reply.endswith(f",120,1,2\r\nABCD\r\n{OK}")
    assert write(text_bench, f'AT+QCMGS="{OWN}",120,1,2', "x" * 154) == "\r\n+CMS ERROR: 513\r\n"


def test_text_may_be_as_long_as_a_message_and_no_longer(text_bench):
    assert write(text_bench, 'AT+CMGW="123"', "x" * 160) == f"\r\n+CMGW: 1\r\n{OK}"
    assert write(text_bench, 'AT+CMGW="123"', "x" * 161) == "\r\n+CMS ERROR: 513\r\n"
    assert write(text_bench, 'AT+CMGW="123"', "x" * 100_000) == "\r\n+CMS ERROR: 513\r\n"


def test_character_sets_decide_what_typed_bytes_mean(text_bench):
    settings = text_bench.module.ports["usbat"].settings
    settings.cscs = "IRA"
    write(text_bench, 'AT+CMGW="123"', "a@[é")
    text_bench.module.receive("usbat", b"AT+CMGR=1\r", text_bench.now)
    assert text_bench.take().endswith(b"\r\na@[\xe9\r\n\r\nOK\r\n")
    settings.cscs = "GSM"
    text_bench.module.receive("usbat", b"AT+CMGR=1\r", text_bench.now)
    assert text_bench.take().endswith(b"\r\na\x00\x1b\x3c\x05\r\n\r\nOK\r\n")
    settings.cscs = "UCS2"
    assert '"003100320033"' in text_bench.ask("AT+CMGR=1")
    assert text_bench.ask("AT+CMGR=1").endswith(f"\r\n00610040005B00E9\r\n{OK}")
    text_bench.ask("AT+CSMP=17,167,0,8")
    assert write(text_bench, 'AT+CMGW="0031"', "6D4B8BD5") == f"\r\n+CMGW: 2\r\n{OK}"
    assert text_bench.ask("AT+CMGR=2").endswith(f"\r\n6D4B8BD5\r\n{OK}")
    assert write(text_bench, 'AT+CMGW="0031"', "6D4") == "\r\n+CMS ERROR: 305\r\n"


def test_a_restart_ends_the_prompt(text_bench):
    text_bench.send(b'AT+CMGS="123"\r')
    text_bench.wait(0.01)
    text_bench.module.cut_power()
    text_bench.boot().quiet()
    assert text_bench.ask("AT") == OK


def test_a_message_that_is_none_is_refused(bench):
    with pytest.raises(AtParameterError):
        bench.module.part(Messages).receive(b"\x00\x00")


def test_validity_has_to_be_of_the_announced_kind(bench):
    assert bench.ask('AT+CSMP=25,"26/01/02,03:04:05+00",0,0') == OK
    assert bench.ask("AT+CSMP?") == f'\r\n+CSMP: 25,"26/01/02,03:04:05+00",0,0\r\n{OK}'
    assert bench.ask("AT+CSMP=25,167") == "\r\n+CMS ERROR: 302\r\n"
    assert bench.ask("AT+CSMP=17,256") == "\r\n+CMS ERROR: 302\r\n"
    assert bench.ask("AT+CSMP=17,167") == OK
