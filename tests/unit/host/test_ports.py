# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Ports are told with their role and their holders; two updaters never share one."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import serialx

from dfota.errors import PortBusyError, PortError
from dfota.host import PortFacts, SerialxTransport, holders_of, list_ports
from dfota.host.port_lock import PortLock, lock_name

HOLDER = """
import sys
from dfota.host import SerialxTransport
port = SerialxTransport(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


def info(device: str, **given) -> serialx.SerialPortInfo:
    facts = dict.fromkeys(
        ("vid", "pid", "serial_number", "manufacturer", "product", "bcd_device",
         "interface_description", "interface_num")
    )  # fmt: skip
    return serialx.SerialPortInfo(device=device, resolved_device=device, **facts | given)


class Machine:
    """A process file system and a folder of locks, made of files."""

    def __init__(self, root: Path) -> None:
        self.proc = root / "proc"
        self.locks = root / "lock"
        self.proc.mkdir()
        self.locks.mkdir()

    def run(
        self, pid: int, *command: str, opens: tuple[str, ...] = (), tty_index: int = -1
    ) -> None:
        folder = self.proc / str(pid)
        for name in ("fd", "fdinfo"):
            (folder / name).mkdir(parents=True)
        (folder / "cmdline").write_bytes(b"".join(part.encode() + b"\0" for part in command))
        for number, target in enumerate(opens):
            (folder / "fd" / str(number)).symlink_to(target)
            (folder / "fdinfo" / str(number)).write_text(f"pos:\t0\ntty-index:\t{tty_index}\n")

    def holders(self, port: str, **given) -> list[tuple[int, str]]:
        found = holders_of(port, proc=self.proc, lock_folder=self.locks, **given)
        return [(holder.pid, holder.name) for holder in found]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_module_on_usb_is_known_by_its_numbers_and_its_interfaces(machine: Machine) -> None:
    ports = [
        info(f"/dev/ttyUSB{n}", vid=0x2C7C, pid=0x0296, interface_num=n, serial_number="x\x1b[2J")
        for n in (3, 2, 1, 0)
    ]
    ports += [info("/dev/ttyS0"), info("/dev/ttyUSB9", vid=0x0403, pid=0x6001, product="FT232R")]
    found = list_ports(listed=lambda: ports, proc=machine.proc, lock_folder=machine.locks)
    assert [(facts.device, facts.role) for facts in found] == [
        ("/dev/ttyS0", ""),
        ("/dev/ttyUSB0", "diagnostics"),
        ("/dev/ttyUSB1", "NMEA"),
        ("/dev/ttyUSB2", "AT"),
        ("/dev/ttyUSB3", "modem"),
        ("/dev/ttyUSB9", ""),
    ]
    assert found[3] == PortFacts("/dev/ttyUSB2", "/dev/ttyUSB2", "2c7c:0296", "BG96", "x?[2J", "AT")
    assert found[5].product == "FT232R"


def test_a_program_that_has_the_port_open_is_named(machine: Machine) -> None:
    machine.run(71, "/usr/bin/minicom", opens=("/dev/null", "/dev/ttyUSB2"))
    machine.run(72, "/usr/bin/python3", "/opt/poll.py", opens=("/dev/ttyUSB2",))
    machine.run(73, "bash", opens=("/dev/ttyUSB1",))
    assert sorted(machine.holders("/dev/ttyUSB2")) == [(71, "minicom"), (72, "poll.py")]


def test_modem_manager_is_named_though_it_hides_what_it_has_open(machine: Machine) -> None:
    machine.run(9, "/usr/sbin/ModemManager", "--log-level=INFO")
    (holder,) = holders_of("/dev/ttyUSB2", proc=machine.proc, lock_folder=machine.locks)
    assert (holder.pid, holder.name) == (9, "ModemManager")
    assert holder.remedy == "sudo systemctl stop ModemManager"
    assert machine.holders("/dev/ttyAMA0") == []


def test_a_getty_is_named_with_the_unit_to_stop(machine: Machine) -> None:
    machine.run(5, "/sbin/agetty", "--keep-baud", "115200,9600", "ttyS0", "vt220")
    machine.run(6, "/sbin/agetty", "tty1", "linux")
    (holder,) = holders_of("/dev/ttyS0", proc=machine.proc, lock_folder=machine.locks)
    assert holder.remedy == "sudo systemctl stop serial-getty@ttyS0.service"


def test_a_lock_file_counts_while_its_process_lives(machine: Machine) -> None:
    machine.run(33, "pppd")
    (machine.locks / "LCK..ttyUSB3").write_text("        33\n")
    (machine.locks / "LCK..ttyUSB2").write_text("        34\n")
    (machine.locks / "LCK..ttyUSB1").write_bytes(b"\xff" * 9000)
    assert machine.holders("/dev/ttyUSB3") == [(33, "pppd")]
    assert machine.holders("/dev/ttyUSB2") == []
    assert machine.holders("/dev/ttyUSB1") == []


def test_the_far_end_of_a_pseudo_terminal_is_no_holder(machine: Machine) -> None:
    machine.run(50, "dfota", opens=("/dev/pts/7", "/dev/pts/ptmx"), tty_index=7)
    machine.run(51, "dfota", opens=("/dev/pts/7", "/dev/pts/ptmx"), tty_index=8)
    assert machine.holders("/dev/pts/7") == [(51, "dfota")]


def test_hostile_names_of_processes_are_shown_as_plain_text(machine: Machine) -> None:
    machine.run(8, "/tmp/\x1b[31mred", opens=("/dev/ttyUSB0",))
    assert machine.holders("/dev/ttyUSB0") == [(8, "?[31mred")]


def resolved(host: str, _port: None) -> list[tuple]:
    if host == "nowhere":
        raise OSError
    addresses = {"localhost": ["::1", "127.0.0.1"], "127.0.0.1": ["127.0.0.1"]}
    return [(0, 0, 0, "", (address, 0)) for address in addresses.get(host, ["192.0.2.1"])]


def test_every_spelling_of_a_url_has_one_lock() -> None:
    urls = ("socket://localhost:5000", "rfc2217://127.0.0.1:5000/", "socket://LOCALHOST:5000")
    names = {lock_name(url, resolved) for url in urls}
    assert len(names) == 1
    assert lock_name("socket://localhost:5001", resolved) not in names
    assert lock_name("socket://host:5000", resolved) not in names
    assert lock_name("socket://Nowhere:1", resolved) == lock_name("socket://nowhere:1", resolved)


def test_a_lock_is_held_until_it_is_closed_and_names_its_holder(tmp_path: Path) -> None:
    first = PortLock("socket://h:1", folder=tmp_path)
    with pytest.raises(PortBusyError) as caught:
        PortLock("rfc2217://h:1", folder=tmp_path)
    assert caught.value.pid == os.getpid()
    PortLock("socket://h:2", folder=tmp_path).close()
    first.close()
    first.close()
    PortLock("socket://h:1", folder=tmp_path).close()


def test_a_planted_lock_file_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "locks"
    folder.mkdir()
    (folder / lock_name("socket://h:1")).symlink_to(victim)
    with pytest.raises(PortError):
        PortLock("socket://h:1", folder=folder)
    assert victim.read_text() == "precious"


@pytest.fixture(params=["device", "link"])
def port(request: pytest.FixtureRequest, tmp_path: Path):
    master, slave = pty.openpty()
    name = os.ttyname(slave)
    os.close(slave)
    if request.param == "link":
        (tmp_path / "tty").symlink_to(name)
        yield str(tmp_path / "tty"), name
    else:
        yield name, name
    os.close(master)


def test_two_processes_never_share_a_device(port) -> None:
    shown, device = port
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, device],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(PortBusyError) as caught:
            SerialxTransport(shown)
        assert caught.value.pid == other.pid
        other.communicate("")
    SerialxTransport(shown).close()
