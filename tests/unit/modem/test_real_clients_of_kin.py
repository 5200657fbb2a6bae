# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that drive the kin of the BG96, with their patience and their patterns.

As in ``test_real_clients``: each does what its public source does on the port, in virtual
time; none of their code is here.
"""

from __future__ import annotations

import re

import pytest

from dfota.at import xor16
from dfota.modem import CutPhase, PowerCut

EC25_OLD = "EC25EFAR06A04M4G"
EC25_NEW = "EC25EFAR06A05M4G"
EG91_OLD = "EG91EFBR06A07M4G_01.007.01.007"
EG91_NEW = "EG91EFBR06A08M4G_01.002.01.002"
EC200_OLD = "EC200ACNHAR01A02M16"
EC200_NEW = "EC200ACNHAR01A03M16"


class Port:
    """A USB port of the module that vanishes and comes back, and what was read from it."""

    def __init__(self, bench) -> None:
        self.bench = bench
        self.unread = b""
        self.is_there = bench.module.pins.has_usb
        self.vanished = 0
        bench.module.pins.on_link_change(self.change)

    def change(self, _name: str, is_there: bool) -> None:
        self.is_there = is_there
        self.vanished += not is_there

    def send(self, text: str) -> None:
        assert self.is_there
        self.bench.module.receive("usbat", text.encode(), self.bench.now)

    def wait_until(self, done, patience_s: float) -> bool:
        def is_over() -> bool:
            self.unread += self.bench.take()
            return bool(done())

        self.bench.run(until=is_over, limit_s=patience_s, is_patient=True)
        return is_over()

    def read_through(self, pattern: str, patience_s: float) -> re.Match | None:
        """Everything up to and with *pattern*."""
        found: list[re.Match] = []

        def look() -> bool:
            match = re.search(pattern, self.unread.decode())
            if match:
                found.append(match)
            return bool(match)

        if not self.wait_until(look, patience_s):
            return None
        self.unread = self.unread[found[0].end() :]
        return found[0]

    def replugged(self, patience_s: float) -> bool:
        """Whether the port vanishes and is there again."""
        before = self.vanished
        is_gone = self.wait_until(lambda: self.vanished > before, patience_s)
        return is_gone and self.wait_until(lambda: self.is_there, patience_s)


@pytest.fixture(scope="module")
def packages(lab):
    """Old and new revision of each model → package."""

    def build(model: str, old: str, new: str) -> bytes:
        return lab.package(lab.release(old, model=model), lab.release(new, model=model, seed=4))

    return {
        "EC25": build("EC25", EC25_OLD, EC25_NEW),
        "EG91": build("EG91", EG91_OLD, EG91_NEW),
        "EC200A": build("EC200A", EC200_OLD, EC200_NEW),
    }


@pytest.fixture
def ec25(make_bench, lab):
    return make_bench(kind="ec2x", firmware=lab.release(EC25_OLD, model="EC25")).boot()


def upload(port: Port, command: str, data: bytes) -> re.Match | None:
    port.send(f"{command}\r\n")
    assert port.read_through(r"\r\nCONNECT\r\n", 5)
    for offset in range(0, len(data), 4096):
        port.bench.module.receive("usbat", data[offset : offset + 4096], port.bench.now)
    return port.read_through(r"\+QFUPL:\s*(\d+),([0-9a-f]+)\r\n", 10)


def revision(bench) -> str:
    return bench.module.firmware.revision.text


# -- fwupd: two re-plugs, then the version is read anew --------------------------------------


def test_fwupd_upgrades_over_two_replugs(ec25, packages):
    port, package = Port(ec25), packages["EC25"]
    match = upload(port, f'AT+QFUPL="dfota_update.bin",{len(package)},5', package)
    assert (int(match[1]), int(match[2], 16)) == (len(package), xor16(package))
    port.send('AT+QFOTADL="/data/ufs/dfota_update.bin"\r\n')
    assert port.read_through(r"\r\nOK\r\n", 1.5)
    assert port.replugged(15)
    stages = []
    while match := port.read_through(r'\+QIND:\s*"FOTA","([A-Z]+)"(,(\d+))?', 90):
        stages.append((match[1], match[3]))
        if match[1] == "END":
            break
    assert stages[0] == ("START", None)
    assert [number for stage, number in stages if stage == "UPDATING"] == [
        str(number) for number in range(101)
    ]
    assert stages[-1] == ("END", "0")
    assert port.replugged(15)
    assert port.read_through("PB DONE", 60)
    port.send("AT+QGMR?\r\n")
    assert port.read_through(EC25_NEW, 3)


# -- the C uploader for modules with Linux: small letters, no acknowledgements ----------------


def test_the_c_uploader_waits_for_the_port_to_vanish(ec25, packages):
    port, package = Port(ec25), packages["EC25"]
    port.send('AT+QFDEL="Update"\r\n')
    assert port.read_through(r"\+CME ERROR: 405", 1)  # nothing is there yet; it goes on
    assert upload(port, f'AT+QFUPL="UFS:Update",{len(package)}', package)
    port.send('at+qfotadl="/data/ufs/Update"\r\n')
    assert port.replugged(60)
    assert port.read_through(r'"END",0', 600)
    assert port.replugged(60)
    port.read_through("PB DONE", 60)
    port.send("at+qgmr\r\n")
    assert port.read_through(EC25_NEW, 3)
    port.send('AT+QFDEL="Update"\r\n')
    assert port.read_through(r"\+CME ERROR: 405", 1)  # the module has removed it


# -- the vendor's stress suites ---------------------------------------------------------------


def stress(port: Port, package: bytes, scheme: str) -> tuple[str, list[str]]:
    """One round: the code of the download, and the percentages that were seen."""
    kind = "FTP" if scheme == "ftp" else "HTTP"
    port.send(f'AT+QFOTADL="{scheme}://192.0.2.1/a.zip"\r\n')
    assert port.read_through(f'"{kind}START"', 60)
    port.bench.run()
    port.bench.network.deliver(package)
    match = port.read_through(r'\+QIND:\s"FOTA","(HTTP|FTP)END",(\d+)', 300)
    if match[2] != "0":
        return match[2], []
    assert port.replugged(100)
    assert port.read_through(r'"(START|UPDATING)"', 300)
    ended = port.read_through(r'(?s)(.*)\+QIND:\s"FOTA","END",(\d+)', 300)
    assert ended[2] == "0"
    return "0", re.findall(r'"UPDATING"(,\d+)\s*$', ended[1], re.MULTILINE)


def test_the_stress_suite_finds_everything_as_it_should_be(ec25, packages):
    port = Port(ec25)
    code, percentages = stress(port, packages["EC25"], "http")
    assert (code, len(percentages)) == ("0", 101)
    assert port.replugged(100)
    port.read_through("PB DONE", 60)
    port.send("ATI\r\n")
    assert port.read_through(rf"Quectel\r\nEC25\r\nRevision: {EC25_NEW}\r\n", 1)
    port.send("AT+QFLST\r\n")
    assert "UFS:" not in port.read_through(r"(?s).*OK\r\n", 1)[0]


@pytest.mark.parametrize(
    ("phase", "percent"), [(CutPhase.START, 0), (CutPhase.UPDATING, 40), (CutPhase.END, 0)]
)
def test_the_stress_suite_cuts_the_power_and_reads_start_again(ec25, packages, phase, percent):
    port, package = Port(ec25), packages["EC25"]
    upload(port, f'AT+QFUPL="UFS:a.zip",{len(package)}', package)
    ec25.module.arm_power_cut(PowerCut(phase, percent))
    port.send('AT+QFOTADL="/data/ufs/a.zip"\r\n')
    assert port.read_through(r'"START"', 300)
    assert port.wait_until(lambda: ec25.module.last_cut is not None, 300)
    port.unread = b""
    assert port.read_through(r'"START"', 300)
    again = port.read_through(r'(?s)(.*)"END",0', 300)
    assert ("UPDATING" in again[1]) == (phase is not CutPhase.END)
    ec25.run()
    assert revision(ec25) == EC25_NEW


def test_the_stress_suite_takes_a_wrong_package_for_one_of_504_to_511(ec25, lab):
    new = lab.release(EC25_NEW, model="EC25", seed=4)
    package = lab.package(lab.release("EC25EFAR06A01M4G", model="EC25"), new)
    port = Port(ec25)
    upload(port, f'AT+QFUPL="UFS:a.zip",{len(package)}', package)
    port.send('AT+QFOTADL="/data/ufs/a.zip"\r\n')
    assert 504 <= int(port.read_through(r'"END",(\d+)', 300)[1]) <= 511


# -- Technicolor mobiled: one folder, then the other -------------------------------------------


def test_technicolor_tries_two_folders(make_bench, lab, packages):
    firmware = lab.release(EC25_OLD, model="EC25")
    bench = make_bench("local_folders=/cache/ufs/", kind="ec2x", firmware=firmware).boot()
    port, package = Port(bench), packages["EC25"]
    upload(port, f'AT+QFUPL="fw",{len(package)}', package)
    port.send('AT+QFOTADL="/data/ufs/fw"\r')
    assert port.read_through(r"\r\n(ERROR|OK)\r\n", 5)[1] == "OK"  # the end of the upload
    assert port.read_through(r"\r\n(ERROR|OK)\r\n", 5)[1] == "ERROR"
    port.send('AT+QFOTADL="/cache/ufs/fw"\r')
    assert port.read_through(r"\r\n(ERROR|OK)\r\n", 5)[1] == "OK"
    assert port.read_through(r'"END",0', 600)


# -- MuditaOS on an EG91 ----------------------------------------------------------------------


def mudita_stage(line: str) -> tuple[str, int | None]:
    """Cut at the colon, split at commas, strip quotes and blanks; numbers as stoi reads them."""
    _, _, rest = line.partition(":")
    fields = [field.strip(' "') for field in rest.split(",")]
    number = re.match(r"\s*(\d+)", fields[2]) if len(fields) > 2 else None
    return fields[1], None if number is None else int(number[1])


@pytest.mark.parametrize("style", ["plain", "percent", "space-percent"])
def test_mudita_chooses_by_the_revision_and_follows_the_stages(make_bench, lab, packages, style):
    firmware = lab.release(EG91_OLD, model="EG91")
    bench = make_bench(f"percent_style={style}", kind="eg9x", firmware=firmware).boot()
    port = Port(bench)
    port.send("AT+QGMR\r")
    running = port.read_through(r"\r\n(EG91\S+)\r\n", 1)[1]
    index = f"{EG91_OLD}:{EG91_NEW}:HTTP://Host/Delta-A.BIN\n"
    offers = dict(line.split(":", 1) for line in index.split())
    url = offers[running].split(":", 1)[1].lower()
    port.send(f'AT+QFOTADL="{url}"\r')
    port.read_through("HTTPSTART", 60)
    bench.run()
    assert bench.network.targets[0].host == "host"
    bench.network.deliver(packages["EG91"])
    text = port.read_through(r'(?s).*"END",0', 600)[0]
    lines = [line for line in text.split("\r\n") if line.startswith('+QIND: "FOTA"')]
    stages = [mudita_stage(line) for line in lines]
    assert stages[:2] == [("HTTPEND", 0), ("START", None)]
    assert [number for stage, number in stages if stage == "UPDATING"] == list(range(101))
    bench.run()
    assert revision(bench) == EG91_NEW


# -- a board with RT-Thread and a Standard(A) module --------------------------------------------


def test_rt_thread_sends_32_bytes_every_10_ms_and_waits_for_100(make_bench, lab, packages):
    firmware = lab.release(EC200_OLD, model="EC200A")
    bench = make_bench(kind="std-a", firmware=firmware).boot()
    port, package = Port(bench), packages["EC200A"]
    for line in ('AT+QINDCFG="all",1', "AT+IFC=2,2"):
        port.send(f"{line}\r\n")
        assert port.read_through("OK", 3)
    port.send(f'AT+QFOTADL="FILE:{len(package)}",1,100,100\r\n')
    assert port.read_through("OK", 3)
    assert port.read_through('"FILESTART"', 10)
    for offset in range(0, len(package), 32):
        bench.module.receive("usbat", package[offset : offset + 32], bench.now)
        bench.wait(0.01)
    head = r'\+QIND: "FOTA","FILEEND"'
    assert port.read_through(rf"{head},0", 30)
    assert port.read_through('"START"', 60)
    assert port.read_through('"UPDATING",100\r\n', 120)
    assert port.read_through('"END",0', 60)
    assert port.read_through("RDY", 60)
    bench.run()
    assert revision(bench) == EC200_NEW


# -- scripts for an EC800K ----------------------------------------------------------------------


def test_the_ec800k_scripts_see_percentages_that_jump(make_bench, lab, packages):
    bench = make_bench(kind="std-a", firmware=lab.release(EC200_OLD, model="EC200A")).boot()
    port = Port(bench)
    port.send('AT+QFOTADL="http://192.0.2.1/a.bin",1,50\r\n')
    port.read_through("HTTPSTART", 60)
    bench.run()
    bench.network.deliver(packages["EC200A"])
    text = port.read_through(r'(?s).*"END"\s*,\s*0', 300)[0]
    pattern = r'\+QIND:\s*"FOTA"\s*,\s*"UPDATING"\s*,\s*(\d+)'
    numbers = [int(number) for number in re.findall(pattern, text)]
    assert numbers == sorted(set(numbers))
    assert 5 < len(numbers) < 100
    bench.run()
    port.unread = b""
    bench.take()
    port.send("AT+QGMR\r\n")
    answer = port.read_through(r"(?s).*OK\r\n", 1)[0].split()
    assert next(line for line in answer if not line.startswith("AT") and line != "OK") == EC200_NEW
