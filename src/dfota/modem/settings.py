# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The AT settings of one port, with their factory values; no command is executed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any

from dfota.modem.message_settings import CallSettings, MessageSettings


@dataclass(slots=True)
class PortSettings:
    """What ``AT&F``, ``AT&W``, ``ATZ`` and ``AT&V`` are about (AT manual, tables 2, 16-18).

    The factory value of ``&D`` is 1 in table 16 and 2 in table 2; table 16 is followed.
    """

    e: int = 1
    q: int = 0
    v: int = 1
    x: int = 4
    c: int = 1
    d: int = 1
    s0: int = 0
    s3: int = 13
    s4: int = 10
    s5: int = 8
    s6: int = 2
    s7: int = 0
    s8: int = 2
    s10: int = 15
    cmee: int = 1
    creg: int = 0
    cgreg: int = 0
    cereg: int = 0
    cgerep: int = 0
    cgerep_bfr: int = 0
    dce_by_dte: int = 0
    dte_by_dce: int = 0
    icf_format: int = 3
    icf_parity: int = 3
    cscs: str = "GSM"
    qsimdet: int = 0
    qsimdet_level: int = 0
    qsimstat: int = 0
    qsclk: int = 0
    cusd: int = 0
    messages: MessageSettings = field(default_factory=MessageSettings)
    calls: CallSettings = field(default_factory=CallSettings)

    def stored(self) -> dict[str, int]:
        """The part that ``AT&W`` keeps."""
        return {name: getattr(self, name) for name in (*_STORABLE, *_START_ONLY)}

    def reset(self) -> None:
        """``AT&F``: factory values, as far as table 16 has them (flow control it has not)."""
        for entry in fields(self):
            if entry.name not in _NEVER_RESET:
                setattr(self, entry.name, _factory_value(entry))

    def restore(self, stored: Mapping[str, int] | None) -> None:
        """``ATZ``: what ``AT&W`` kept, else the factory values, as far as table 18 has them."""
        kept = self.restored(stored)
        for name in _STORABLE:
            setattr(self, name, getattr(kept, name))

    @classmethod
    def restored(cls, stored: Mapping[str, int] | None) -> PortSettings:
        """Factory values, overlaid by what ``AT&W`` kept: the settings of a start."""
        settings = cls()
        for name, value in (stored or {}).items():
            if name in _STORABLE or name in _START_ONLY:
                setattr(settings, name, value)
        return settings

    def shown(self) -> tuple[str, ...]:
        """The lines of ``AT&V``."""
        return (
            f"&C: {self.c}",
            f"&D: {self.d}",
            "&F: 0",
            "&W: 0",
            f"E: {self.e}",
            f"Q: {self.q}",
            f"V: {self.v}",
            f"X: {self.x}",
            "Z: 0",
            *(f"{name.upper()}: {getattr(self, name)}" for name in _REGISTERS),
        )


def _factory_value(entry: Field[Any]) -> object:
    return entry.default if entry.default_factory is MISSING else entry.default_factory()


_STORABLE = ("e", "q", "s0", "s7", "s10", "v", "x", "c", "d", "creg", "cgreg", "cereg")
_START_ONLY = ("qsimdet", "qsimdet_level", "qsimstat")
"""Kept by ``AT&W`` (manual, 5.9 and 5.10), but not in the tables of ``ATZ`` and ``AT&F``."""
_NEVER_RESET = ("dce_by_dte", "dte_by_dce", "qsclk", *_START_ONLY)
_REGISTERS = tuple(
    entry.name
    for entry in fields(PortSettings)
    if entry.name[0] == "s" and entry.name[1:].isdigit()
)
