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
    FolderRefused,
    HostEvent,
    Identified,
    KindChosen,
    ModulePoweredDown,
    ModuleRestarted,
    PackageLeft,
    PackageRemoved,
    Phase,
    PhaseEntered,
    PhaseTime,
    PortLost,
    PortReturned,
    Progressed,
    RevisionRead,
    SettingChanged,
    SettingLeft,
    SettingRestored,
    UpgradeContinued,
    Upgraded,
    UpgradeFound,
    UpgradeResumed,
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
from dfota.host.plan import PORT_ROLES, Plan
from dfota.host.record_file import (
    RecordFile,
    list_records,
    read_record,
    record_folder,
    record_path,
)
from dfota.host.records import UpgradeRecord
from dfota.host.rehearsal import PlannedLine, is_question, rehearse
from dfota.host.resume import put_back, resume
from dfota.host.session import Session
from dfota.host.surroundings import PortHolder, ServerFacts, Surroundings
from dfota.host.transcript import Transcript
from dfota.host.transport import BAUDRATE, OpenTransport, SerialxTransport, Transport
from dfota.host.upgrade import examine, upgrade

__all__ = [
    "BAUDRATE",
    "BG96",
    "CA_FILE",
    "CLIENT_CERTIFICATE_FILE",
    "CLIENT_KEY_FILE",
    "KINDS",
    "PACKAGE_FILE",
    "PORT_ROLES",
    "TRANSITIONS",
    "AccessPoint",
    "Answer",
    "Ask",
    "CheckResult",
    "CheckStatus",
    "Dialogue",
    "Downloaded",
    "Examined",
    "FolderRefused",
    "ForgetUrcs",
    "Happened",
    "HostEvent",
    "Identified",
    "Keep",
    "Keeper",
    "KindChosen",
    "Listen",
    "LocalForm",
    "ModuleFile",
    "ModuleKind",
    "ModulePoweredDown",
    "ModuleRestarted",
    "ModuleSpace",
    "Now",
    "OpenTransport",
    "PackageFacts",
    "PackageLeft",
    "PackageRemoved",
    "Phase",
    "PhaseEntered",
    "PhaseTime",
    "Plan",
    "PlannedLine",
    "PortHolder",
    "PortLost",
    "PortReturned",
    "Procedure",
    "Progressed",
    "ReceiveData",
    "RecordFile",
    "Report",
    "RevisionRead",
    "SendData",
    "SerialxTransport",
    "ServerFacts",
    "Session",
    "SettingChanged",
    "SettingLeft",
    "SettingRestored",
    "Surroundings",
    "TimeLimits",
    "Transcript",
    "Transport",
    "UpgradeContinued",
    "UpgradeFound",
    "UpgradeRecord",
    "UpgradeResumed",
    "UpgradeStarted",
    "Upgraded",
    "Uploaded",
    "delete_file",
    "download_file",
    "examine",
    "file_space",
    "get_attention",
    "is_question",
    "kind_of",
    "list_files",
    "list_records",
    "put_back",
    "read_record",
    "record_folder",
    "record_path",
    "rehearse",
    "resume",
    "upgrade",
    "upload_file",
]
