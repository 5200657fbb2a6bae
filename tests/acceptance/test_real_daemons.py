# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""ModemManager and oFono, each on a D-Bus of its own, with the virtual module as their modem.

ModemManager takes no pseudo-terminal: those have no entry in /sys. Its own tests give it a
modem through the interface ``org.freedesktop.ModemManager1.Test``, whose ports are
sockets; socat joins such a socket with the module's port. Its plugin is the real one.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
import serial

PATIENCE_S = 60.0
OWN = "+61400000001"
REVISION = "BG96MAR02A07M1G_01.018.01.018"

BUS = """
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>{address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
  </policy>
</busconfig>
"""


def program(name: str, package: str) -> str:
    """Where a program is; skips where it is not installed."""
    places = f"{os.environ['PATH']}:/usr/sbin:/sbin:/usr/lib/polkit-1"
    found = shutil.which(name, path=places)
    if found is None:
        pytest.skip(f"the Debian package {package} is not installed")
    return found


class Daemon:
    """A process whose output is waited for, line by line; killed at the end of the test."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.seen: list[str] = []
        self._changed = threading.Condition()
        self._is_over = False
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=environment,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,))
        self._reader.start()

    def wait_for(self, pattern: str) -> str:
        """The first line that matches, of all that came and will come."""
        with self._changed:
            found: list[str] = []

            def is_there() -> bool:
                found[:] = [line for line in self.seen if re.search(pattern, line)]
                return bool(found) or self._is_over

            self._changed.wait_for(is_there, PATIENCE_S)
            assert found, f"{pattern} did not come: {''.join(self.seen[-30:])}"
            return found[0]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            with self._changed:
                self.seen.append(line)
                self._changed.notify_all()
        with self._changed:
            self._is_over = True
            self._changed.notify_all()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Everything below speaks to the bus of this test."""
    # Abstract, as polkitd gives up being root and then finds nothing in a private folder.
    address = f"unix:abstract=dfota-{os.getpid()}-{tmp_path.name}"
    return {
        **os.environ,
        "LC_ALL": "C",
        "DBUS_SYSTEM_BUS_ADDRESS": address,
        "OFONO_AT_DEBUG": "1",
    }


@pytest.fixture
def start(environment) -> Iterator[Callable[..., Daemon]]:
    """Start a process that lives until the end of the test."""
    with contextlib.ExitStack() as running:

        def start(*command: str) -> Daemon:
            daemon = Daemon(list(command), environment)
            running.callback(daemon.kill)
            return daemon

        yield start


@pytest.fixture
def bus(start, environment, tmp_path: Path) -> None:
    """A system bus of our own."""
    executable = program("dbus-daemon", "dbus")
    (tmp_path / "bus.conf").write_text(BUS.format(address=environment["DBUS_SYSTEM_BUS_ADDRESS"]))
    configuration = f"--config-file={tmp_path}/bus.conf"
    daemon = start(executable, configuration, "--nofork", "--nopidfile", "--print-address")
    daemon.wait_for("^unix:")


@pytest.fixture
def ask(environment) -> Callable[..., str]:
    """Run a program to its end; what it printed."""

    def ask(*command: str, status: int = 0) -> str:
        finished = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=environment,
            timeout=PATIENCE_S,
            check=False,
        )
        assert finished.returncode == status, finished.stdout + finished.stderr
        return finished.stdout

    return ask


# -- ModemManager -----------------------------------------------------------------------


@pytest.fixture
def modem_manager(module_factory, bus, start, ask, tmp_path: Path) -> Daemon:
    """ModemManager with the module behind its Quectel plugin, ready to be asked."""
    executable = program("ModemManager", "modemmanager")
    authority = program("polkitd", "polkitd")
    program("mmcli", "modemmanager")
    module = module_factory(subscriber_number=OWN, service_centre="+61418706700")
    name = f"abstract:dfota-{os.getpid()}-{tmp_path.name}"
    line = start(
        program("socat", "socat"),
        "-d",
        "-d",
        f"ABSTRACT-LISTEN:{name.replace(':', chr(92) + ':')}",
        f"FILE:{module.port},rawer,echo=0",
    )
    line.wait_for("listening on")
    gdbus = program("gdbus", "libglib2.0-bin")
    start(authority, "--no-debug")
    ask(gdbus, "wait", "-y", "--timeout=30", "org.freedesktop.PolicyKit1")
    daemon = start(
        executable,
        "--debug",
        "--no-auto-scan",
        "--test-enable",
        "--test-no-suspend-resume",
        "--test-no-udev",
    )
    daemon.wait_for("service name .* was acquired")
    ask(
        gdbus,
        *("call", "-y", "-d", "org.freedesktop.ModemManager1"),
        *("-o", "/org/freedesktop/ModemManager1"),
        *("-m", "org.freedesktop.ModemManager1.Test.SetProfile"),
        *("bg96", "quectel", f'["{name}"]'),
    )
    daemon.wait_for(r"state changed \(unknown -> disabled\)")
    return daemon


