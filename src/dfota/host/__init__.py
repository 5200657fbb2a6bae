# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What a gateway runs: takes a module at a port through an upgrade; never imports the modem.

``Session`` drives the procedures (``upgrade``, ``examine``) over a port; the procedures are
sans-I/O and are tested with bytes and numbers alone.
"""

from __future__ import annotations

from dfota.host.checks import AccessPoint, PackageFacts
from dfota.host.dialogue import (
    Answer,
    Ask,
    Dialogue,
    ForgetUrcs,
    Happened,
    Keep,
    Keeper,
    Listen,
    Now,
    Procedure,
    ReceiveData,
    Report,
    SendData,
)
from dfota.host.events import (
    CheckResult,
    CheckStatus,
    Downloaded,
    Examined,
    HostEvent,
    Identified,
    ModuleRestarted,
    Phase,
    PhaseEntered,
    PhaseTime,
    PortLost,
    PortReturned,
    Progressed,
    RevisionRead,
    UpgradeContinued,
    Upgraded,
    UpgradeFound,
    UpgradeStarted,
    Uploaded,
)
from dfota.host.files import (
    CA_FILE,
    CLIENT_CERTIFICATE_FILE,
    CLIENT_KEY_FILE,
    PACKAGE_FILE,
    upload_file,
)
from dfota.host.identity import get_attention
from dfota.host.kinds import BG96, KINDS, LocalForm, ModuleKind, kind_of
from dfota.host.module_files import (
    ModuleFile,
    ModuleSpace,
    delete_file,
    download_file,
    file_space,
    list_files,
)
from dfota.host.phases import TRANSITIONS, TimeLimits
from dfota.host.records import UpgradeRecord
from dfota.host.session import Session
from dfota.host.surroundings import PortHolder, ServerFacts, Surroundings
from dfota.host.transcript import Transcript
from dfota.host.transport import BAUDRATE, OpenTransport, SerialxTransport, Transport
from dfota.host.upgrade import Plan, examine, upgrade

__all__ = [
    "BAUDRATE",
    "BG96",
    "CA_FILE",
    "CLIENT_CERTIFICATE_FILE",
    "CLIENT_KEY_FILE",
    "KINDS",
    "PACKAGE_FILE",
    "TRANSITIONS",
    "AccessPoint",
    "Answer",
    "Ask",
    "CheckResult",
    "CheckStatus",
    "Dialogue",
    "Downloaded",
    "Examined",
    "ForgetUrcs",
    "Happened",
    "HostEvent",
    "Identified",
    "Keep",
    "Keeper",
    "Listen",
    "LocalForm",
    "ModuleFile",
    "ModuleKind",
    "ModuleRestarted",
    "ModuleSpace",
    "Now",
    "OpenTransport",
    "PackageFacts",
    "Phase",
    "PhaseEntered",
    "PhaseTime",
    "Plan",
    "PortHolder",
    "PortLost",
    "PortReturned",
    "Procedure",
    "Progressed",
    "ReceiveData",
    "Report",
    "RevisionRead",
    "SendData",
    "SerialxTransport",
    "ServerFacts",
    "Session",
    "Surroundings",
    "TimeLimits",
    "Transcript",
    "Transport",
    "UpgradeContinued",
    "UpgradeFound",
    "UpgradeRecord",
    "UpgradeStarted",
    "Upgraded",
    "Uploaded",
    "delete_file",
    "download_file",
    "examine",
    "file_space",
    "get_attention",
    "kind_of",
    "list_files",
    "upgrade",
    "upload_file",
]
