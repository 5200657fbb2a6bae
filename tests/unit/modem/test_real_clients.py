# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that really drive a BG96, with their patience, their reads and their patterns.

Each client here does what its public source does on the port, in virtual time; none of
their code is here. Where a client cannot succeed with a module that follows the guide, the
test says so and shows the setting with which it can.
"""

from __future__ import annotations

import re

import pytest

from dfota.at import xor16

OLD_REVISION = "BG96MAR02A07M1G_01.018.01.018"
NEW_REVISION = "BG96MAR02A07M1G_01.019.01.019"
URL = "https://bg96dfota.s3-us-west-2.amazonaws.com/a_01.018-01.019.bin"


class Host:
    """The host's end of the port, and a server that has the package."""

    def __init__(self, bench, package: bytes = b"") -> None:
        self.bench = bench
        self.package = package
        self.unread = b""

    def send(self, text: str) -> None:
        self.bench.module.receive("usbat", text.encode(), self.bench.now)

    def wait_until(self, done, patience_s: float) -> bool:
        """Let time pass until *done*, at most *patience_s*."""
        end = self.bench.now + patience_s

        def is_over() -> bool:
            if self.package and self.bench.network.is_awaited:
                package, self.package = self.package, b""
                self.bench.network.deliver(package)
            self.unread += self.bench.take()
            return done(self.unread)

        self.bench.run(until=is_over, limit_s=patience_s)
        found = is_over()
        if not found:
            self.bench.wait(max(0.0, end - self.bench.now))
            self.unread += self.bench.take()
        return found

    def read_through(self, text: bytes, patience_s: float) -> bytes:
        """Everything up to and with *text*; empty, and all of it lost, when it does not come."""
        if not self.wait_until(lambda data: text in data, patience_s):
            self.unread = b""
            return b""
        data, mark, self.unread = self.unread.partition(text)
        return data + mark

    def read_for(self, seconds: float) -> bytes:
        """What comes in the next *seconds*."""
        self.wait_until(lambda _data: False, seconds)
        data, self.unread = self.unread, b""
        return data


def revision(bench) -> str:
    return bench.module.firmware.revision.text


# -- fwupd, plugin modem-manager, com.quectel.dfota ------------------------------------------


class Fwupd:
    """One read of at most 64 bytes decides about a command; a lone echo is read over."""

    def __init__(self, bench, *, merges: bool) -> None:
        self.bench = bench
        self.merges = merges
        self.reads: list[bytes] = []

    def read(self, size: int, patience_s: float = 1.5) -> bytes:
        if not self.reads:
            self.bench.run(until=lambda: bool(self.bench.writes), limit_s=patience_s)
            writes = self.bench.take_writes()
            self.reads = [b"".join(writes)] if self.merges and writes else writes
        if not self.reads:
            return b""
        data = self.reads[0][:size]
        self.reads[0] = self.reads[0][size:]
        if not self.reads[0]:
            del self.reads[0]
        return data

    def command(self, text: str) -> bool:
        self.reads.clear()
        self.bench.take()
        self.bench.module.receive("usbat", f"{text}\r\n".encode(), self.bench.now)
        data = self.read(64)
        if len(data) == len(text) + 1:
            data = self.read(64)
        return len(data) >= 6 and (b"\r\nOK\r\n" in data or b"\r\nCONNECT\r\n" in data)

    def upload(self, data: bytes) -> bool:
        assert self.command("AT+QFLST=?")
        if self.command('AT+QFLST="UFS:dfota_update.bin"'):
            assert self.command('AT+QFDEL="dfota_update.bin"')
        if not self.command(f'AT+QFUPL="dfota_update.bin",{len(data)},5,1'):
            return False
        for offset in range(0, len(data), 2048):
            chunk = data[offset : offset + 2048]
            padded = chunk + b"\xff" * (2048 - len(chunk))
            self.bench.module.receive("usbat", padded, self.bench.now)
            if acks := len(chunk) // 1024:
                assert self.read(acks, 5.0) == b"A" * acks
        result = self.read(4096, 5.0)
        match = re.search(rb"\r\n\+QFUPL:\s*(\d+),([0-9a-f]+)\r\n", result)
        assert match, result
        assert b"\r\nOK\r\n" in result
        return (int(match[1]), int(match[2], 16)) == (len(data), xor16(data))


