# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Which serial ports this computer has, what they are for, and who holds them; nothing is sent.

USB numbers and roles are those of the hardware manuals and of ModemManager's udev rules.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import serialx

from dfota.errors import PortBusyError, PortError
from dfota.host.plain_text import plain_text
from dfota.host.port_lock import PortLock
from dfota.host.surroundings import PortHolder

MODULE_VENDOR = 0x2C7C
"""USB vendor number of the modules."""

_VENDOR_PREFIX = f"{MODULE_VENDOR:04x}:"

_PRODUCTS: Mapping[int, str] = MappingProxyType(
    {
        0x0121: "EC21",
        0x0125: "EC25",
        0x0191: "EG91",
        0x0195: "EG95",
        0x0296: "BG96",
        0x0306: "EP06, EG06 or EM06",
        0x0512: "EG12 or EG18",
        0x0700: "BG95",
        0x6001: "EC100Y",
        0x6002: "EC200S, EC600S or EG912Y",
        0x6005: "EC200A",
        0x6026: "EC200T",
        0x6120: "EC200U or EG915U",
    }
)
_ROLES: Mapping[int, str] = MappingProxyType({0: "diagnostics", 1: "NMEA", 2: "AT", 3: "modem"})
"""Interface number → role, of the modules with a Qualcomm chip (BG96 hardware design, 3.8)."""

_LOCK_FOLDER = Path("/var/lock")
_PROC = Path("/proc")
_TEXT_MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class PortFacts:
    """A serial port of this computer.

    Attributes:
        port: its lasting name where there is one (``/dev/serial/by-id/…``), else its device.
        device: e.g. ``/dev/ttyUSB2``.
        usb: ``2c7c:0296``; empty for a port that is not on USB.
        product: what the numbers or the device itself say it is.
        serial_number: of the USB device, or empty.
        role: ``AT``, ``modem``, ``NMEA`` or ``diagnostics``; empty where it is not known.
        holders: who has it.
    """

    port: str
    device: str
    usb: str = ""
    product: str = ""
    serial_number: str = ""
    role: str = ""
    holders: tuple[PortHolder, ...] = ()


def list_ports(
    *,
    listed: Callable[[], list[serialx.SerialPortInfo]] = serialx.list_serial_ports,
    proc: Path = _PROC,
    lock_folder: Path = _LOCK_FOLDER,
    with_holders: bool = True,
) -> list[PortFacts]:
    """All serial ports of this computer, by device.

    Args:
        listed: gives what the operating system knows.
        proc: the process file system.
        lock_folder: where programs of the old school put ``LCK..ttyUSB2``.
        with_holders: whether to look who has each: that walks through all processes.
    """
    found = [_facts(info) for info in listed()]
    if with_holders:
        found = [
            replace(
                facts,
                holders=holders_of(
                    facts.device,
                    proc=proc,
                    lock_folder=lock_folder,
                    is_usb=facts.usb.startswith(_VENDOR_PREFIX),
                ),
            )
            for facts in found
        ]
    return sorted(found, key=lambda facts: facts.device)


def _facts(info: serialx.SerialPortInfo) -> PortFacts:
    is_ours = info.vid == MODULE_VENDOR
    usb = "" if info.vid is None or info.pid is None else f"{info.vid:04x}:{info.pid:04x}"
    known = _PRODUCTS.get(info.pid or 0, "") if is_ours else ""
    role = ""
    # The chips of the later series number their interfaces differently, each in its own way.
    if is_ours and (info.pid or 0) < 0x6000 and info.interface_num is not None:
        role = _ROLES.get(info.interface_num, "")
    return PortFacts(
        port=info.device,
        device=info.resolved_device,
        usb=usb,
        product=known or plain_text(info.product or ""),
        serial_number=plain_text(info.serial_number or ""),
        role=role,
    )


