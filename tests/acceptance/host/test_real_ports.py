# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The real host at real ports: pseudo-terminal, TCP, RFC 2217; nginx as the package server.

What is swept on the virtual clock is shown here a few times with real sockets, processes,
``kill -9`` and a second program that holds the port.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from virtual_bench import KEY, REVISIONS, old_and_package

from dfota.errors import (
    CheckFailedError,
    DownloadFailedError,
    InstallFailedError,
    PortBusyError,
    RevisionMismatchError,
)
from dfota.host import (
    Plan,
    SerialxTransport,
    Session,
    Surroundings,
    TimeLimits,
    UpgradeRecord,
    holders_of,
    upgrade,
)
from dfota.host.server_probe import probe_server
from dfota.modem import (
    ModuleOptions,
    PortPlace,
    PowerCut,
    RunningModule,
    Speed,
    Trust,
    profile_named,
    with_settings,
)
from dfota.testing import (
    Behaviour,
    ByteByByte,
    Chatty,
    FakePackageServer,
    InTurn,
    MisbehavingTransport,
    Torn,
    make_certificates,
)
from dfota.values import FirmwareVersion

MODEL, OLD, NEW = REVISIONS["bg96"]
TRANSPORTS = ["pty", "tcp", "rfc2217"]
FAST = Speed(20.0)


def place(transport: str, link: Path) -> PortPlace:
    address = ("127.0.0.1", 0)
    if transport == "pty":
        # A link: when the port vanishes and comes back, another program may have got its number.
        return PortPlace("usbat", pty=link)
    if transport == "tcp":
        return PortPlace("usbat", tcp=address)
    return PortPlace("usbat", rfc2217=address)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., RunningModule]]:
    """Makes modules in threads of their own."""
    with contextlib.ExitStack() as modules:

        def make(transport: str, *, speed: Speed = FAST, kind: str = "bg96") -> RunningModule:
            options = ModuleOptions(
                firmware=old_and_package(kind)[0],
                profile=with_settings(profile_named(kind), ("power_on_after_s=2",)),
                trust=Trust((KEY.public_key,)),
                speed=speed,
                ports=(place(transport, tmp_path / "tty"),),
            )
            module = modules.enter_context(RunningModule(options))
            module.wait_running(30)
            return module

        yield make


class Host:
    """The library at one real port, with its records."""

    def __init__(self, port: str, mischief=None) -> None:
        self.records: list[UpgradeRecord] = []
        self.port = port
        self.mischief = mischief

    def open(self):
        transport = SerialxTransport(self.port)
        return (
            transport if self.mischief is None else MisbehavingTransport(transport, self.mischief())
        )

    def run(self, procedure):
        with Session(self.open, port=self.port, keep=self.records.append) as session:
            return session.run(procedure)


def local_plan(kind: str = "bg96") -> Plan:
    return Plan(
        package=old_and_package(kind)[1],
        expected=FirmwareVersion(REVISIONS[kind][2]),
        limits=TimeLimits(restarted_s=3.0, poll_s=1.0),
    )


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_upgrade_from_a_package_at_hand_over_each_port(running, transport: str) -> None:
    module = running(transport)
    assert Host(module.port).run(upgrade(local_plan())).revision_after == NEW
    assert module.wait_running(30).revision.text == NEW


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_upgrade_from_a_server_over_each_port(running, transport: str) -> None:
    module = running(transport)
    with FakePackageServer({"update.zip": old_and_package("bg96")[1]}) as server:
        plan = Plan(url=server.url_for("update.zip"), expected=FirmwareVersion(NEW))
        assert Host(module.port).run(upgrade(plan)).revision_after == NEW
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("transport", "cut"),
    [("pty", "updating:40"), *((name, "restore:60") for name in TRANSPORTS)],
)
def test_fault_01_a_power_cut_over_each_port(running, transport: str, cut: str) -> None:
    module = running(transport)
    module.arm_power_cut(PowerCut.parse(cut))
    host = Host(module.port)
    if cut.startswith("restore"):
        assert host.run(upgrade(local_plan())).revision_after == NEW
    else:
        with pytest.raises(RevisionMismatchError):
            host.run(upgrade(local_plan()))
        assert module.wait_running(30).revision.text == OLD
    assert host.records[-1].is_ended
    assert module.last_cut is not None


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_fault_03_a_package_that_will_not_do_over_each_port(running, transport: str) -> None:
    module = running(transport)
    good = old_and_package("bg96")[1]
    plan = Plan(package=good[:500] + b"\xff" + good[501:], expected=FirmwareVersion(NEW))
    with pytest.raises(InstallFailedError) as caught:
        Host(module.port).run(upgrade(plan))
    assert caught.value.err == 506


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_fault_04_a_server_that_redirects_over_each_port(running, transport: str) -> None:
    module = running(transport)
    with FakePackageServer({"update.zip": b"x"}) as server:
        server.behave(Behaviour(status=302, location="http://elsewhere.example/"))
        plan = Plan(url=server.url_for("update.zip"), expected=FirmwareVersion(NEW))
        with pytest.raises(DownloadFailedError) as caught:
            Host(module.port).run(upgrade(plan))
    assert caught.value.http_err == 703


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_misbehaving_road_over_each_port(running, transport: str) -> None:
    module = running(transport)
    host = Host(module.port, lambda: InTurn(Chatty(4), Torn(9), ByteByByte()))
    assert host.run(upgrade(local_plan())).revision_after == NEW