@pytest.mark.parametrize("size", [1, 904, 1024, 2048, 4096, 5000, 5120, 20_479])
@pytest.mark.parametrize("echo", [False, True])
def test_fwupd_uploads(make_bench, size, echo):
    bench = make_bench().boot()
    if not echo:
        bench.quiet()
    fwupd = Fwupd(bench, merges=False)
    data = bytes(index * 31 & 0xFF for index in range(size))
    assert fwupd.upload(data)
    assert bench.state.files.read("dfota_update.bin") == data
    assert fwupd.upload(data[::-1])  # the old file goes first
    assert bench.state.files.read("dfota_update.bin") == data[::-1]
    # The path form is that of related modules; a BG96 has none (guide, 3.1).
    assert not fwupd.command('AT+QFOTADL="/data/ufs/dfota_update.bin"')
    assert bench.send(b"AT\r\n").endswith(b"\r\nOK\r\n")


def test_fwupd_needs_the_echo_in_a_read_of_its_own(make_bench):
    bench = make_bench("echo_flush_immediately=false").boot()
    fwupd = Fwupd(bench, merges=False)
    assert fwupd.upload(b"first")
    # Echo and answer do not fit into 64 bytes: the OK is cut off, the old file is not seen.
    assert not fwupd.upload(b"second")
    assert bench.state.files.read("dfota_update.bin") == b"first"


def test_fwupd_reads_a_short_answer_with_its_echo_in_one_piece(make_bench):
    bench = make_bench().boot()
    fwupd = Fwupd(bench, merges=True)
    assert fwupd.command("AT+QFLST=?")
    assert fwupd.command("AT")


def test_fwupd_gives_up_where_the_last_acknowledgement_is_missing(make_bench):
    bench = make_bench("ack_on_exact_kb=false").boot().quiet()
    with pytest.raises(AssertionError):
        Fwupd(bench, merges=False).upload(bytes(2048))


@pytest.mark.parametrize(
    ("style", "progress"), [("plain", 100), ("percent", 100), ("space-percent", 0)]
)
def test_fwupd_follows_to_the_end(make_bench, package, style, progress):
    bench = make_bench(f"percent_style={style}").boot().quiet()
    bench.put_package(package)
    fwupd = Fwupd(bench, merges=True)
    assert fwupd.command("AT+QFOTADL=1")
    stages = []
    for _ in range(5000):  # a read, then a pause of 100 ms; only the first match counts
        bench.wait(0.1)
        data = fwupd.read(4096, 0.0)
        match = re.search(rb'\+QIND:\s*"FOTA","([A-Z]+)"(,(\d+))?', data)
        if match:
            stages.append((match[1], match[3]))
            if match[1] == b"END" and match[3] == b"0":
                break
    assert stages[-1] == (b"END", b"0")
    numbers = [int(number) for stage, number in stages if stage == b"UPDATING" and number]
    # Several lines may come in one read: some percentages are lost, none is wrong.
    assert bool(numbers) == bool(progress)
    assert numbers == sorted(set(numbers))


# -- ModemManager ----------------------------------------------------------------------------


def test_modem_manager_waits_for_the_version_of_the_application(make_bench):
    bench = make_bench("application_ready_s=10").boot().quiet()
    answers = [bench.ask("AT+QGMR?").split()[0]]
    while answers[-1].endswith(".00.000") and len(answers) < 16:
        bench.wait(1.0)
        answers.append(bench.ask("AT+QGMR?").split()[0])
    answer = answers[-1]
    assert answer == OLD_REVISION
    assert len(answers) > 3
    assert re.search(r"R(\d+)A(\d+)", answer)


# -- Ruptela, a factory tool that types ahead ------------------------------------------------


STATUS = (
    'AT+QCFGEXT="fota_apn"',
    "AT+CPIN?",
    "AT+COPS?",
    "AT+CREG?",
    "AT+CEREG?",
    "AT+CSQ",
    "AT+QGMR",
)


