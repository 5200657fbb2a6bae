# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What is around a module and can change at any moment: SIM, cells, supply; no behaviour.

The laboratory (control channel, scenarios, tests) changes facts by name; the module's
rooms read them, and are told of every change. What is written in a fact (``apns``,
``hosts``, …) is taken apart in ``surroundings``.
"""

# ruff: noqa: FBT003, RUF009 - setting() is dataclasses.field, its first argument the default
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from functools import cache
from typing import Any, get_type_hints

from dfota.errors import MisuseError
from dfota.modem.profiles import Profile
from dfota.modem.setting import Setting, setting
from dfota.modem.surroundings import (
    Attitude,
    IpSupport,
    parse_access_points,
    parse_blocked,
    parse_hosts,
    parse_operators,
    parse_own_address,
    parse_technologies,
)

_LAB = "simulation only"

_TEXT_MAX_BYTES = 4096
"""The longest fact; tables of a laboratory are short."""


class Sim(Enum):
    """What is in the SIM holder."""

    READY = "ready"
    """A card that asks for no PIN."""
    NONE = "none"
    """Nothing."""
    PIN = "pin"
    """A card that asks for its PIN at power-on."""
    PUK = "puk"
    """A card whose PIN was entered wrongly too often."""


@dataclass(kw_only=True)
class World:
    """The facts around one module; ``change`` is the one way to alter them.

    Raises:
        MisuseError: a value is outside its range.
    """

    sim: Sim = setting(Sim.READY, "What was put into the SIM holder.", _LAB)
    sim_pin: str = setting("1234", "PIN of that card as it came.", _LAB)
    sim_puk: str = setting("12345678", "PUK of that card.", _LAB)
    sim_pin2: str = setting("5678", "PIN2 of that card as it came.", _LAB)
    sim_puk2: str = setting("87654321", "PUK2 of that card.", _LAB)
    supply_mv: int = setting(3800, "Supply voltage, millivolts.", _LAB)
    adc0_mv: int = setting(0, "Voltage at the ADC channel 0, millivolts.", _LAB)
    adc1_mv: int = setting(0, "Voltage at the ADC channel 1, millivolts.", _LAB)
    temperature: int = setting(30, "Temperature of the module, degrees Celsius.", _LAB)

    ap_ready: bool = setting(
        True, 'Level of the pin AP_READY, true is high; see `AT+QCFG="apready"`.', _LAB
    )

    coverage: bool = setting(True, "Whether any cell can be heard.", _LAB)
    rat: str = setting(
        "cat-m1,cat-nb1,egprs",
        "Technologies of the cells that can be heard, any of `cat-m1`, `cat-nb1`, `egprs`, "
        "`lte`; which one the module uses is a matter of its `AT+QCFG` settings.",
        _LAB,
    )
    registration: Attitude = setting(
        Attitude.HOME, "How the network takes the SIM: at home, roaming, or not at all.", _LAB
    )
    celevel: int = setting(0, "Coverage enhancement level of Cat NB1, 0 to 2.", _LAB)
    rssi: int = setting(26, "`<rssi>` of `AT+CSQ`, 0 to 31 or 99.", _LAB)
    ber: int = setting(99, "`<ber>` of `AT+CSQ`, 0 to 7 or 99.", _LAB)
    rsrp: int = setting(-81, "Reference signal received power, dBm.", _LAB)
    rsrq: int = setting(-10, "Reference signal received quality, dB.", _LAB)
    sinr: int = setting(195, "`<sinr>` of `AT+QCSQ`, 0 to 250 (steps of 0.2 dB from -20).", _LAB)
    area_code: str = setting("FFFE", "`<lac>` and `<tac>`, hexadecimal.", _LAB)
    cell_id: str = setting("82E76B2", "`<ci>`, hexadecimal.", _LAB)
    lte_band: int = setting(28, "Band of the LTE cells.", _LAB)
    lte_channel: int = setting(9410, "Channel of the LTE cells.", _LAB)
    gsm_band: str = setting("GSM 900", "Band of the GSM cells, as `AT+QNWINFO` says it.", _LAB)
    gsm_channel: int = setting(37, "Channel of the GSM cells.", _LAB)
    operators: str = setting(
        "50502 YES OPTUS forbidden,50503 vodafone AU forbidden",
        "Other operators that a search finds: number and name, commas between; `forbidden` "
        "behind those that refuse this SIM.",
        _LAB,
    )

    apns: str = setting(
        "",
        "Access points of the network: `name`, or `name:user:password`, commas between; the "
        "first is what an empty APN means. Empty: every APN is taken.",
        _LAB,
    )
    ip: IpSupport = setting(IpSupport.IPV4V6, "Which addresses the network hands out.", _LAB)
    ip_address: str = setting("10.76.51.180", "IPv4 address of the module.", _LAB)
    ipv6_address: str = setting("2001:db8:4c::b4", "IPv6 address of the module.", _LAB)
    dns_servers: str = setting(
        "203.0.113.53,203.0.113.54", "Name servers that the network assigns.", _LAB
    )
    dns: bool = setting(True, "Whether names are resolved at all.", _LAB)
    hosts: str = setting(
        "",
        "Names with their addresses: `name=address`, commas between; `name=none` does not "
        "exist. Other names are resolved as the computer does it.",
        _LAB,
    )
    blocked: str = setting(
        "",
        "What cannot be reached, commas between: `host`, `host:port` or `:port`; packets "
        "to it vanish.",
        _LAB,
    )
    packets: bool = setting(True, "Whether packets flow while everything looks well.", _LAB)
    downlink_kbit_s: float = setting(0.0, "Rate to the module; 0: what the RAT can do.", _LAB)
    uplink_kbit_s: float = setting(0.0, "Rate from the module; 0: what the RAT can do.", _LAB)
    latency_ms: float = setting(0.0, "Round trip, milliseconds; 0: usual for the RAT.", _LAB)
    loss_period_s: float = setting(
        0.0, "A burst of loss comes once in this time, seconds; 0: never.", _LAB
    )
    loss_burst_s: float = setting(0.0, "How long each burst of loss is, seconds.", _LAB)
    nat_idle_s: float = setting(
        0.0, "A connection that is silent for longer is forgotten by the NAT; 0: never.", _LAB
    )
    network_time: str = setting(
        "26/01/01,00:00:00+00",
        "Local time and zone that the network tells, as it was when the simulation began; "
        "empty: it tells none.",
        _LAB,
    )
    data_cap_bytes: int = setting(0, "Data volume after which packets vanish; 0: no limit.", _LAB)
    data_used_bytes: int = setting(0, "What was used of the data volume so far.", _LAB)

    def __post_init__(self) -> None:
        self._listeners: list[Callable[[str], None]] = []
        for entry in world_facts():
            _check(entry.name, getattr(self, entry.name))

    @classmethod
    def around(cls, profile: Profile) -> World:
        """The world as *profile* describes it at power-on."""
        return cls(
            sim=Sim.READY if profile.sim_inserted else Sim.NONE,
            rssi=profile.rssi,
            ber=profile.ber,
            supply_mv=profile.supply_mv,
            rat=profile.rat,
            apns=profile.network_apn,
            area_code=profile.area_code,
            cell_id=profile.cell_id,
        )

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call *listener* with a fact's name whenever it has changed."""
        self._listeners.append(listener)

    def facts(self) -> dict[str, object]:
        """All facts by name, enumerations as their words."""
        values = {entry.name: getattr(self, entry.name) for entry in world_facts()}
        return {n: v.value if isinstance(v, Enum) else v for n, v in values.items()}

    def fact(self, name: str) -> object:
        """What the fact *name* is now, an enumeration as its word.

        Raises:
            MisuseError: there is no such fact.
        """
        return self.facts()[_fact_named(name).name]

    def change(self, name: str, value: object) -> None:
        """Let the fact *name* be *value*, given as such or as the text of a command line.

        Raises:
            MisuseError: there is no such fact, or it cannot have that value.
        """
        entry = _fact_named(name)
        text = str(value.value) if isinstance(value, Enum) else str(value)
        parsed = entry.parse(text)
        _check(entry.name, parsed)
        if getattr(self, entry.name) == parsed:
            return
        setattr(self, entry.name, parsed)
        for listener in self._listeners:
            listener(entry.name)


