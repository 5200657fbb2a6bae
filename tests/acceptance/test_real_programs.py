# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Programs of Debian that talk to modems, each run on the virtual module's pseudo-terminal.

Nobody here wrote them. A test skips where its program is not installed; ``.ci/run`` installs
all of them.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

PATIENCE_S = 60.0
OWN = "+61400000001"
REVISION = "BG96MAR02A07M1G_01.018.01.018"

Run = Callable[..., str]


def program(name: str, package: str = "") -> str:
    """Where a program is; skips where it is not installed."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"the Debian package {package or name} is not installed")
    return found


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a program to its end, in a session of its own; what it printed."""

    def run(
        command: Sequence[object],
        *,
        port: str = "",
        typed: str = "",
        status: int | None = 0,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """With *port*, the program's input and output are that terminal."""
        terminal = os.open(port, os.O_RDWR | os.O_NOCTTY) if port else None
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE if terminal is None else terminal,
            stdout=subprocess.PIPE if terminal is None else terminal,
            stderr=subprocess.PIPE if terminal is not None else subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=tmp_path,
            env={**os.environ, "LC_ALL": "C", "HOME": str(tmp_path), **(environment or {})},
            start_new_session=True,
        )
        if terminal is not None:
            os.close(terminal)
        try:
            printed, errors = process.communicate(typed or None, timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        text = (printed or "") + (errors or "")
        assert status is None or process.returncode == status, text
        return text

    return run


@pytest.fixture
def module(module_factory):
    return module_factory(subscriber_number=OWN)


@pytest.fixture
def imei(module) -> str:
    """What ``AT+GSN`` says, read by us."""
    fd = os.open(module.port, os.O_RDWR | os.O_NOCTTY)
    try:
        os.write(fd, b"AT+GSN\r")
        answer = b""
        while b"OK\r\n" not in answer:
            answer += os.read(fd, 4096)
    finally:
        os.close(fd)
    return re.findall(rb"\d{15}", answer)[0].decode()


# -- gammu -----------------------------------------------------------------------------


@pytest.fixture
def gammu(module, run, tmp_path: Path) -> Callable[..., str]:
    executable = program("gammu")
    (tmp_path / "gammurc").write_text(
        f"[gammu]\ndevice = {module.port}\nconnection = at115200\nsynchronizetime = no\n"
    )

    def gammu(*commands: str) -> str:
        """Several commands over one connection."""
        (tmp_path / "batch").write_text("".join(f"{command}\n" for command in commands))
        return run([executable, "-c", tmp_path / "gammurc", "batch", tmp_path / "batch"])

    return gammu


def test_gammu_identifies_the_module_and_its_network(gammu, imei):
    text = gammu(
        "identify",
        "getsecuritystatus",
        "networkinfo",
        "battery",
        "getsmsc",
        "getsmsfolders",
    )
    assert re.search(r"Manufacturer +: Quectel", text)
    assert f": {imei}" in text
    assert "BG96MAR02A07M1G" in text
    assert "Nothing to enter" in text
    assert re.search(r"Network state +: home network", text)
    assert re.search(r"GPRS +: attached", text)
    assert re.search(r'Number +: "\+61418706700"', text)
    assert "powered from battery" in text


def test_gammu_sends_stores_reads_and_deletes_messages(gammu):
    text = gammu(
        f'sendsms TEXT {OWN} -text "There and back"',
        'savesms TEXT -text "kept"',
        "getallsms",
        "deleteallsms 3",
        "deleteallsms 1",
        "getallsms",
    )
    assert "OK, message reference=1" in text
    assert "kept" in text
    assert "0 SMS parts in 0 SMS sequences" in text


# -- gnokii ----------------------------------------------------------------------------


@pytest.fixture
def gnokii(module, run, tmp_path: Path) -> Callable[..., str]:
    executable = program("gnokii", "gnokii-cli")
    (tmp_path / "gnokiirc").write_text(
        f"[global]\nmodel = AT\nport = {module.port}\nconnection = serial\nuse_locking = no\n"
    )

    def gnokii(*arguments: str, typed: str = "", status: int | None = 0) -> str:
        return run(
            [executable, "--config", tmp_path / "gnokiirc", *arguments], typed=typed, status=status
        )

    return gnokii


def test_gnokii_identifies_and_watches(gnokii, imei):
    text = gnokii("--identify")
    assert re.search(rf"IMEI +: {imei}", text)
    assert re.search(r"Model +: BG96", text)
    text = gnokii("--monitor", "once", status=None)
    assert "Network: Telstra, Australia (505 01)" in text
    assert "RFLevel: 26" in text
    assert "SIM: Used 0, Free 250" in text


def test_gnokii_sends_a_message_and_reads_it(gnokii):
    assert "Send succeeded with reference 1" in gnokii("--sendsms", OWN, typed="There and back\n")
    text = gnokii("--getsms", "ME", "1", status=None)
    for _ in range(20):
        if "There and back" in text:
            break
        text = gnokii("--getsms", "ME", "1", status=None)
    assert "There and back" in text
    assert "Unread" in text or "Inbox Message" in text


def test_gnokii_keeps_a_phonebook(gnokii):
    entry = "Meier;+491701234567;SM;3;5;\n"
    gnokii("--writephonebook", "--overwrite", typed=entry)
    assert "Meier" in gnokii("--getphonebook", "SM", "3", "3")


# -- terminals and scripts ---------------------------------------------------------------


def test_comgt_waits_for_the_network_and_shows_the_signal(module, run):
    text = run([program("comgt"), "-d", module.port])
    assert "SIM ready" in text
    assert 'Registered on Home network: "Telstra Mobile Telstra",8' in text
    assert "Signal Quality: 26,99" in text


def test_a_chat_script_of_ppp(module, run, tmp_path):
    script = tmp_path / "script"
    script.write_text(
        f"ABORT ERROR TIMEOUT 10 '' AT OK ATE0 OK ATI OK AT+CMEE=1 OK AT+QGMR {REVISION} ''\n"
    )
    text = run([program("chat", "ppp"), "-v", "-S", "-s", "-f", script], port=module.port)
    assert f"expect ({REVISION})" in text
    assert text.rstrip().endswith("send (^M)") or " -- got it" in text


def test_wvdial_initialises_the_module(module, run, tmp_path):
    (tmp_path / "wvdial.conf").write_text(
        f"[Dialer Defaults]\nModem = {module.port}\nBaud = 115200\nInit1 = ATZ\n"
        "Init2 = ATQ0 V1 E1 S0=0 &C1 &D2\nPhone = *99#\nUsername = a\nPassword = b\n"
        "Stupid Mode = 1\nDial Attempts = 1\nAbort on Busy = 1\n"
    )
    text = run([program("wvdial"), "-C", tmp_path / "wvdial.conf"], status=None)
    assert "ATQ0 V1 E1 S0=0 &C1 &D2\nOK" in text.replace("\r", "")
    assert "Modem initialized" in text


def test_a_runscript_of_minicom(module, run, tmp_path):
    script = tmp_path / "script"
    script.write_text(
        'send "ATE0"\nexpect {\n "OK"\n timeout 10 exit 1\n}\nsend "AT+QGMR"\n'
        f'expect {{\n "{REVISION}" goto found\n timeout 10 exit 2\n}}\n'
        "found:\nprint revision found\nexit 0\n"
    )
    text = run([program("runscript", "minicom"), script], port=module.port)
    assert "revision found" in text


def test_picocom_types_a_command_and_leaves(module, run):
    text = run(
        [program("picocom"), "-q", "-b", "115200", "-t", "AT+QGMR\r", "-x", "500", module.port],
    )
    assert f"{REVISION}\n\nOK" in text.replace("\r", "")


def test_expect_holds_a_conversation_through_picocom(module, run, tmp_path):
    program("picocom")
    script = tmp_path / "script.exp"
    script.write_text(
        f"set timeout 20\nspawn picocom -b 115200 {module.port}\nexpect_after timeout {{exit 9}}\n"
        'expect "Terminal ready"\nsend "AT+CMGF=1\\r"\nexpect "OK"\n'
        f'send "AT+CMGS=\\"{OWN}\\"\\r"\nexpect "> "\nsend "typed by expect\\x1a"\n'
        'expect "CMTI: \\"ME\\",1"\nsend "AT+CMGR=1\\r"\nexpect -re {typed by expect.*OK}\n'
        'send "\\x01\\x18"\nexpect eof\n'
    )
    assert "+CMGS: 1" in run([program("expect"), script])


def test_socat_passes_bytes_both_ways(module, run):
    words = [program("socat"), "-t", "1", "-", f"{module.port},rawer,echo=0"]
    assert run(words, typed="ATI\r").splitlines()[2:4] == ["Quectel", "BG96"]


# -- daemons ------------------------------------------------------------------------------


def test_smsd_of_smstools_takes_the_module_into_service(module, run, tmp_path):
    executable = program("smsd", "smstools")
    for name in ("outgoing", "checked", "failed", "incoming", "sent"):
        (tmp_path / name).mkdir()
    (tmp_path / "outgoing" / "message").write_text(f"To: {OWN.lstrip('+')}\n\nHello from smsd\n")
    folders = "".join(
        f"{name} = {tmp_path}/{name}\n"
        for name in ("outgoing", "checked", "failed", "incoming", "sent")
    )
    (tmp_path / "smsd.conf").write_text(
        f"devices = GSM1\n{folders}loglevel = 7\nlogfile = 1\ninfofile = {tmp_path}/info\n"
        f"pidfile = {tmp_path}/pid\ndelaytime = 1\nerrorsleeptime = 1\nblocktime = 1\n"
        f"[GSM1]\ndevice = {module.port}\nbaudrate = 115200\nincoming = yes\nrtscts = no\n"
        "memory_start = 1\nsentsleeptime = 0\n"
    )
    with subprocess.Popen(
        [executable, "-c", tmp_path / "smsd.conf", "-t"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as daemon:
        timer = threading.Timer(PATIENCE_S, os.killpg, (daemon.pid, signal.SIGKILL))
        timer.start()
        seen = ""
        for line in daemon.stdout:
            seen += line
            if "SMS sent" in line and "Message_id: 1" in line:
                break
        os.killpg(daemon.pid, signal.SIGKILL)
        timer.cancel()
    assert "Modem is registered to the network" in seen
    assert "SMS sent, Message_id: 1" in seen


# -- gsmlib, on a terminal that claims to have modem lines ---------------------------------

LINES = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <sys/ioctl.h>
int ioctl(int fd, unsigned long request, ...) {
  static int (*next)(int, unsigned long, ...);
  va_list more;
  va_start(more, request);
  void *argument = va_arg(more, void *);
  va_end(more);
  if (request == TIOCMGET) { *(int *)argument = TIOCM_DSR | TIOCM_CTS | TIOCM_CAR; return 0; }
  if (request == TIOCMSET || request == TIOCMBIS || request == TIOCMBIC) return 0;
  if (!next) *(void **)&next = dlsym(RTLD_NEXT, "ioctl");
  return next(fd, request, argument);
}
"""
"""A pseudo-terminal has no DTR; gsmlib refuses to work without."""


@pytest.fixture
def modem_lines(run, tmp_path: Path) -> Mapping[str, str]:
    """The environment in which each terminal has modem lines that nothing hangs on."""
    source, library = tmp_path / "lines.c", tmp_path / "lines.so"
    source.write_text(LINES)
    run([program("cc", "gcc"), "-shared", "-fPIC", "-o", library, source, "-ldl"])
    return {"LD_PRELOAD": str(library)}


def test_gsmlib_shows_what_it_finds(module, run, modem_lines, imei):
    words = [program("gsmctl", "gsm-utils"), "-d", module.port, "me", "op", "currop", "sig", "pin"]
    text = run(words, environment=modem_lines)
    assert f"Serial Number: {imei}" in text
    assert "Long name: 'Telstra Mobile Telstra'" in text
    assert "<SIG0>  26" in text
    assert "<PIN0> READY" in text


def test_gsmlib_reads_every_setting_of_the_module(module, run, modem_lines):
    words = [program("gsmctl", "gsm-utils"), "-d", module.port, "all"]
    text = run(words, environment=modem_lines, status=None)
    assert "<CLIP0>  on" in text
    assert "<FORW0." in text
    assert "ME/TA error" not in text


def test_gsmlib_sends_and_lists_messages(module, run, modem_lines):
    run(
        [program("gsmsendsms", "gsm-utils"), "-d", module.port, OWN, "through gsmlib"],
        environment=modem_lines,
    )
    words = [program("gsmsmsstore", "gsm-utils"), "-s", module.port, "-t", "ME", "-l"]
    assert "through gsmlib" in run(words, environment=modem_lines)