def test_ruptela_types_seven_commands_ahead(make_bench, package):
    bench = make_bench().boot()
    host = Host(bench, package)
    # The first keeps the module busy, so that all the others really wait.
    for command in ("AT+COPS=?", 'AT+QCFGEXT="fota_apn",0,"internet","",""', *STATUS):
        host.send(f"{command}\r\n")
        host.wait_until(lambda _data: False, 0.1)
    text = host.read_for(30).decode()
    assert text.count("\r\nOK\r\n") == 9
    answers = (
        '+COPS: (2,"',
        '+QCFGEXT: "fota_apn",0,"internet","",""\r\n',
        "+CPIN: READY\r\n",
        '+COPS: 0,0,"Telstra Mobile Telstra",8\r\n',
        "+CREG: 0,1\r\n",
        "+CEREG: 0,1\r\n",
        "+CSQ: 26,99\r\n",
        f"\n{OLD_REVISION}\r\n",
    )
    places = [text.index(answer) for answer in answers]
    assert places == sorted(places)
    lines = text.split("\r")
    assert [m[1] for line in lines if (m := re.search(r"\+CSQ:\ (\d*),(\d*)", line))] == ["26"]
    assert any("+CREG: 0,1" in line for line in lines)

    host.send(f'AT+QFOTADL="{URL}"\r\n')
    text = host.read_for(600).decode()
    assert re.search(r'\+QIND: "FOTA","HTTPEND",(\d*)', text)[1] == "0"
    assert re.search(r'\+QIND: "FOTA","END",(\d*)', text)[1] == "0"
    stages = [
        next((word for word in ("HTTPSTART", "UPDATING", "END", "APP") if word in line), "")
        for line in text.split("\r")
    ]
    order = [stages.index(word) for word in ("HTTPSTART", "UPDATING", "APP")]
    assert order == sorted(order)
    assert bench.network.targets[0].port == 443
    host.send('AT+QCFGEXT="fota_apn",0,"","",""\r\n')
    assert b"\r\nOK\r\n" in host.read_for(1)
    assert revision(bench) == NEW_REVISION


def test_ruptela_sees_the_code_of_a_failure(make_bench):
    bench = make_bench().boot()
    host = Host(bench)
    bench.send(b"AT+CFUN=4\r")
    bench.wait(2)
    host.send(f'AT+QFOTADL="{URL}"\r\n')
    text = host.read_for(600).decode()
    assert re.search(r'\+QIND: "FOTA","HTTPEND",(\d*)', text)[1] == "702"
    assert "UPDATING" not in text


# -- Carematix BlipGo ------------------------------------------------------------------------


@pytest.mark.parametrize("echo", [False, True])
def test_blipgo_waits_for_four_words(make_bench, package, echo):
    bench = make_bench().boot()
    if not echo:
        bench.quiet()
    host = Host(bench, package)
    host.send(f'AT+QFOTADL="{URL}"\r\n')
    assert host.read_through(b"HTTPSTART", 600)
    assert host.read_through(b"HTTPEND", 600)
    assert host.read_through(b'",0\r\n', 1) == b'",0\r\n'
    assert host.read_through(b'"END"', 600)
    assert host.read_through(b",0\r\n", 1) == b",0\r\n"
    assert host.read_through(b"APP RDY", 600)
    assert revision(bench) == NEW_REVISION


# -- 5G HUB, an Arduino sketch ---------------------------------------------------------------

HUB_PATIENCE_S = 200.0


def hub_sketch(host: Host) -> dict[str, int]:
    """How often each stage was found; a search that fails has swallowed what came."""
    found: dict[str, int] = {}
    for stage in ('"HTTPSTART"', '"HTTPEND",0', '"START"', '"UPDATING"', '"RESTORE"', '"END",0'):
        text = f'+QIND: "FOTA",{stage}'.encode()
        found[stage] = 0
        while host.read_through(text, HUB_PATIENCE_S):
            found[stage] += 1
            if stage not in ('"UPDATING"', '"RESTORE"'):
                break
    return found


def test_the_hub_sketch_counts_every_percentage_and_misses_the_rest(make_bench, package):
    bench = make_bench().boot().quiet()
    host = Host(bench, package)
    host.send('AT+QFOTADL="http://95.171.16.128/MPU6050.zip"\r\n')
    assert host.read_through(b"OK", 2)
    found = hub_sketch(host)
    # Its last search for UPDATING takes 200 s and swallows RESTORE and END of a small package.
    assert found == {
        '"HTTPSTART"': 1,
        '"HTTPEND",0': 1,
        '"START"': 1,
        '"UPDATING"': 100,
        '"RESTORE"': 0,
        '"END",0': 0,
    }
    assert revision(bench) == NEW_REVISION


def test_the_hub_sketch_succeeds_on_a_module_that_is_slow_to_end(make_bench, package):
    bench = make_bench("urc_gap_ms=450000").boot().quiet()
    host = Host(bench, package)
    host.send('AT+QFOTADL="http://95.171.16.128/MPU6050.zip"\r\n')
    assert host.read_through(b"OK", 2)
    assert hub_sketch(host)['"END",0'] == 1