def holders_of(
    port: str,
    *,
    proc: Path = _PROC,
    lock_folder: Path = _LOCK_FOLDER,
    is_usb: bool | None = None,
) -> tuple[PortHolder, ...]:
    """Who else has *port* open, has locked it, or would take it at any moment.

    Processes of other users hide what they have open from everybody but root: of those only
    ModemManager and a getty are noticed, by their names.

    Args:
        port: a device, a pseudo-terminal, ``socket://…`` or ``rfc2217://…``.
        proc: the process file system.
        lock_folder: where ``LCK..ttyUSB2`` would be.
        is_usb: whether it is a module's USB port; ``None``: judge by the name.
    """
    if "://" in port:
        return _holders_of_url(port)
    device = os.path.realpath(port)
    name = os.path.basename(device)
    looks_usb = "ttyUSB" in name or "ttyACM" in name
    found: dict[int, PortHolder] = {}
    for pid, command in _processes(proc):
        program = command[0].rpartition("/")[2] if command else ""
        if pid == os.getpid():
            continue
        if (
            _has_open(proc / str(pid), device)
            or (program == "ModemManager" and (looks_usb if is_usb is None else is_usb))
            or ("getty" in program and name in command)
        ):
            found[pid] = _holder(pid, _program_of(command), name)
    pid = _locked_by(lock_folder / f"LCK..{name}", proc)
    if pid and pid not in found and pid != os.getpid():
        found[pid] = _holder(pid, _program_of(_command_of(proc / str(pid))) or "a program", name)
    return tuple(found.values())


def _holders_of_url(url: str) -> tuple[PortHolder, ...]:
    try:
        PortLock(url).close()
    except PortBusyError as error:
        return (_holder(error.pid, error.holder, url),)
    except PortError:
        return ()
    return ()


def _holder(pid: int, program: str, name: str) -> PortHolder:
    if program == "ModemManager":
        remedy = "sudo systemctl stop ModemManager"
    elif "getty" in program:
        remedy = f"sudo systemctl stop serial-getty@{name}.service"
    elif program == "dfota":
        remedy = f"wait for the other dfota, or stop it: kill -INT {pid}"
    else:
        remedy = f"end {program or 'it'}, or: kill {pid}"
    return PortHolder(pid, program, remedy)


def _processes(proc: Path) -> Iterator[tuple[int, list[str]]]:
    with contextlib.suppress(OSError):
        for folder in proc.iterdir():
            if folder.name.isdigit():
                yield int(folder.name), _command_of(folder)


def _command_of(folder: Path) -> list[str]:
    try:
        with (folder / "cmdline").open("rb") as stream:
            data = stream.read(_TEXT_MAX_BYTES)
    except OSError:
        return []
    return [part.decode("utf-8", "replace") for part in data.split(b"\0") if part]


def _program_of(command: list[str]) -> str:
    """The name of a program for a person: of a script its own, not that of its interpreter."""
    names = [part.rpartition("/")[2] for part in command]
    if not names:
        return ""
    if names[0].startswith("python"):
        if "dfota" in names[1:4]:
            return "dfota"
        script = next((name for name in names[1:] if name.endswith(".py")), "")
        return plain_text(script or names[0])
    return plain_text(names[0])


def _has_open(folder: Path, device: str) -> bool:
    """Whether a process has *device* open and is not the far end of that pseudo-terminal."""
    has_open = False
    try:
        for entry in (folder / "fd").iterdir():
            target = os.readlink(entry)
            if target == device:
                has_open = True
            elif target.endswith("/ptmx") and device.startswith("/dev/pts/"):
                index = device.rpartition("/")[2]
                fdinfo = (folder / "fdinfo" / entry.name).read_text()
                if f"tty-index:\t{index}\n" in fdinfo:
                    return False
    except OSError:
        return has_open
    return has_open


def _locked_by(path: Path, proc: Path) -> int:
    """The living process that a lock file names (Filesystem Hierarchy Standard, 5.9)."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return 0
        with path.open("rb") as stream:
            text = stream.read(64).decode("ascii", "replace").strip()
    except OSError:
        return 0
    pid = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0
    return pid if pid and (proc / str(pid)).exists() else 0