@pytest.mark.parametrize("kind", ["ec2x", "std-a"])
def test_kin_over_a_pseudo_terminal(running, kind: str) -> None:
    module = running("pty", kind=kind)
    assert Host(module.port).run(upgrade(local_plan(kind))).revision_after == REVISIONS[kind][2]


# -- kill -9 -------------------------------------------------------------------------------------


@pytest.mark.parametrize("heard", ["UPDATING", "RESTORE"])
def test_kill_9_of_the_command_and_resume(running, tmp_path: Path, heard: str) -> None:
    """Nothing of the first process is left but its state file."""
    module = running("pty", speed=Speed(8.0))
    package = tmp_path / "update.zip"
    package.write_bytes(old_and_package("bg96")[1])
    transcript = tmp_path / "first.txt"
    command = [sys.executable, "-m", "dfota", "upgrade", module.port]
    state = ["--state-file", str(tmp_path / "state.json")]
    first = subprocess.Popen(
        [*command, str(package), *state, "--transcript", str(transcript)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 60
    while heard not in (transcript.read_text() if transcript.exists() else ""):
        assert first.poll() is None
        assert time.monotonic() < until
        with contextlib.suppress(subprocess.TimeoutExpired):
            first.wait(timeout=0.01)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = tmp_path / "second.txt"
    done = subprocess.run(
        [*command, str(package), *state, "--resume", "--transcript", str(second)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert module.wait_running(30).revision.text == NEW
    sent = [
        line
        for path in (transcript, second)
        for line in path.read_text().splitlines()
        if "> AT+QFOTADL" in line
    ]
    assert len(sent) == 1, sent


# -- who holds the port --------------------------------------------------------------------------


def test_a_second_process_that_holds_the_pty_is_named(running) -> None:
    module = running("pty")
    program = (
        "import sys; port = open(sys.argv[1], 'rb', buffering=0); "
        "print('open', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, module.port],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout.readline().strip() == "open"
        assert holder.pid in {entry.pid for entry in holders_of(module.port)}
        said = subprocess.run(
            [sys.executable, "-m", "dfota", "check", module.port, "--url", "http://127.0.0.1:9/x",
             "--skip", "server", "--json"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert str(holder.pid) in said.stdout, said.stdout + said.stderr
    finally:
        holder.stdin.close()
        holder.wait(timeout=10)
        holder.stdout.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_two_dfotas_never_share_a_port(running, transport: str) -> None:
    module = running(transport)
    first = SerialxTransport(module.port)
    try:
        with pytest.raises(PortBusyError):
            SerialxTransport(module.port)
    finally:
        first.close()


# -- nginx ---------------------------------------------------------------------------------------

NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 32; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/packages;
  }}
  server {{
    listen 127.0.0.1:{tls_port} ssl;
    root {folder}/packages;
    ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem;
    ssl_protocols TLSv1.2;
    ssl_ciphers DEFAULT:@SECLEVEL=0;
  }}
}}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Debian's nginx with the package, plain and with an RSA certificate; URLs by scheme."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("the Debian package nginx is not installed")
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "update.zip").write_bytes(old_and_package("bg96")[1])
    make_certificates(tmp_path)
    port, tls_port = free_port(), free_port()
    config = tmp_path / "nginx.conf"
    config.write_text(NGINX.format(folder=tmp_path, port=port, tls_port=tls_port))
    process = subprocess.Popen(
        [program, "-c", str(config), "-p", str(tmp_path), "-e", str(tmp_path / "error.log")],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        wait_for_port(tls_port, process)
        yield {
            "http": f"http://127.0.0.1:{port}/update.zip",
            "https": f"https://127.0.0.1:{tls_port}/update.zip",
            "ca": str(tmp_path / "ca.pem"),
            "log": str(tmp_path / "access.log"),
        }
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)


def wait_for_port(port: int, process: subprocess.Popen) -> None:
    until = time.monotonic() + 20
    while True:
        assert process.poll() is None, process.communicate()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            assert time.monotonic() < until
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.02)
        else:
            return


@pytest.mark.parametrize("scheme", ["http", "https", "https-with-ca"])
def test_nginx_serves_a_whole_upgrade(running, nginx, scheme: str) -> None:
    """The server is asked from here first, as dfota check does, then by the module."""
    url = nginx[scheme.partition("-")[0]]
    ca = Path(nginx["ca"]).read_bytes() if scheme.endswith("ca") else None
    facts = probe_server(url, ca=ca)
    assert facts is not None
    assert (facts.status, facts.failure, facts.ca_failure) == (200, "", "")
    assert facts.speaks_tls12_rsa is (scheme != "http")
    module = running("tcp")
    plan = Plan(
        url=url,
        expected=FirmwareVersion(NEW),
        certificates={"fota_cacert.pem": ca} if ca else {},
        surroundings=Surroundings(server=facts, ca=ca),
    )
    assert Host(module.port).run(upgrade(plan)).revision_after == NEW
    assert '"GET /update.zip' in Path(nginx["log"]).read_text()


def test_nginx_with_a_certificate_of_another_ca_is_refused_by_the_check(running, nginx, tmp_path):
    ca = make_certificates(tmp_path / "other").ca_path.read_bytes()
    facts = probe_server(nginx["https"], ca=ca)
    assert facts is not None
    assert facts.ca_failure
    module = running("tcp")
    plan = Plan(
        url=nginx["https"],
        expected=FirmwareVersion(NEW),
        certificates={"fota_cacert.pem": ca},
        surroundings=Surroundings(server=facts, ca=ca),
    )
    with pytest.raises(CheckFailedError):
        Host(module.port).run(upgrade(plan))
    assert module.wait_running(30).revision.text == OLD
