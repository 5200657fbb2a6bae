# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Properties of the files: a dictionary says what is in them, nothing hangs, nothing leaves."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dfota.at import xor16
from dfota.modem import BG96, MemoryState, Power, Speed, VirtualModule, with_settings
from dfota.modem.network import Closed, Connected, Failed, NetworkFailure, Received
from dfota.package import Partition, Release
from dfota.values import FirmwareVersion

RELEASE = Release(
    "BG96", "MA", FirmwareVersion("BG96MAR02A07M1G_01.018.01.018"), (Partition("apps", b"x"),)
)
TOTAL = 3000
PROFILE = with_settings(
    BG96, [f"ufs_total_bytes={TOTAL}", "ufs_reserved_bytes=0", "open_files_max=3"]
)

NAMES = st.sampled_from(["a", "b.txt", "UFS:a", "UFS:c", "EUFS:/datatx/b.txt", "d"])
DATA = st.binary(max_size=900)
CUTS = st.lists(st.integers(0, 900), max_size=4)
HANDLES = st.integers(0, 3)
ENDS = st.sampled_from(["", "", "silence", "escape", "dtr", "cut"])
"""How the host ends its data before their end; empty: it sends all of them."""


class Host:
    """A booted module in memory, and a host that types."""

    def __init__(self) -> None:
        self.module = VirtualModule(
            MemoryState(RELEASE, profile=PROFILE), profile=PROFILE, speed=Speed(1.0)
        )
        self.boot()

    def boot(self) -> None:
        self.module.power_on()
        self.module.elapse_until(lambda: self.module.power is Power.RUNNING)
        self.module.elapse(10)
        self.module.feed(b"ATE0\r")

    def ask(self, command: str) -> bytes:
        """A command; for one with CONNECT, up to it."""
        return self.module.feed(command.encode() + b"\r\n")

    def send(self, data: bytes, cuts: list[int]) -> bytes:
        """Data in pieces."""
        edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
        return b"".join(
            self.module.feed(data[start:end])
            for start, end in itertools.pairwise(edges)
            if start < end
        )


def plain(name: str) -> str:
    return name.removeprefix("UFS:").removeprefix("EUFS:/datatx/")


def cme(number: int) -> bytes:
    return b"\r\n+CME ERROR: %d\r\n" % number


OK = b"\r\nOK\r\n"
CONNECT = b"\r\nCONNECT\r\n"


