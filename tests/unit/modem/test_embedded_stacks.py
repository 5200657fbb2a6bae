# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the cellular stacks of microcontrollers send to a BG96, line by line, and wait for.

Each is data: what is sent, and the pattern that must come before patience ends. The order
and the line ends are those of their public sources; none of their code is here.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

OK = r"\r\nOK\r\n"


class Step(NamedTuple):
    """Send *line*; *pattern* has to come within *patience_s*."""

    line: str
    pattern: str = OK
    patience_s: float = 1.0


def steps(*lines: str | tuple[str, str] | tuple[str, str, float]) -> tuple[Step, ...]:
    """A bare line waits for OK."""
    return tuple(Step(line) if isinstance(line, str) else Step(*line) for line in lines)


TINYGSM = steps(
    ("AT", "OK\r\n", 0.2),
    "ATE0",
    "AT+CMEE=2",
    ("ATI", rf"\r\nQuectel\r\nBG96\r\nRevision: \w+\r\n{OK}"),
    ("AT+CPIN?", r"\r\n\+CPIN: READY\r\n"),
    ("AT+CTZU=1", OK),
    ("AT+GSN", r"\r\n\d{15}\r\n"),
    ("AT+QCCID", r"\r\n\+QCCID: \d{20}\r\n"),
    ("AT+CREG?", r"\r\n\+CREG: 0,[15]\r\n"),
    ("AT+COPS?", r'\r\n\+COPS: 0,0,"Telstra Mobile Telstra",8\r\n'),
    ("AT+CSQ", r"\r\n\+CSQ: 26,"),
    ("AT+QIDEACT=1", OK, 40.0),
    ('AT+QICSGP=1,1,"internet","",""', OK),
    ("AT+QIACT=1", OK, 150.0),
    ("AT+CGATT=1", OK, 60.0),
    ("AT+CGATT?", r"\r\n\+CGATT: 1\r\n"),
    ("AT+QIACT?", r'\r\n\+QIACT: 1,1,1,"[0-9.]+"\r\n'),
    ("AT+CGPADDR=1", r'\r\n\+CGPADDR: 1,"?[0-9.]+"?\r\n'),
    ("AT+CBC", r"\r\n\+CBC: 0,\d+,3800\r\n"),
    ("AT+CCLK?", r'\r\n\+CCLK: "\d\d/\d\d/\d\d,\d\d:\d\d:\d\d[+-]\d\d"\r\n'),
    "AT+CMGF=1",
    'AT+CSCS="GSM"',
    ('AT+CMGS="+491701234567"', ">"),
    ("Hello\x1a", f"\\+CMGS: 1\r\n{OK}", 60.0),
    ("AT+CFUN=1,1", OK),
    ("", "APP RDY", 10.0),
)

ZEPHYR_MODEM_CELLULAR = steps(
    "ATE0",
    ("AT+CFUN=4", OK, 10.0),
    "AT+CMEE=1",
    "AT+CREG=1",
    "AT+CGREG=1",
    "AT+CEREG=1",
    ("AT+CREG?", r"\r\n\+CREG: 1,[0-5]\r\n" + OK),
    ("AT+CEREG?", r"\r\n\+CEREG: 1,[0-5]\r\n" + OK),
    ("AT+CGREG?", r"\r\n\+CGREG: 1,[0-5]\r\n" + OK),
    ("AT+CGSN", rf"\r\n\d{{15}}\r\n{OK}"),
    ("AT+CGMM", rf"\r\nBG96\r\n{OK}"),
    ("AT+CGMI", rf"\r\nQuectel\r\n{OK}"),
    ("AT+QGMR", rf"\r\nBG96MAR02A07M1G_01\.018\.01\.018\r\n{OK}"),
    ("AT+CIMI", rf"\r\n\d{{15}}\r\n{OK}"),
    ("AT+QCCID", r"\r\n\+QCCID: \d{20}\r\n"),
    ("AT+CFUN=1", OK, 10.0),
    ("", r"\+CREG: 1\r\n", 60.0),
    ("AT+QPOWD=1", "POWERED DOWN", 65.0),
)

ZEPHYR_QUECTEL_BG9X = steps(
    "ATE0",
    "ATH",
    "AT+CMEE=1",
    ("AT+CGMI", rf"Quectel\r\n{OK}"),
    ("AT+CGMM", rf"BG96\r\n{OK}"),
    ("AT+CGMR", rf"BG96MAR02A07M1G\r\n{OK}"),
    ("AT+CGSN", rf"\d{{15}}\r\n{OK}"),
    ("AT+CIMI", rf"\d{{15}}\r\n{OK}"),
    ("AT+QCCID", r"\+QCCID: \d{20}"),
    'AT+QICSGP=1,1,"internet","","",1',
    ("AT+CSQ", r"\+CSQ: 26,99"),
    ("AT+QIACT=1", OK, 150.0),
)