@cache
def _kinds() -> Mapping[str, type]:
    """Resolved once: it compiles every annotation, and each module has a world."""
    return get_type_hints(World)


def _fact_named(name: str) -> Setting:
    known = {entry.name: entry for entry in world_facts()}
    entry = known.get(name.replace("-", "_"))
    if entry is None:
        raise MisuseError(f"the world has no {name!r}; it has {', '.join(known)}")
    return entry


def world_facts() -> Iterator[Setting]:
    """Every fact with its meaning, for the reference and for ``change``."""
    kinds = _kinds()
    for entry in fields(World):
        facts: Any = entry.metadata
        yield Setting(
            entry.name, kinds[entry.name], entry.default, facts["meaning"], facts["evidence"]
        )


_RANGES: dict[str, tuple[float, float]] = {
    "rssi": (0, 99),
    "ber": (0, 99),
    "rsrp": (-200, 0),
    "rsrq": (-40, 0),
    "sinr": (0, 250),
    "celevel": (0, 2),
    "supply_mv": (0, 20_000),
    "lte_band": (1, 88),
    "lte_channel": (0, 262_143),
    "gsm_channel": (0, 1023),
    "adc0_mv": (0, 2_000),
    "adc1_mv": (0, 2_000),
    "temperature": (-60, 150),
}

_TABLES: dict[str, Callable[[str], object]] = {
    "rat": parse_technologies,
    "operators": parse_operators,
    "apns": parse_access_points,
    "hosts": parse_hosts,
    "blocked": parse_blocked,
    "ip_address": parse_own_address,
    "ipv6_address": parse_own_address,
}


def _check(name: str, value: object) -> None:
    """Refuse what no part of the module could work with.

    Raises:
        MisuseError: it is outside its range, or text that cannot be read.
    """
    if isinstance(value, bool):
        return
    if isinstance(value, (int, float)):
        low, high = _RANGES.get(name, (0, 2**40))
        if not low <= value <= high:
            raise MisuseError(f"{name} is {low:g} to {high:g}, not {value}")
    elif isinstance(value, str):
        if len(value) > _TEXT_MAX_BYTES or not (value.isascii() and value.isprintable()):
            raise MisuseError(f"{name} is printable ASCII of at most {_TEXT_MAX_BYTES} bytes")
        if '"' in value:
            raise MisuseError(f"{name} has no double quote")
        if name in _TABLES:
            _TABLES[name](value)
