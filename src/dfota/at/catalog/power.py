# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Functionality, power saving, supply and temperature, as data only.

References are chapters of the BG96 AT Commands Manual V2.3. It does not say whether a BG96
keeps the settings of power saving; later manuals of the family say it does, at once.
"""

from __future__ import annotations

from dfota.at.command import DERIVED, Command, Saving
from dfota.at.parameters import Integer, Parameter, String

_TIMERS = tuple(
    String(name, 8, min_bytes=8, alphabet="01", optional=True)
    for name in ("periodic_rau", "gprs_ready_timer", "periodic_tau", "active_time")
)
_POWER_SAVING: tuple[Parameter, ...] = (Integer("mode", 0, 1, optional=True), *_TIMERS)

CFUN = Command(
    name="+CFUN",
    summary="Set the functionality (0 minimum, 1 full, 4 no radio), or (1,1) restart the module.",
    reference="2.22",
    test="+CFUN: (0,1,4),(0,1)",
    has_read=True,
    write=(Integer("fun", only=(0, 1, 4)), Integer("rst", 0, 1, default=0)),
    max_response_s=15.0,
    errors=(3,),
    saving=Saving.VOLATILE,
    example=("AT+CFUN?", "+CFUN: 1", "OK"),
)
CPAS = Command(
    name="+CPAS",
    summary="What the module is doing: 0 ready, 3 ringing, 4 in a call.",
    reference="4.1",
    test="+CPAS: (0,3,4)",
    execute=(),
    example=("AT+CPAS", "+CPAS: 0", "OK"),
)
CPSMS = Command(
    name="+CPSMS",
    summary="Power saving mode and the timers that are asked for; without anything: factory.",
    reference="6.8",
    test=DERIVED,
    has_read=True,
    write=_POWER_SAVING,
    saving=Saving.NV,
    example=('AT+CPSMS=1,,,"00000100","00001111"', "OK"),
)
QPSMS = Command(
    name="+QPSMS",
    summary="The same; its read form tells the timers of the network, in seconds.",
    reference="6.9",
    test=DERIVED,
    has_read=True,
    write=_POWER_SAVING,
    saving=Saving.NV,
    example=("AT+QPSMS?", "+QPSMS: 0,,,,", "OK"),
)
CEDRXS = Command(
    name="+CEDRXS",
    summary="Extended idle mode DRX: 0 off, 1 on, 2 on with +CEDRXP, 3 off and forgotten.",
    reference="6.13",
    test=DERIVED,
    has_read=True,
    write=(
        Integer("mode", 0, 3, optional=True),
        Integer("act_type", only=(4, 5), optional=True),
        String("requested_edrx_value", 4, min_bytes=4, alphabet="01", optional=True),
    ),
    saving=Saving.NV,
    example=('AT+CEDRXS=1,4,"0000"', "OK"),
)
CEDRXRDP = Command(
    name="+CEDRXRDP",
    summary="Extended idle mode DRX in this cell; 0 where it is not used.",
    reference="6.14",
    test="",
    execute=(),
    example=("AT+CEDRXRDP", "+CEDRXRDP: 0", "OK"),
)
QPOWD = Command(
    name="+QPOWD",
    summary="Power the module down: 0 at once, 1 in order.",
    reference="11.1",
    test=DERIVED,
    write=(Integer("n", 0, 1),),
    execute=(),
)
CBC = Command(
    name="+CBC",
    summary="Charge of the battery, and supply voltage.",
    reference="11.3",
    test="+CBC: (0-2),(0-100),<voltage>",
    execute=(),
    example=("AT+CBC", "+CBC: 0,50,3800", "OK"),
)
QADC = Command(
    name="+QADC",
    summary="Voltage at an ADC channel, millivolts.",
    reference="11.4",
    test=DERIVED,
    write=(Integer("port", 0, 1),),
    example=("AT+QADC=0", "+QADC: 1,0", "OK"),
)
QSCLK = Command(
    name="+QSCLK",
    summary="Allow sleep: 0 no, 1 as DTR says.",
    reference="11.5",
    test=DERIVED,
    has_read=True,
    write=(Integer("n", 0, 1),),
    saving=Saving.VOLATILE,
    example=("AT+QSCLK?", "+QSCLK: 0", "OK"),
)
QTEMP = Command(
    name="+QTEMP",
    summary="Temperatures of PMIC, oscillator and amplifier.",
    reference="11.6",
    test="",
    execute=(),
    example=("AT+QTEMP", "+QTEMP: 30,30,30", "OK"),
)

POWER = (CFUN, CPAS, CPSMS, QPSMS, CEDRXS, CEDRXRDP, QPOWD, CBC, QADC, QSCLK, QTEMP)
