# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that can happen to a module from outside, as data; nothing waits or writes here.

A module is a function of its state at power-on and of these, in order. So whoever keeps
them (``trace``) can let them happen again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from dfota.errors import DfotaError
from dfota.modem.laboratory import perform
from dfota.modem.lines import HostLines
from dfota.modem.module import VirtualModule
from dfota.modem.network import LinkEvent
from dfota.modem.verbs import Facts


class Input(Protocol):
    """One thing that happens to a module."""

    @property
    def is_laboratory(self) -> bool:
        """Whether it reaches a module whose time stands still."""

    def apply(self, module: VirtualModule, now: float) -> None:
        """Let it happen at the instant *now* of the driver's clock."""


Journal = Callable[[int, float, Input], None]
"""Gets each input with the count of ``advance`` calls before it and the driver's time."""


@dataclass(frozen=True, slots=True)
class BytesIn:
    """A host sent *data* to *port*."""

    is_laboratory: ClassVar[bool] = False
    port: str
    data: bytes

    def apply(self, module: VirtualModule, now: float) -> None:
        """Hand the bytes over."""
        module.receive(self.port, self.data, now)


@dataclass(frozen=True, slots=True)
class LinesIn:
    """A host moved its lines at *port*."""

    is_laboratory: ClassVar[bool] = False
    port: str
    lines: HostLines

    def apply(self, module: VirtualModule, now: float) -> None:
        """Move them."""
        module.change_lines(self.port, self.lines, now)


@dataclass(frozen=True, slots=True)
class LinkIn:
    """The network said *event* about the link *number*."""

    is_laboratory: ClassVar[bool] = False
    number: int
    event: LinkEvent

    def apply(self, module: VirtualModule, now: float) -> None:
        """Let the module hear it."""
        module.hear(self.number, self.event, now)


@dataclass(frozen=True, slots=True)
class VerbIn:
    """The laboratory does *verb*; see ``laboratory``.

    Attributes:
        verb: its name.
        given: its parameters.
        on_end: gets the answer, or why it was refused.
    """

    is_laboratory: ClassVar[bool] = True
    verb: str
    given: Facts = field(default_factory=dict)
    on_end: Callable[[Facts | DfotaError], None] = lambda _outcome: None

    def apply(self, module: VirtualModule, now: float) -> None:
        """Do it."""
        try:
            outcome: Facts | DfotaError = perform(module, self.verb, self.given)
        except DfotaError as error:
            outcome = error
        self.on_end(outcome)


@dataclass(frozen=True, slots=True)
class AlarmIn:
    """The laboratory wants to know when *seconds* of the module's time are over.

    It is a timer of the module, so that time does not jump over that instant; a replay
    needs it too, although nobody listens there.
    """

    is_laboratory: ClassVar[bool] = True
    seconds: float
    call: Callable[[], None] = lambda: None

    def apply(self, module: VirtualModule, now: float) -> None:
        """Set it."""
        module.timeline.pace(self.seconds, self.call, is_supply=True)
