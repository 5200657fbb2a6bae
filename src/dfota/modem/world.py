# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What is around a module and can change at any moment: SIM, cells, supply; no behaviour.

The laboratory (control channel, scenarios, tests) changes facts by name; the module's
rooms read them, and are told of every change.
"""

# ruff: noqa: FBT003, RUF009 - setting() is dataclasses.field, its first argument the default
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, get_type_hints

from dfota.errors import MisuseError
from dfota.modem.profiles import Profile
from dfota.modem.setting import Setting, setting

_LAB = "simulation only"


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
    coverage: bool = setting(True, "Whether any cell can be heard.", _LAB)
    rssi: int = setting(26, "`<rssi>` of `AT+CSQ`, 0 to 31 or 99.", _LAB)
    ber: int = setting(99, "`<ber>` of `AT+CSQ`, 0 to 7 or 99.", _LAB)
    supply_mv: int = setting(3800, "Supply voltage, millivolts.", _LAB)

    def __post_init__(self) -> None:
        self._listeners: list[Callable[[str], None]] = []

    @classmethod
    def around(cls, profile: Profile) -> World:
        """The world as *profile* describes it at power-on."""
        return cls(
            sim=Sim.READY if profile.sim_inserted else Sim.NONE,
            rssi=profile.rssi,
            ber=profile.ber,
            supply_mv=profile.supply_mv,
        )

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call *listener* with a fact's name whenever it has changed."""
        self._listeners.append(listener)

    def facts(self) -> dict[str, object]:
        """All facts by name, enumerations as their words."""
        values = {entry.name: getattr(self, entry.name) for entry in world_facts()}
        return {n: v.value if isinstance(v, Enum) else v for n, v in values.items()}

    def change(self, name: str, value: object) -> None:
        """Let the fact *name* be *value*, given as such or as the text of a command line.

        Raises:
            MisuseError: there is no such fact, or it cannot have that value.
        """
        known = {entry.name: entry for entry in world_facts()}
        entry = known.get(name.replace("-", "_"))
        if entry is None:
            raise MisuseError(f"the world has no {name!r}; it has {', '.join(known)}")
        text = str(value.value) if isinstance(value, Enum) else str(value)
        parsed = entry.parse(text)
        if getattr(self, entry.name) == parsed:
            return
        setattr(self, entry.name, parsed)
        for listener in self._listeners:
            listener(entry.name)


def world_facts() -> Iterator[Setting]:
    """Every fact with its meaning, for the reference and for ``change``."""
    kinds = get_type_hints(World)
    for entry in fields(World):
        facts: Any = entry.metadata
        yield Setting(
            entry.name, kinds[entry.name], entry.default, facts["meaning"], facts["evidence"]
        )