class FilesLikeADictionary(RuleBasedStateMachine):
    """Uploads, handles, reboots: the files always hold what a dictionary would."""

    def __init__(self) -> None:
        super().__init__()
        self.host = Host()
        self.files: dict[str, bytes] = {}
        self.handles: dict[int, list] = {}  # name, position, mode

    @property
    def free(self) -> int:
        return TOTAL - sum(map(len, self.files.values()))

    def check_room(self, size: int) -> int:
        """The number of the refusal, or 0."""
        if size <= self.free:
            return 0
        return 423 if size > TOTAL else 420

    def is_open(self, name: str) -> bool:
        return any(entry[0] == name for entry in self.handles.values())

    @rule(
        name=NAMES,
        data=DATA,
        cuts=CUTS,
        end=ENDS,
        acks=st.booleans(),
    )
    def upload(self, name, data, cuts, end, acks):
        size = max(len(data) + (5 if end else 0), 1)
        answer = self.host.ask(f'AT+QFUPL="{name}",{size},4,{int(acks)}')
        key = plain(name)
        if key in self.files:
            assert answer == cme(407)
            return
        if refusal := self.check_room(size):
            assert answer == cme(refusal)
            return
        assert answer == CONNECT
        answer = self.host.send(data, cuts)
        if len(data) == size:
            sums = b"\r\n+QFUPL: %d,%x\r\n" % (size, xor16(data))
            assert answer == b"A" * (size // 1024 * acks) + sums + OK
            self.files[key] = data
            return
        assert answer == b"A" * (len(data) // 1024 * acks)
        if self.end(end, cme(421)) and data:
            self.files[key] = data

    @rule(
        handle=HANDLES,
        data=DATA,
        cuts=CUTS,
        end=ENDS,
    )
    def write(self, handle, data, cuts, end):
        size = max(len(data) + (5 if end else 0), 1)
        answer = self.host.ask(f"AT+QFWRITE={handle},{size},4")
        if handle not in self.handles:
            assert answer == cme(416)
            return
        name, position, mode = self.handles[handle]
        if mode == 2:
            assert answer == cme(414)
            return
        if refusal := self.check_room(size):
            assert answer == cme(refusal)
            return
        assert answer == CONNECT
        answer = self.host.send(data, cuts)
        old = self.files[name]
        self.files[name] = old[:position] + data + old[position + len(data) :]
        self.handles[handle][1] += len(data)
        result = b"\r\n+QFWRITE: %d,%d\r\n" % (len(data), len(self.files[name])) + OK
        if len(data) == size:
            assert answer == result
        else:
            assert answer == b""
            self.end(end, result)

    def end(self, end: str, silence: bytes) -> bool:
        """End a data mode before its end; whether the module is still on."""
        module = self.host.module
        if end in {"", "silence"}:  # not even one byte was sent
            assert module.elapse(4.1) == silence
        elif end == "escape":
            assert module.elapse(1.1) == b""
            module.feed(b"+++")
            assert module.elapse(1.1) == OK
        elif end == "dtr":
            module.ports["usbat"].drop_dtr()
            assert module.collect() == OK
        else:
            self.reboot()
        return end != "cut"

    @rule()
    def reboot(self):
        self.host.module.cut_power()
        self.host.boot()
        self.handles.clear()

    @rule(name=NAMES, mode=st.integers(0, 2))
    def open(self, name, mode):
        answer = self.host.ask(f'AT+QFOPEN="{name}",{mode}')
        key = plain(name)
        if self.is_open(key):
            assert answer == cme(426)
        elif len(self.handles) == 3:
            assert answer == cme(413)
        elif mode == 2 and key not in self.files:
            assert answer == cme(405)
        else:
            handle = next(number for number in range(3) if number not in self.handles)
            assert answer == b"\r\n+QFOPEN: %d\r\n" % handle + OK
            self.files[key] = b"" if mode == 1 else self.files.get(key, b"")
            self.handles[handle] = [key, 0, mode]

    @rule(handle=HANDLES)
    def close(self, handle):
        known = self.handles.pop(handle, None)
        assert self.host.ask(f"AT+QFCLOSE={handle}") == (cme(416) if known is None else OK)

    @rule(handle=HANDLES, length=st.one_of(st.none(), st.integers(1, 1000)))
    def read(self, handle, length):
        more = "" if length is None else f",{length}"
        answer = self.host.ask(f"AT+QFREAD={handle}{more}") + self.host.module.elapse(5)
        if handle not in self.handles:
            assert answer == cme(416)
            return
        name, position, _ = self.handles[handle]
        data = self.files[name][position:][: length or TOTAL]
        if not data:
            assert answer == cme(402)
            return
        assert answer == b"\r\nCONNECT %d\r\n" % len(data) + data + OK
        self.handles[handle][1] += len(data)

    @rule(handle=HANDLES, offset=st.integers(0, 1000), position=st.integers(0, 2))
    def seek(self, handle, offset, position):
        answer = self.host.ask(f"AT+QFSEEK={handle},{offset},{position}")
        if handle not in self.handles:
            assert answer == cme(416)
            return
        name, at, _ = self.handles[handle]
        size = len(self.files[name])
        target = (offset, at + offset, size - offset)[position]
        if 0 <= target <= size:
            assert answer == OK
            self.handles[handle][1] = target
        else:
            assert answer == cme(401)

    @rule(handle=HANDLES)
    def truncate(self, handle):
        answer = self.host.ask(f"AT+QFTUCAT={handle}")
        if handle not in self.handles:
            assert answer == cme(416)
            return
        name, position, mode = self.handles[handle]
        assert answer == (cme(414) if mode == 2 else OK)
        if mode != 2:
            self.files[name] = self.files[name][:position]

    @rule(name=NAMES)
    def delete(self, name):
        answer = self.host.ask(f'AT+QFDEL="{name}"')
        key = plain(name)
        if self.is_open(key):
            assert answer == cme(418)
        elif self.files.pop(key, None) is None:
            assert answer == cme(405)
        else:
            assert answer == OK

    @rule()
    def delete_all(self):
        answer = self.host.ask('AT+QFDEL="*"')
        assert answer == (cme(418) if self.handles else OK)
        if not self.handles:
            self.files.clear()

    @rule(name=NAMES)
    def download(self, name):
        answer = self.host.ask(f'AT+QFDWL="{name}"') + self.host.module.elapse(5)
        data = self.files.get(plain(name))
        if data is None:
            assert answer == cme(405)
        else:
            sums = b"\r\n+QFDWL: %d,%x\r\n" % (len(data), xor16(data))
            assert answer == CONNECT + data + sums + OK

    @invariant()
    def lists_agree(self):
        lines = [f'+QFLST: "{name}",{len(data)}\r\n' for name, data in sorted(self.files.items())]
        expected = f"\r\n{''.join(lines)}".encode() if lines else b""
        assert self.host.ask("AT+QFLST") == expected + OK
        assert self.host.ask('AT+QFLDS="UFS"') == b"\r\n+QFLDS: %d,%d\r\n" % (self.free, TOTAL) + OK
        opened = [
            f'"{name}",{handle},{mode}' for handle, (name, _, mode) in sorted(self.handles.items())
        ]
        told = self.host.ask("AT+QFOPEN?").decode()
        assert told.count("+QFOPEN:") == len(opened)
        for handle, (_, position, _) in self.handles.items():
            answer = self.host.ask(f"AT+QFPOSITION={handle}")
            assert answer == b"\r\n+QFPOSITION: %d\r\n" % position + OK

    @invariant()
    def contents_agree(self):
        files = self.host.module.files
        assert {name: files.read(name) for name in self.files} == self.files
        assert files.used_bytes == TOTAL - self.free


FilesLikeADictionary.TestCase.settings = settings(max_examples=120, stateful_step_count=25)
TestFilesLikeADictionary = FilesLikeADictionary.TestCase


@pytest.mark.long
class TestFilesLikeADictionaryForLong(FilesLikeADictionary.TestCase):
    """The same, much longer."""

    settings = settings(max_examples=2000, stateful_step_count=60)


# -- nothing hangs --------------------------------------------------------------------------

PIECES = st.lists(
    st.tuples(
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from([b"+", b"++", b"+++", b"AT\r", b"\r\n", b"\n", b"\x1a", b"\x1b"]),
        ),
        st.floats(0, 3),
    ),
    max_size=10,
)
DATA_MODES = [
    'AT+QFUPL="new",50,7,1',
    'AT+QFUPL="new",50,100',
    'AT+QFDWL="there"',
    'AT+QFOPEN="there",2;+QFREAD=0',
    'AT+QFOPEN="new";+QFWRITE=0,50,9',
    "AT+QHTTPURL=50,20",
    'AT+QHTTPCFG="requestheader",1;+QHTTPGET=60,50,20',
    "AT+QHTTPPOST=50,20",
]


@settings(max_examples=120)
@given(command=st.sampled_from(DATA_MODES), pieces=PIECES, drops_dtr=st.booleans())
def test_after_any_bytes_and_enough_time_the_module_answers(command, pieces, drops_dtr):
    host = Host()
    module = host.module
    file = module.files.begin("there")
    file.write(bytes(2000))
    file.end()
    host.ask("AT+QIACT=1")
    module.elapse(10)
    assert host.ask("AT+QHTTPURL=14") + module.feed(b"http://a.bc/de") == CONNECT + OK
    host.ask(command)
    for data, pause in pieces:
        module.feed(data)
        module.elapse(pause)
    if drops_dtr:
        module.ports["usbat"].drop_dtr()
    module.elapse(400)
    module.feed(b"\r\r")  # ends a line that was begun
    module.elapse(400)
    assert module.feed(b"AT\r").endswith(OK)
    assert module.feed(b"ATE0Q0V1\r").endswith(OK)
    assert module.files.used_bytes <= TOTAL


@pytest.fixture
def victim(make_bench):
    return make_bench()


NEWS = st.lists(
    st.one_of(
        st.binary(max_size=50).map(Received),
        st.sampled_from(
            [
                Received(b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n"),
                Received(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n"),
                Received(b"12345\r\n"),
                Closed(),
                Failed(NetworkFailure.RESET),
            ]
        ),
    ),
    max_size=6,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(news=NEWS, pieces=PIECES, into_file=st.booleans(), late=st.integers(0, 6))
def test_whatever_a_server_says_the_module_answers(victim, news, pieces, into_file, late):
    victim.module.cut_power()
    victim.boot().quiet()
    victim.network.links.clear()
    url = b"http://a.bc/de"
    victim.send(b"AT+QIACT=1\r\n")
    victim.wait(10)
    victim.take()
    victim.send(b"AT+QHTTPURL=%d\r\n" % len(url))
    victim.send(url)
    victim.send(b"AT+QHTTPGET=30\r\n")
    victim.run(until=lambda: victim.network.is_awaited, limit_s=10)
    victim.network.tell(Connected(), *news[:late])
    victim.wait(1)
    victim.send(b'AT+QHTTPREADFILE="f",30\r\n' if into_file else b"AT+QHTTPREAD=30\r\n")
    victim.network.tell(*news[late:])
    for data, pause in pieces:
        victim.send(data)
        victim.wait(pause)
    victim.wait(400)
    victim.send(b"\r\r")
    victim.wait(10)
    assert victim.send(b"AT\r").endswith(OK)
    assert not victim.module.files._incoming


# -- nothing leaves -------------------------------------------------------------------------

COMMANDS = [
    'AT+QFUPL="{}",3',
    'AT+QFOPEN="{}"',
    'AT+QFOPEN="{}",1',
    'AT+QFDEL="{}"',
    'AT+QFLST="{}"',
    'AT+QFDWL="{}"',
]
HOSTILE = st.one_of(
    st.text(st.characters(codec="latin-1"), max_size=90),
    st.lists(
        st.sampled_from(["..", ".", "/", "datatx", "EUFS:", "UFS:", "~", "\\", "CON", "*", "efs"]),
        max_size=6,
    ).map("".join),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=HOSTILE, command=st.sampled_from(COMMANDS))
def test_no_name_reaches_outside_the_folder(victim, name, command):
    if victim.module.power is Power.OFF:
        victim.boot().quiet()
    before = _outside(victim.path)
    line = command.format(name).encode("latin-1") + b"\r\n"
    victim.module.receive("usbat", line, victim.now)
    victim.module.receive("usbat", b"abc", victim.now)
    victim.wait(6)
    victim.send(b"\r\r")
    victim.send(b"AT+QFCLOSE=0\r\n")
    assert _outside(victim.path) == before


def _outside(path: Path) -> dict[str, int]:
    """Every file beside the module's own tree of files."""
    return {
        os.path.join(folder, name): os.lstat(os.path.join(folder, name)).st_size
        for folder, _, names in os.walk(path.parent)
        for name in names
        if not folder.startswith(str(path / "efs"))
    }