def test_modem_manager_takes_the_module_into_service(modem_manager, ask):
    ask("mmcli", "-m", "any", "--enable")
    modem_manager.wait_for(r"state changed \(enabled -> registered\)")
    modem_manager.wait_for(r"signal quality updated")
    text = ask("mmcli", "-m", "any", "-K")
    facts = dict(re.findall(r"^(\S+) +: (.*)$", text, re.MULTILINE))
    assert facts["modem.generic.manufacturer"] == "Quectel"
    assert facts["modem.generic.model"] == "BG96"
    assert facts["modem.generic.revision"] == "BG96MAR02A07M1G"
    assert facts["modem.generic.state"] == "registered"
    assert facts["modem.generic.plugin"] == "quectel"
    assert facts["modem.3gpp.operator-name"] == "Telstra Mobile Telstra"
    assert facts["modem.3gpp.registration-state"] == "home"
    assert facts["modem.generic.signal-quality.value"] == "80"
    sim = ask("mmcli", "-i", "0", "-K")
    assert "89860025128306012474" in sim
    assert "460023210226023" in sim
    assert REVISION in ask("mmcli", "-m", "any", "--command=AT+QGMR")
    place = ask("mmcli", "-m", "any", "--location-get")
    assert re.search(r"operator mcc: 505", place)
    # The command line of the one, then the message that the module received from itself.
    made = ask("mmcli", "-m", "any", f"--messaging-create-sms=text='There and back',number='{OWN}'")
    path = re.search(r"/SMS/(\d+)", made)[1]
    ask("mmcli", "-s", path, "--send")
    modem_manager.wait_for(r"\+CMTI: ")
    modem_manager.wait_for(r"(SMS|sms).*(part|0A|CMGR)")
    ask("mmcli", "-m", "any", "--disable")
    modem_manager.wait_for(r"-> disabled\)")


# -- oFono ------------------------------------------------------------------------------


def test_ofono_takes_the_module_into_service(module_factory, bus, start, ask, tmp_path):
    """Its modem `phonesim` is any modem behind a TCP port; its file is read from /etc."""
    executable = program("ofonod", "ofono")
    unshare = program("unshare", "util-linux")
    gdbus = program("gdbus", "libglib2.0-bin")
    module = module_factory(subscriber_number=OWN)
    # The emulator that `phonesim` was written for has no echo, and so it switches none off.
    with serial.Serial(module.port, timeout=PATIENCE_S) as port:
        port.write(b"ATE0\r")
        port.read_until(b"OK\r\n")
    line = start(
        program("socat", "socat"),
        *("-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1", f"FILE:{module.port},rawer,echo=0"),
    )
    port = re.search(r":(\d+)\s*$", line.wait_for("listening on"))[1]
    folder = tmp_path / "ofono"
    folder.mkdir()
    (folder / "phonesim.conf").write_text(f"[phonesim]\nAddress=127.0.0.1\nPort={port}\n")
    own_etc = [unshare, "--map-root-user", "--mount"] if os.geteuid() else [unshare, "--mount"]
    # What it kept of earlier runs lies below /var/lib.
    mount = f'mount --bind "{folder}" /etc/ofono && mount -t tmpfs none /var/lib && exec "$@"'
    probe = [*own_etc, "sh", "-c", mount, "sh", "true"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("nothing may be mounted here, so that oFono cannot have a file of its own")
    daemon = start(*own_etc, "sh", "-c", mount, "sh", executable, "-n", "-d")

    def call(path: str, method: str, *arguments: str) -> str:
        return ask(
            gdbus,
            "call",
            "-y",
            "-d",
            "org.ofono",
            "-o",
            path,
            "-m",
            f"org.ofono.{method}",
            *arguments,
        )

    daemon.wait_for(r"phonesim_probe")
    call("/phonesim", "Modem.SetProperty", "Powered", "<true>")
    daemon.wait_for("phonesim_post_sim")
    call("/phonesim", "Modem.SetProperty", "Online", "<true>")
    daemon.wait_for("status 1 tech 8")
    facts = call("/phonesim", "Modem.GetProperties")
    assert "'Model': <'BG96'>" in facts
    network = call("/phonesim", "NetworkRegistration.GetProperties")
    assert "'Technology': <'lte-cat-m1'>" in network
    assert "'Status': <'registered'>" in network
    card = call("/phonesim", "SimManager.GetProperties")
    assert "'CardIdentifier': <'89860025128306012474'>" in card
    call("/phonesim", "MessageManager.SendMessage", OWN, "There and back")
    daemon.wait_for(r"AT\+CNMA")  # the message has come back and was acknowledged
