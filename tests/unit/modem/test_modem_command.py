# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota modem``: results, warnings, exit codes, Ctrl-C and kill -9."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys

import pytest

from dfota.cli import run
from dfota.cli.exit_codes import ExitCode
from dfota.package import save_release

PATIENCE_S = 30.0


@pytest.fixture
def firmware(tmp_path, lab):
    save_release(lab.old, tmp_path / "firmware")
    return tmp_path / "firmware"


@pytest.fixture
def start(tmp_path, firmware, lab):
    lab.key.public_key.save(tmp_path / "key.pub")
    processes = []

    def begin(*arguments: str) -> tuple[subprocess.Popen, str]:
        command = [
            *(sys.executable, "-m", "dfota", "--json", "modem", "run"),
            *("--state", str(tmp_path / "module"), "--firmware", str(firmware)),
            *("--trust", str(tmp_path / "key.pub"), *arguments),
        ]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        processes.append(process)
        text = ""
        while not text or text.count("{") != text.count("}"):
            line = process.stdout.readline()
            assert line, process.stderr.read()
            text += line
        return process, json.loads(text)["ports"]["usbat"]

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


class Terminal:
    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self.data = b""

    def send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.fd, data) :]

    def read_until(self, what: bytes) -> bytes:
        while what not in self.data:
            assert select.select([self.fd], [], [], PATIENCE_S)[0], self.data
            self.data += os.read(self.fd, 65536)
        head, _, self.data = self.data.partition(what)
        return head + what

    def ask_until(self, line: bytes, what: bytes) -> None:
        """Ask again and again: the module may be booting, or silent in RESTORE."""
        for _ in range(200):
            self.send(line)
            while select.select([self.fd], [], [], 0.1)[0]:
                self.data += os.read(self.fd, 65536)
                if what in self.data:
                    self.data = b""
                    return
        raise AssertionError(self.data)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_is_a_clean_end(start, tmp_path, number):
    process, port = start("--pty", str(tmp_path / "tty"), "--speed", "max")
    assert port == str(tmp_path / "tty")
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert not (tmp_path / "tty").is_symlink()


def test_kill_9_in_restore_is_a_power_cut_and_the_next_start_goes_on(start, tmp_path, package):
    # So slow that the kill falls into RESTORE.
    process, port = start(
        *("--speed", "0.2", "--profile-set", "boot_s=0", "--profile-set", "urc_interval_ms=0")
    )
    host = Terminal(port)
    host.ask_until(b"AT\r", b"OK\r\n")
    host.send(f'AT+QFUPL="EUFS:/fota/update.zip",{len(package)}\r'.encode())
    host.read_until(b"CONNECT\r\n")
    host.send(package)
    host.read_until(b"OK\r\n")
    host.send(b"AT+QFOTADL=1\r")
    host.read_until(b'"RESTORE", 3%')
    process.kill()
    process.communicate()
    os.close(host.fd)

    transcript = tmp_path / "transcript"
    process, port = start("--speed", "max", "--transcript", str(transcript))
    host = Terminal(port)
    host.ask_until(b"AT+QGMR\r", b"_01.019.01.019\r\n\r\nOK\r\n")
    assert "Last upgrade was not finished" in transcript.read_text()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "going on" in errors
    assert "--firmware is not used" in errors
    os.close(host.fd)


def test_a_module_without_keys_is_warned_of(firmware, tmp_path, capsys):
    # The state is refused, so the command ends by itself.
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x").touch()
    command = ["modem", "run", "--state", str(tmp_path / "other"), "--firmware", str(firmware)]
    assert run(command) == 3
    assert "END,506" in capsys.readouterr().err
    assert run([*command, "--trust", "any"]) == 3
    assert "installs packages of anybody" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        (("--speed", "0"), (2, "speed")),
        (("--tcp", "nonsense"), (2, "HOST:PORT")),
        (("--tcp", "localhost:99999"), (2, "HOST:PORT")),
        (("--tcp", "localhost:" + "1" * 5000), (2, "HOST:PORT")),
        (("--power-cut", "restore:200"), (2, "percent")),
        (("--profile-set", "nonsense=1"), (2, "'dfota modem settings' lists all")),
        (("--trust", "/no/such/key"), (3, "/no/such/key")),
        (("--firmware", "/no/such/firmware"), (3, "/no/such/firmware")),
        (("--pty", "/no/such/directory/tty"), (6, "/no/such/directory/tty")),
        (("--transcript", "/no/such/directory/file"), (4, "/no/such/directory/file")),
    ],
)
def test_wrong_arguments_end_in_one_sentence(firmware, tmp_path, capsys, arguments, outcome):
    code, hint = outcome
    state = str(tmp_path / "module")
    assert run(["modem", "run", "--state", state, "--firmware", str(firmware), *arguments]) == code
    error = capsys.readouterr().err
    assert hint in error
    assert "Traceback" not in error