# -- h2, a driver that believes nothing ------------------------------------------------------


class H2:
    """Takes exact lines only; success is END,0, then a boot line, then the target revision."""

    LINE = re.compile(r'\+QIND: "FOTA","([A-Z]+)"(?:,(0|[1-9][0-9]{0,2}))?')

    def __init__(self, host: Host) -> None:
        self.host = host
        self.progress: list[tuple[str, int]] = []
        self.ended: int | None = None
        self.restarted = False

    def cgmr(self) -> str:
        self.host.send("AT+CGMR\r")
        answer = self.host.read_through(b"OK\r\n", 0.3).decode()
        return next(line for line in answer.split() if not line.startswith("AT"))

    def line(self, text: str) -> None:
        if match := self.LINE.fullmatch(text):
            if match[1] == "END":
                self.ended = int(match[2])
            elif match[2] is not None and match[1] in ("UPDATING", "RESTORE"):
                self.progress.append((match[1], int(match[2])))
        elif text in ("RDY", "APP RDY") and self.ended == 0:
            self.restarted = True

    def upgrade(self, url: str, target: str) -> bool:
        assert re.fullmatch(r'https?://[^/"\\#]+/[!$-\[\]-~]*', url)
        self.host.send("AT+QFOTADL=?\r")
        assert self.host.read_through(b"\r\nOK\r\n", 5)
        self.host.send(f'AT+QFOTADL="{url}"\r')
        assert self.host.read_through(b"\r\nOK\r\n", 5)
        for text in self.host.read_for(1200).decode().split("\r\n"):
            self.line(text)
        return self.ended == 0 and self.restarted and self.cgmr() == target


@pytest.mark.parametrize("style", ["plain", "percent", "space-percent"])
def test_h2_proves_the_upgrade_by_the_revision(make_bench, lab, style):
    new = lab.release("BG96MAR02A08M1G_01.012.01.012", seed=4)
    bench = make_bench(f"percent_style={style}").boot()
    h2 = H2(Host(bench, lab.package(lab.old, new)))
    assert h2.cgmr() == "BG96MAR02A07M1G"
    assert h2.upgrade(URL, "BG96MAR02A08M1G")
    plain = [(stage, n) for stage in ("UPDATING", "RESTORE") for n in range(1, 101)]
    # Its reader of numbers refuses the percent sign: no progress, but the same end.
    assert h2.progress == (plain if style == "plain" else [])


def test_h2_reports_a_failure_where_the_short_revision_stays(make_bench, package):
    bench = make_bench().boot()
    h2 = H2(Host(bench, package))
    # AT+CGMR has the short form: these two builds look the same to it.
    assert not h2.upgrade(URL, NEW_REVISION)
    assert h2.ended == 0
    assert h2.cgmr() == "BG96MAR02A07M1G"


# -- Modem_BGxx, which looks at nothing but the restart ---------------------------------------


def test_bgxx_sees_the_start_within_five_seconds_and_no_rdy_before_the_restart(make_bench, package):
    bench = make_bench().boot().quiet()
    host = Host(bench, package)
    host.send(f'AT+QFOTADL="{URL}"\r')
    assert host.read_through(b"HTTPSTART", 5)
    before = host.read_through(b"RDY", 3600)
    assert before.endswith(b'"END",0\r\n\r\nRDY')


# -- Technicolor mobiled ----------------------------------------------------------------------


def test_technicolor_takes_every_line_apart(make_bench, package):
    bench = make_bench("percent_style=plain", "resume_percent_style=plain").boot().quiet()
    host = Host(bench, package)
    host.send(f'AT+QFOTADL="{URL}"\r\n')
    stages = []
    for line in host.read_for(600).decode().split("\r\n"):
        outer = re.match(r"^(\+QIND):\s*(.*)$", line)
        inner = re.match(r'^"FOTA",?\s*"([A-Z]+)",?\s*(.*)$', outer[2] if outer else "")
        if inner:
            stages.append((inner[1], inner[2]))
    assert [stage for stage, _ in stages if stage not in ("UPDATING", "RESTORE")] == [
        "HTTPSTART",
        "HTTPEND",
        "START",
        "END",
    ]
    assert all(number.isdigit() for stage, number in stages if stage in ("UPDATING", "RESTORE"))