FREERTOS_CELLULAR = steps(
    "ATE0",
    "ATE0",
    "AT+IFC=0,0",
    'AT+QCFG="band",f,400a0e189f,a0e189f,1',
    'AT+QCFG="nwscanseq",020301,1',
    'AT+QCFG="nwscanmode",0,1',
    'AT+QCFG="iotopmode",2,1',
    ("AT+CFUN=1", OK, 15.0),
    "AT+COPS=3,2",
    "AT+CREG=2",
    "AT+CGREG=2",
    "AT+CEREG=2",
    "AT+CTZR=1",
    ("AT+CPIN?", r"\+CPIN: READY"),
    ("AT+CRSM=176,28486,0,0,17", r"\+CRSM: "),
    ("AT+QCCID", r"\+QCCID: "),
    ("AT+CEREG?", r'\+CEREG: 2,1,"[0-9A-F]+","[0-9A-F]+",8'),
    ("AT+COPS?", r'\+COPS: 0,2,"50501",8'),
    ("AT+QCSQ", r'\+QCSQ: "CAT-M1",-\d+,-\d+,\d+,-\d+'),
    'AT+CGDCONT=1,"IP","internet"',
    'AT+QICSGP=1,1,"internet","","",0',
    ("AT+QIACT=1", OK, 150.0),
    ("AT+CPSMS?", r"\+CPSMS: "),
    ("AT+CEDRXS?", OK),
)

SILICON_LABS_AT = steps(
    "ATE0",
    ("AT+CFUN=0", OK, 15.0),
    'AT+QCFG="nwscanmode",0,1',
    'AT+QCFG="roamservice",2,1',
    'AT+QCFG="nwscanseq",020103,1',
    'AT+QCFG="band",0,0,80,1',
    'AT+QCFG="iotopmode",1,1',
    'AT+QCFG="servicedomain",1,1',
    'AT+CGDCONT=1,"IP","hologram"',
    ("AT+CFUN=1", OK, 15.0),
    ("AT+CREG=1;+CGREG=1;+CEREG=1", OK),
    ("AT+COPS=0", OK, 180.0),
    # Of LTE only NB1 in band 8 is left, so the module is found in the packet network of GSM.
    ("", r"\+CGREG: 1", 60.0),
    ("AT+COPS?", r'\+COPS: 0,0,"Telstra Mobile Telstra",0'),
    ('AT+QICSGP=1,1,"hologram","","",1', OK),
)

MIKROE_LTE_IOT = steps(
    ("ATI", r"Revision: BG96MAR02A07M1G\r\n"),
    "AT+IPR=115200;&W",
    'AT+QCFG="band",0,0,80,1',
    'AT+QCFG="nwscanmode",3,1',
    'AT+QCFG="nwscanseq",030201,1',
    'AT+QCFG="iotopmode",1,1',
    'AT+QCFG="servicedomain",1,1',
    'AT+CGDCONT=1,"IP","internet"',
    ("AT+CFUN=1", OK, 15.0),
    # Only NB1 in band 8 is left of the radio, which this network has not.
    ("AT+CGATT?", r"\+CGATT: 0"),
    ("AT+CEREG?", r"\+CEREG: 0,"),
)

ESPRUINO_PIXL = steps(
    "AT&F0",
    "ATE0",
    ("AT+CPIN?", r"\+CPIN: READY"),
    ("AT+CFUN=4", OK, 15.0),
    'AT+QCFG="nwscanseq",02,1',
    'AT+QCFG="nwscanmode",3,1',
    'AT+QCFG="iotopmode",0,1',
    'AT+QCFG="servicedomain",1,1',
    'AT+CGDCONT=1,"IP","em",,',
    ("AT+CFUN=1", OK, 15.0),
    "AT+CEREG=2",
)

STACKS = {
    "tinygsm": (TINYGSM, "\r\n"),
    "zephyr-modem-cellular": (ZEPHYR_MODEM_CELLULAR, "\r"),
    "zephyr-quectel-bg9x": (ZEPHYR_QUECTEL_BG9X, "\r"),
    "freertos-cellular": (FREERTOS_CELLULAR, "\r\n"),
    "silicon-labs-at": (SILICON_LABS_AT, "\r"),
    "mikroe-lte-iot": (MIKROE_LTE_IOT, "\r"),
    "espruino-pixl": (ESPRUINO_PIXL, "\r\n"),
}


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("pieces", ["whole lines", "byte by byte"])
def test_a_stack_gets_what_it_waits_for(make_bench, stack, pieces):
    script, line_end = STACKS[stack]
    bench = make_bench().boot()
    size = 1 if pieces == "byte by byte" else 4096
    for step in script:
        text = step.line
        if text and not text.endswith("\x1a"):
            text += line_end
        data = text.encode()
        for start in range(0, len(data), size):
            bench.module.receive("usbat", data[start : start + size], bench.now)
            bench.wait(0.0001)
        seen = bytearray()

        def has_come(seen: bytearray = seen, pattern: str = step.pattern) -> bool:
            seen += bench.take()
            return re.search(pattern, seen.decode("latin-1")) is not None

        bench.run(until=has_come, limit_s=step.patience_s)
        assert has_come(), (step, bytes(seen))
        bench.wait(0.1)
        bench.take()