def test_info_shows_what_is_in_flash(start, tmp_path, capsys, lab):
    process, _ = start("--speed", "max")
    assert run(["modem", "info", "--state", str(tmp_path / "module")]) == 3
    assert "another process" in capsys.readouterr().err
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_S)
    assert run(["--json", "modem", "info", "--state", str(tmp_path / "module")]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["state"] == "whole"
    assert facts["revision"] == "BG96MAR02A07M1G_01.018.01.018"
    assert facts["release_digest"] == lab.old.digest.hex
    assert {entry["name"] for entry in facts["partitions"]} == {"apps", "qdsp"}


def test_settings_are_listed(capsys):
    assert run(["modem", "settings"]) == 0
    text = capsys.readouterr().out
    assert "percent_style=space-percent  (space-percent, percent, plain)" in text
    assert run(["--json", "modem", "settings"]) == 0
    assert json.loads(capsys.readouterr().out)["https_default_port"]["default"] == "443"


@pytest.mark.parametrize("command", [[], ["run"], ["info"], ["settings"]])
def test_help_has_an_example(capsys, command):
    assert run(["modem", *command, "--help"]) == 0
    assert re.search(r"For example:\s+dfota modem ", capsys.readouterr().out)


# -- control, scenarios, traces ------------------------------------------------------------


def result_of(capsys, *arguments: str) -> dict:
    assert run(["--json", "modem", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_road_with_control_scenario_trace_and_replay(start, tmp_path, capsys):
    socket_path, trace = tmp_path / "ctl", tmp_path / "run.trace"
    process, port = start(
        "--speed", "max", "--control", f"unix:{socket_path}", "--trace", str(trace),
        "--scenario", "end-0-without-change",
    )  # fmt: skip
    host = Terminal(port)
    host.ask_until(b"AT+QGMR\r", b"_01.018.01.018\r\n\r\nOK\r\n")
    ctl = ("ctl", "--control", f"unix:{socket_path}")
    assert result_of(capsys, *ctl, "state")["power"] == "running"
    assert result_of(capsys, *ctl, "world", "rssi", "4") == {}
    assert result_of(capsys, *ctl, "world")["rssi"] == 4
    (tmp_path / "in").write_bytes(b"\x00\xff")
    result_of(capsys, *ctl, "put", "UFS:a", str(tmp_path / "in"))
    result_of(capsys, *ctl, "get", "UFS:a", str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"\x00\xff"
    result_of(capsys, *ctl, "snapshot", str(tmp_path / "before"))
    result_of(capsys, *ctl, "rm", "name=UFS:a")
    result_of(capsys, *ctl, "restore", str(tmp_path / "before"))
    assert "a" in result_of(capsys, *ctl, "ls", "datatx")["files"]
    assert result_of(capsys, *ctl, "metrics")["boots"] >= 2

    assert run(["modem", *ctl, "get", "UFS:none", str(tmp_path / "x")]) == ExitCode.REFUSED
    assert "405" in capsys.readouterr().err
    assert run(["modem", *ctl, "world", "wether", "fine"]) == ExitCode.REFUSED
    assert run(["modem", *ctl, "dance"]) == ExitCode.USAGE
    assert run(["modem", *ctl, "step", "1", "2"]) == ExitCode.USAGE
    assert run(["modem", *ctl, "put", "UFS:a"]) == ExitCode.USAGE
    capsys.readouterr()

    os.close(host.fd)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "scenario end-0-without-change" in errors
    assert run(["modem", *ctl, "state"]) == ExitCode.PORT

    facts = result_of(capsys, "replay", str(trace))
    assert facts["is_complete"]
    assert facts["outputs"] > 10
    trace.write_text(trace.read_text().replace("+CPIN: READY", "+CPIN: ready", 1))
    assert run(["modem", "replay", str(trace)]) == ExitCode.DIFFERENT
    assert "replay differs from line" in capsys.readouterr().err
    assert run(["modem", "replay", str(tmp_path / "in")]) == ExitCode.INPUT


def test_scenarios_and_verbs_are_listed_and_explained(capsys):
    titles = result_of(capsys, "scenarios")
    assert titles["uart-hears-no-urc"] == "A host on the UART hears no URC"
    facts = result_of(capsys, "scenarios", "uart-hears-no-urc")
    assert facts["host_sees"].startswith("OK, and then nothing")
    assert "power-cut" in result_of(capsys, "verbs")
    assert run(["modem", "scenarios", "nothing"]) == ExitCode.USAGE
    assert run(["modem", "ctl", "--help"]) == 0
    assert "flash-fault kind [operation]" in capsys.readouterr().out


def test_a_channel_that_others_could_reach_is_refused(tmp_path, firmware, capsys):
    arguments = ["modem", "run", "--state", str(tmp_path / "m"), "--firmware", str(firmware)]
    assert run([*arguments, "--trust", "any", "--control", "0.0.0.0:0"]) == ExitCode.USAGE
    assert "other computers" in capsys.readouterr().err
