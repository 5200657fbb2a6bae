# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Units and udev rules for gateways: valid, hardened, and true to the command they run."""

from __future__ import annotations

import fnmatch
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from dfota.cli.exit_codes import ExitCode
from dfota.cli.main import run

PACKAGING = Path(__file__).resolve().parents[3] / "packaging"
UNITS = sorted((PACKAGING / "systemd").iterdir())
RULES = sorted((PACKAGING / "udev").iterdir())
EXPOSURE_MAX = 2.5
"""Of 10, as `systemd-analyze security` counts; 10 is a service that may do everything."""


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def values(unit: Path, key: str) -> list[str]:
    return [
        line.partition("=")[2]
        for line in unit.read_text().splitlines()
        if line.startswith(f"{key}=")
    ]


def instance(unit: Path, folder: Path) -> Path:
    """A unit that can be verified here: with a name, and a command that exists."""
    text = unit.read_text().replace("/usr/bin/dfota", "/bin/true")
    path = folder / unit.name.replace("@.", "@dfota-at.")
    (folder / unit.name).write_text(text)
    path.write_text(text)
    return path


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_accepts_the_unit(unit: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [program("systemd-analyze"), "verify", "--man=no", instance(unit, tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "Failed to" in done.stderr and "bus" in done.stderr:
        pytest.skip(f"systemd-analyze cannot work here: {done.stderr.strip()[:200]}")
    told = [line for line in done.stderr.splitlines() if "dfota" in line]
    assert (done.returncode, told) == (0, [])


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_the_service_may_do_little_else(unit: Path, tmp_path: Path) -> None:
    path = instance(unit, tmp_path)
    done = subprocess.run(
        [program("systemd-analyze"), "security", "--offline=true", path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    level = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    if level is None:
        pytest.skip(f"this systemd-analyze has no offline security: {done.stderr.strip()[:200]}")
    assert float(level[1]) <= EXPOSURE_MAX


def command_line(unit: Path, **variables: str) -> list[str]:
    """What the unit runs, as systemd would have split it, without the program's name."""
    (text,) = values(unit, "ExecStart")
    text = text.replace("%I", "no-such-port").replace("%i", "no-such-port")
    for name, value in variables.items():
        text = text.replace(f"${{{name}}}", value).replace(f"${name}", value)
    assert "$" not in text, text
    assert "%" not in text, text
    words = shlex.split(text)
    assert words[0] == "/usr/bin/dfota"
    return words[1:]


def test_the_upgrade_unit_speaks_the_command_that_there_is(tmp_path: Path, capsys) -> None:
    unit = PACKAGING / "systemd" / "dfota-upgrade@.service"
    options = re.search(r"DFOTA_UPGRADE=(.*)", unit.read_text())
    assert options is not None
    argv = command_line(unit, LOGS_DIRECTORY=str(tmp_path), DFOTA_UPGRADE=options[1])
    assert run(argv) == ExitCode.PORT, capsys.readouterr().err
    idle = command_line(unit, LOGS_DIRECTORY=str(tmp_path), DFOTA_UPGRADE="")
    assert run([*idle, "--state-file", str(tmp_path / "none")]) == ExitCode.NOTHING_TO_DO


def test_the_upgrade_unit_knows_the_exit_codes() -> None:
    """What time may mend is tried again; what a person must mend is not."""
    unit = PACKAGING / "systemd" / "dfota-upgrade@.service"
    fine = {int(code) for text in values(unit, "SuccessExitStatus") for code in text.split()}
    final = {
        int(code) for text in values(unit, "RestartPreventExitStatus") for code in text.split()
    }
    assert fine == {ExitCode.NOTHING_TO_DO, ExitCode.TERMINATED}
    assert final.isdisjoint({
        ExitCode.PORT, ExitCode.DOWNLOAD, ExitCode.OUTCOME_UNKNOWN, *fine,
    })  # fmt: skip
    assert final >= {ExitCode.USAGE, ExitCode.INPUT, ExitCode.PACKAGE, ExitCode.REFUSED,
                     ExitCode.INSTALL}  # fmt: skip


def test_the_serve_unit_speaks_the_command_that_there_is(capsys) -> None:
    unit = PACKAGING / "systemd" / "dfota-serve.service"
    (tls,) = values(unit, "Environment")
    tls = tls.strip('"').partition("=")[2].replace("%S", "/no/such/folder")
    options = re.search(r"DFOTA_SERVE=(.*)", unit.read_text())
    assert options is not None
    argv = command_line(unit, DFOTA_TLS=tls, DFOTA_SERVE=options[1])
    argv[argv.index("/srv/dfota")] = "/no/such/place"
    assert run(argv) == ExitCode.INPUT, capsys.readouterr().err


# -- udev ------------------------------------------------------------------------------------

PAIR = re.compile(r'([A-Z_]+)(?:\{([^}]+)\})?(==|!=|\+=|:=|=)"([^"]*)"')
MATCHES = {"ACTION", "SUBSYSTEM", "ENV", "ATTR"}


def parsed(path: Path) -> list[list[tuple[str, str, str, str]]]:
    """The rules of a file; every character of a line belongs to a pair, or this breaks."""
    rules = []
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        assert re.sub(r"[,\s]", "", PAIR.sub("", line)) == "", line
        rules.append(PAIR.findall(line))
    return rules


def applied(path: Path, device: dict[str, str]) -> dict[str, list[str]]:
    """What the rules of *path* make of *device*: as udev reads them, line by line."""
    result: dict[str, list[str]] = {}
    goto = ""
    for rule in parsed(path):
        labels = [value for key, _, _, value in rule if key == "LABEL"]
        if goto and goto not in labels:
            continue
        goto = ""
        is_match = all(
            fnmatch.fnmatchcase(device.get(f"{key}:{name}" if name else key, ""), value)
            == (operator == "==")
            for key, name, operator, value in rule
            if operator in ("==", "!=")
        )
        if not is_match:
            continue
        for key, name, operator, value in rule:
            if operator in ("==", "!="):
                assert key in MATCHES, key
            elif key == "LABEL":
                continue
            elif key == "GOTO":
                goto = value
            else:
                text = re.sub(r"\$env\{(\w+)\}", lambda m: device[f"ENV:{m[1]}"], value)
                result.setdefault(f"{key}:{name}" if name else key, []).extend(text.split())
    assert not goto, f"no label {goto}"
    return result


def tty(**changes: str) -> dict[str, str]:
    return {
        "ACTION": "add", "SUBSYSTEM": "tty", "ENV:ID_VENDOR_ID": "2c7c", "ENV:ID_MODEL_ID": "0296",
        "ENV:ID_USB_INTERFACE_NUM": "02", "ENV:ID_PATH_TAG": "usb-0_2_1_2",
    } | {key.replace("__", ":"): value for key, value in changes.items()}  # fmt: skip


NAMES = PACKAGING / "udev" / "70-dfota.rules"


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ["dfota-at", "dfota-at-usb-0_2_1_2"]),
        ({"ACTION": "change"}, ["dfota-at", "dfota-at-usb-0_2_1_2"]),
        ({"ENV__ID_USB_INTERFACE_NUM": "03"}, ["dfota-modem", "dfota-modem-usb-0_2_1_2"]),
        ({"ENV__ID_USB_INTERFACE_NUM": "00"}, None),
        ({"ENV__ID_USB_INTERFACE_NUM": "01"}, None),
        ({"ENV__ID_VENDOR_ID": "0403"}, None),
        ({"ENV__ID_MODEL_ID": "6005"}, None),
        ({"SUBSYSTEM": "usb"}, None),
        ({"ACTION": "remove"}, None),
    ],
)
def test_only_the_at_ports_get_a_name(changes: dict[str, str], names: list[str] | None) -> None:
    assert applied(NAMES, tty(**changes)).get("SYMLINK") == names


def test_the_port_is_for_dialout_and_for_who_sits_there() -> None:
    result = applied(NAMES, tty())
    assert (result["MODE"], result["GROUP"]) == (["0660"], ["dialout"])
    assert {"uaccess", "systemd"} <= set(result["TAG"])
    # The seat's rules, which act on the tag, are number 73.
    assert NAMES.name < "73"


def test_modemmanager_is_told_in_a_file_of_its_own() -> None:
    optional = PACKAGING / "udev" / "71-dfota-modemmanager.rules"
    assert not any("MM" in key for key in applied(NAMES, tty()))
    assert applied(optional, tty()) == {"ENV:ID_MM_PORT_IGNORE": ["1"]}
    device = {"ACTION": "add", "SUBSYSTEM": "usb", "ENV:DEVTYPE": "usb_device",
              "ATTR:idVendor": "2c7c"}  # fmt: skip
    assert applied(optional, device) == {"ENV:ID_MM_DEVICE_IGNORE": ["1"]}
    assert applied(optional, device | {"ATTR:idVendor": "1d6b"}) == {}


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_udev_accepts_the_rules(path: Path) -> None:
    done = subprocess.run(
        [program("udevadm"), "verify", path], capture_output=True, text=True, check=False
    )
    if "Unknown command verb" in done.stderr:
        pytest.skip("this udevadm cannot verify rules yet (systemd 254)")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_names_every_file() -> None:
    page = (PACKAGING / "README.md").read_text()
    for path in (*UNITS, *RULES):
        assert path.name in page
