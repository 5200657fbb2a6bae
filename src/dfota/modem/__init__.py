# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Door of the modem room: a virtual BG96 that lives in a directory and on a serial port.

``VirtualModule`` is the module without any I/O; ``RunningModule`` runs one in a thread,
``serve_module`` in an event loop. What differs between units is a ``Profile``.
"""

from __future__ import annotations

from dfota.modem.async_module import AsyncModule
from dfota.modem.commands_document import render_commands
from dfota.modem.control.client import ControlClient
from dfota.modem.control.place import ControlPlace, read_token
from dfota.modem.download import HttpError
from dfota.modem.endpoints.places import PortPlace, parse_address
from dfota.modem.exchange import Exchange, FetchEnd, FetchListener, FetchRequest
from dfota.modem.lines import HostLines, ModuleLines
from dfota.modem.memory_state import FactoryImage, MemoryState
from dfota.modem.module import VirtualModule
from dfota.modem.network import (
    Closed,
    Connected,
    Dial,
    Failed,
    Link,
    LinkEvent,
    Network,
    NetworkFailure,
    NoNetwork,
    Received,
)
from dfota.modem.options import ModuleOptions
from dfota.modem.power import CutPhase, CutReport, Power, PowerCut
from dfota.modem.profiles import (
    BG96,
    PROFILES,
    BusyAnswer,
    MissingPackage,
    Profile,
    ResumeStart,
    Setting,
    base_of,
    differences_of,
    profile_named,
    reference,
    settings,
    summary_of,
    text_of,
    with_settings,
)
from dfota.modem.replay import ReplayResult, replay
from dfota.modem.running import RunningModule
from dfota.modem.scenario import Scenario, scenario_named
from dfota.modem.scenario import shipped as scenarios
from dfota.modem.scenario_document import control_reference, scenarios_reference
from dfota.modem.service import ModuleService, serve_module
from dfota.modem.state import ModuleState, StateDirectory
from dfota.modem.timeline import Speed
from dfota.modem.transcript import Direction, TranscriptEntry
from dfota.modem.trust import Trust
from dfota.modem.verbs import VERBS, Verb, verb_named

__all__ = [
    "BG96",
    "PROFILES",
    "VERBS",
    "AsyncModule",
    "BusyAnswer",
    "Closed",
    "Connected",
    "ControlClient",
    "ControlPlace",
    "CutPhase",
    "CutReport",
    "Dial",
    "Direction",
    "Exchange",
    "FactoryImage",
    "Failed",
    "FetchEnd",
    "FetchListener",
    "FetchRequest",
    "HostLines",
    "HttpError",
    "Link",
    "LinkEvent",
    "MemoryState",
    "MissingPackage",
    "ModuleLines",
    "ModuleOptions",
    "ModuleService",
    "ModuleState",
    "Network",
    "NetworkFailure",
    "NoNetwork",
    "PortPlace",
    "Power",
    "PowerCut",
    "Profile",
    "Received",
    "ReplayResult",
    "ResumeStart",
    "RunningModule",
    "Scenario",
    "Setting",
    "Speed",
    "StateDirectory",
    "TranscriptEntry",
    "Trust",
    "Verb",
    "VirtualModule",
    "base_of",
    "control_reference",
    "differences_of",
    "parse_address",
    "profile_named",
    "read_token",
    "reference",
    "render_commands",
    "replay",
    "scenario_named",
    "scenarios",
    "scenarios_reference",
    "serve_module",
    "settings",
    "summary_of",
    "text_of",
    "verb_named",
    "with_settings",
]
