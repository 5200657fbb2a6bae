# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Door of the modem room: a virtual BG96 that lives in a directory and on a serial port.

``VirtualModule`` is the module without any I/O; ``RunningModule`` runs one in a thread,
``serve_module`` in an event loop. What differs between units is a ``Profile``.
"""

from __future__ import annotations

from dfota.modem.endpoints.places import PortPlace, parse_address
from dfota.modem.lines import HostLines, ModuleLines
from dfota.modem.module import Power, VirtualModule
from dfota.modem.network import (
    Download,
    DownloadRequest,
    Fetch,
    FetchEnd,
    FetchListener,
    FetchRequest,
    HttpError,
    Network,
    NoNetwork,
)
from dfota.modem.power import CutPhase, CutReport, PowerCut
from dfota.modem.profiles import (
    BG96,
    BusyAnswer,
    MissingPackage,
    Profile,
    ResumeStart,
    Setting,
    reference,
    settings,
    with_settings,
)
from dfota.modem.running import RunningModule
from dfota.modem.service import ModuleOptions, ModuleService, serve_module
from dfota.modem.state import StateDirectory
from dfota.modem.timeline import Speed
from dfota.modem.transcript import Direction, TranscriptEntry
from dfota.modem.trust import Trust

__all__ = [
    "BG96",
    "BusyAnswer",
    "CutPhase",
    "CutReport",
    "Direction",
    "Download",
    "DownloadRequest",
    "Fetch",
    "FetchEnd",
    "FetchListener",
    "FetchRequest",
    "HostLines",
    "HttpError",
    "MissingPackage",
    "ModuleLines",
    "ModuleOptions",
    "ModuleService",
    "Network",
    "NoNetwork",
    "PortPlace",
    "Power",
    "PowerCut",
    "Profile",
    "ResumeStart",
    "RunningModule",
    "Setting",
    "Speed",
    "StateDirectory",
    "TranscriptEntry",
    "Trust",
    "VirtualModule",
    "parse_address",
    "reference",
    "serve_module",
    "settings",
    "with_settings",
]
