# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The targets: each takes any bytes, and raises only where the module broke a promise."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path

from dfota.at import (
    COMMANDS,
    CommandLineDecoder,
    ReplyDecoder,
    decode_urc,
    parse_line,
    parse_location,
)
from dfota.errors import (
    AtError,
    AtParameterError,
    DfotaError,
    FileSystemError,
    MisuseError,
    ScenarioError,
    StateDirectoryError,
)
from dfota.modem import BG96, Power, Speed, StateDirectory
from dfota.modem.endpoints.com_port import ComPortSession
from dfota.modem.laboratory import VERBS, perform
from dfota.modem.lines import HostLines, ModuleLines
from dfota.modem.messages import Messages
from dfota.modem.nv import load_nv, save_nv
from dfota.modem.profiles import PROFILES
from dfota.modem.scenario import Scenario, shipped
from dfota.modem.snapshot import Snapshot
from dfota.modem.tpdu import parse_pdu
from dfota.modem.world import world_facts
from modem_fuzz.bed import PORTS, Bed, release, small
from modem_fuzz.choices import Choices
from modem_fuzz.host_targets import conversation, ear
from modem_fuzz.watchman import watching

NAMES = sorted(COMMANDS)
FIELDS = (
    *(b"", b"0", b"1", b"2", b"3", b"4", b"5", b"8", b"16", b"127", b"255", b"65535"),
    *(b"4294967296", b"-1", b'""', b'"', b'"*"', b'"a"', b'"b.txt"', b'"UFS:a"', b'"UFS:*"'),
    *(b'"EUFS:/datatx/a"', b'"EUFS:/fota/update.zip"', b'"../a"', b'"/"', b'"."', b'"a/b"'),
    *(b'"http://h/p"', b'"https://[::1]:65535/"', b'"IP"', b'"IPV4V6"', b'"internet"'),
    *(b'"uart1"', b'"usbat"', b'"SM"', b'"ME"', b'"ALL"', b'"GSM"', b'"UCS2"', b'"IRA"'),
    *(b'"1234"', b'"SC"', b'"26/01/02,03:04:05+00"', b'"00101011"', b"1234", b"10240", b"1500000"),
)
MARKS = (b"", b"?", b"=?", b"=", b"=1,", b"0", b"1")
RAW = (
    *(b"\r", b"\n", b"\r\n", b"A/", b"+++", b"\x08", b"\x1a", b"\x1b", b"\x00", b"\xff" * 64),
    *(b"AT", b"at\r", b"A" * 2000, b"T" * 40, b"AT" + b"+CSQ;" * 400 + b"\r", b"A/" * 300),
    *(b"x" * 1024, b'AT+QFUPL="u",16\r', b'AT+QFUPL="u",2048,5,1\r', b"AT+CMGF=1\r"),
    *(b'AT+CMGS="1"\r', b"AT+CMGW=18\r", b"AT+QHTTPURL=12\r", b'AT+QFOPEN="u",0\r'),
    *(b"AT+QFWRITE=1,16\r", b"AT+QFREAD=1\r", b'AT+QFDWL="u"\r', b"AT+QFOTADL=1\r"),
    *(b"0051FF00000008000A0500030002016D4B8BD5\x1a", b"AT&W\r", b"ATZ\r", b"ATD*99#\r", b"ATO\r"),
)
PAUSES_S = (0.0, 0.001, 0.01, 0.2, 0.5, 1.0, 1.1, 3.0, 10.0, 70.0, 400.0)
BAUDS = (None, 0, 9600, 115200, 2**32 - 1)
WORLD = sorted(fact.name for fact in world_facts())
_SCENARIOS = resources.files("dfota.modem").joinpath("scenarios")


def _scenario_lines(name: str) -> list[bytes]:
    return (_SCENARIOS / f"{name}.toml").read_bytes().splitlines()


WORLD_VALUES = (
    *("", "0", "1", "-1", "99", "none", "ready", "pin", "puk", "true", "false", "cat-m1", "egprs"),
    *("a=b", "a=none,b=1.2.3.4", "h:1", ":80", "x:y:z", "denied", "ipv4", "é", "9" * 400, "nan"),
)


def command_line(choices: Choices) -> bytes:
    """A command line that is nearly one: a real name, and fields that mostly fit."""
    line = bytearray(b"AT")
    for _ in range(1 + choices.byte() % 3):
        line += choices.one_of(NAMES).encode()
        mark = choices.one_of(MARKS)
        line += mark
        if mark.endswith((b"=", b",")):
            fields = [
                choices.some_bytes(80) if choices.byte() % 8 == 7 else choices.one_of(FIELDS)
                for _ in range(choices.byte() % 6)
            ]
            line += b",".join(fields)
        if choices.byte() % 2:
            line += b";"
    return bytes(line) + b"\r"


def session(data: bytes) -> None:
    """Two ports, a world that changes, time that passes, and power that comes and goes."""
    choices = Choices(data)
    bed = Bed(small(PROFILES[choices.one_of(sorted(PROFILES))]))
    for _ in range(64):
        if choices.is_used_up:
            break
        _act(bed, choices)
    bed.module.world.change("sim", "ready")
    bed.check()


def _act(bed: Bed, choices: Choices) -> None:
    action = choices.byte() % 16
    port = PORTS[action & 1]
    match action >> 1:
        case 0 | 1 | 2:
            bed.feed(command_line(choices), port)
        case 3:
            bed.feed(choices.one_of(RAW), port)
        case 4:
            bed.feed(choices.some_bytes(), port)
        case 5 | 6:
            bed.wait(choices.one_of(PAUSES_S))
        case _:
            _disturb(bed, choices)
    if bed.module.power is Power.OFF and choices.byte() % 2:
        bed.module.power_on()


def _disturb(bed: Bed, choices: Choices) -> None:
    match choices.byte() % 5:
        case 0:
            bed.module.cut_power()
        case 4:
            bits = choices.byte()
            lines = HostLines(bool(bits & 1), bool(bits & 2), bool(bits & 4), choices.one_of(BAUDS))
            bed.module.change_lines(PORTS[bits >> 7], lines, bed.now)
        case 1:
            bed.module.power_on()
        case 2:
            with contextlib.suppress(AtParameterError):
                bed.module.part(Messages).receive(choices.some_bytes())
        case _:
            with contextlib.suppress(MisuseError):
                bed.module.world.change(choices.one_of(WORLD), choices.one_of(WORLD_VALUES))


def line(data: bytes) -> None:
    """The decoder of command lines and the parser of what it finds."""
    choices = Choices(data)
    decoder = CommandLineDecoder(line_max_bytes=512)
    decoder.echo = bool(choices.byte() & 1)
    decoder.ignores_noise = bool(choices.byte() & 1)
    text = bytearray()
    while not choices.is_used_up:
        text += command_line(choices) if choices.byte() % 4 else choices.some_bytes()
    size = 1 + len(text) // 3
    for start in range(0, len(text), size):
        decoder.feed(bytes(text[start : start + size]))
        for _ in range(4 * len(text) + 16):
            event = decoder.next_event()
            if event is None:
                break
            found = getattr(event, "text", None)
            if isinstance(found, str):
                assert len(found) <= 512
                _invocations(found)
        else:
            raise AssertionError("more events than bytes")


def _invocations(text: str) -> None:
    with contextlib.suppress(AtError):
        for invocation in parse_line(text):
            with contextlib.suppress(AtError, MisuseError):
                values = invocation.values()
                assert invocation.command is not None
                assert all(
                    value is None or isinstance(value, (int, str)) for value in values.values()
                )


def reply(data: bytes) -> None:
    """The host's ear, and what it takes for a URC or a place of a package."""
    decoder = ReplyDecoder()
    for start in range(0, len(data), 7):
        decoder.feed(data[start : start + 7])
    text = data.decode("latin-1")
    decode_urc(text)
    with contextlib.suppress(DfotaError):
        parse_location(text)


def message(data: bytes) -> None:
    """A short message from a network or a host."""
    try:
        parsed = parse_pdu(data)
    except AtParameterError:
        return
    assert data.endswith(parsed.tpdu)
    assert len(parsed.septets) <= 160
    assert parsed.concatenation is None or len(parsed.concatenation) == 3


def names(data: bytes) -> None:
    """File names: nothing outside the module's directory is touched, and quotas hold."""
    choices = Choices(data)
    with tempfile.TemporaryDirectory(prefix="dfota-fuzz-") as folder:
        root = Path(folder)
        (root / "canary").mkdir()
        (root / "canary" / "file").write_bytes(b"sings")
        with StateDirectory(root / "module", firmware=release(), profile=BG96) as state:
            with watching(root / "module"):
                for _ in range(16):
                    if choices.is_used_up:
                        break
                    _use_name(state, choices)
            used = sum(file.size for file in state.files.files())
            assert used <= state.files.total_bytes
        assert (root / "canary" / "file").read_bytes() == b"sings"
        assert sorted(path.name for path in root.iterdir()) == ["canary", "module"]


def _use_name(state: StateDirectory, choices: Choices) -> None:
    files = state.files
    prefix = choices.one_of(("", "UFS:", "EUFS:", "EUFS:/datatx/", "EUFS:/fota/", "RAM:", "../"))
    name = prefix + choices.some_bytes(90).decode("latin-1")
    with contextlib.suppress(FileSystemError):
        match choices.byte() % 5:
            case 0:
                file = files.begin(name, replaces=bool(choices.byte() & 1))
                try:
                    file.write(choices.some_bytes())
                    if choices.byte() & 1:
                        file.end()
                finally:
                    file.discard()
            case 1:
                files.read(name)
            case 2:
                files.delete(name)
            case 3:
                files.has(name)
            case _:
                files.make_folder(files.locate(name))


def nv(data: bytes) -> None:
    """The file of the settings: it is refused with a reason, or it can be written and read again."""
    with tempfile.TemporaryDirectory(prefix="dfota-fuzz-") as folder:
        path = Path(folder) / "nv.json"
        path.write_bytes(_mutated(data))
        try:
            settings = load_nv(path)
        except StateDirectoryError:
            return
        save_nv(path, settings)
        assert load_nv(path) == settings


def _mutated(data: bytes) -> bytes:
    """A good file with some values exchanged; or just the bytes."""
    choices = Choices(data)
    if choices.byte() % 4 == 0:
        return choices.rest()
    good: dict[str, object] = {
        "format": 1,
        "imei": "866425030000007",
        "urc_port": "usbat",
        "fota_apn": {"ip_type": 0, "apn": "", "username": "", "password": ""},
        "stored_settings": None,
        "ipr": 115200,
        "pending_install": "",
        "values": {},
    }
    things: tuple[object, ...] = (
        *(None, True, 0, 1, -1, 255, 2**63, 1.5, "", "uart1", "remote", "a" * 300, [], {}, [[]]),
        *({"sms.me.0": "2AA=="}, {"sms.reference": 256}, {"e": 1}, {"nothing": 1}, {"ip_type": 3}),
    )
    for _ in range(choices.byte() % 4):
        good[choices.one_of(sorted(good))] = choices.one_of(things)
    text = json.dumps(good).encode()
    cut = choices.byte()
    return text[:-cut] if cut < 8 and choices.byte() % 8 == 0 else text


def state(data: bytes) -> None:
    """A state directory of which one file was written by somebody else: refused, or usable."""
    choices = Choices(data)
    with tempfile.TemporaryDirectory(prefix="dfota-fuzz-") as folder:
        path = Path(folder) / "module"
        shutil.copytree(_good_directory(), path)
        victims = sorted(file for file in path.rglob("*") if file.is_file())
        victim = choices.one_of(victims)
        kept = bytearray(victim.read_bytes())
        for _ in range(choices.byte() % 8):
            if kept:
                kept[int.from_bytes(choices.some_bytes(4), "big") % len(kept)] = choices.byte()
        if choices.byte() % 4 == 0:
            kept = bytearray(choices.rest())
        victim.write_bytes(kept)
        with (
            watching(path),
            contextlib.suppress(StateDirectoryError),
            StateDirectory(path, firmware=release(), profile=BG96) as opened,
        ):
            opened.files.files()


_GOOD: list[tempfile.TemporaryDirectory[str]] = []


def _good_directory() -> Path:
    if not _GOOD:
        _GOOD.append(tempfile.TemporaryDirectory(prefix="dfota-fuzz-"))
        with StateDirectory(Path(_GOOD[0].name) / "module", firmware=release(), profile=BG96):
            pass
    return Path(_GOOD[0].name) / "module"


def rfc2217(data: bytes) -> None:
    """A network serial port: whatever a client says, it answers boundedly and keeps its bytes."""
    choices = Choices(data)
    sent, came = bytearray(), bytearray()
    session = ComPortSession(
        "dfota", send=sent.extend, on_data=came.extend, on_lines=lambda _lines: None
    )
    session.begin(ModuleLines(dsr=True))
    fed = 0
    while not choices.is_used_up:
        piece = choices.some_bytes() if choices.byte() % 2 else choices.one_of(TELNET)
        fed += len(piece)
        session.feed(piece)
        if choices.byte() % 4 == 0:
            session.write(choices.some_bytes(16))
            session.show(ModuleLines(dcd=bool(choices.byte() & 1)))
    assert len(came) <= fed
    assert len(sent) <= 200 + 300 * (fed + len(data))


TELNET = (
    *(b"\xff\xfd\x2c", b"\xff\xfb\x2c", b"\xff\xfe\x2c", b"\xff\xfd\x00", b"\xff\xfb\x00"),
    *(b"\xff\xfd\x18", b"\xff\xff", b"\xff\xf3", b"\xff\xf6", b"\xff", b"\r\0", b"AT\r\n"),
    *(b"\xff\xfa\x2c\x01\x00\x01\xc2\x00\xff\xf0", b"\xff\xfa\x2c\x05\x08\xff\xf0"),
    *(b"\xff\xfa\x2c\x0b", b"\xff\xf0", b"\xff\xfa\x2c\x00\xff\xf0", b"\xff\xfa" + b"x" * 300),
)


def world(data: bytes) -> None:
    """Facts around the module by any name with any text: refused with a reason, or obeyed."""
    choices = Choices(data)
    bed = Bed()
    for _ in range(24):
        if choices.is_used_up:
            break
        name = choices.one_of(WORLD) if choices.byte() % 8 else _text(choices)
        value = choices.one_of(WORLD_VALUES) if choices.byte() % 2 else _text(choices)
        with contextlib.suppress(MisuseError):
            bed.module.world.change(name, value)
        if choices.byte() % 2:
            bed.feed(command_line(choices))
        bed.wait(choices.one_of(PAUSES_S))
    bed.module.world.change("sim", "ready")
    bed.check()


def scenario(data: bytes) -> None:
    """A scenario file: refused with the line, or a scenario."""
    choices = Choices(data)
    text = bytearray()
    for _ in range(64):
        if choices.is_used_up:
            break
        text += choices.some_bytes(60) if choices.byte() % 4 == 3 else choices.one_of(_TOML)
        if choices.byte() % 4:
            text += b"\n"
    with contextlib.suppress(ScenarioError):
        Scenario.parse(bytes(text), "fuzz.toml", "fuzz")


_TOML = tuple(sorted({line for each in shipped() for line in _scenario_lines(each.name)}))


def laboratory(data: bytes) -> None:
    """Verbs of the control channel with any parameters: refused with a reason, or done."""
    choices = Choices(data)
    bed = Bed()
    for _ in range(16):
        if choices.is_used_up:
            break
        verb = choices.one_of(sorted(VERBS))
        given = {
            parameter.name: _value(choices, parameter.words)
            for parameter in VERBS[verb].parameters
            if choices.byte() % 4
        }
        if choices.byte() % 16 == 15:
            given[_text(choices)] = 1
        with contextlib.suppress(MisuseError, FileSystemError):
            json.dumps(perform(bed.module, verb, given))
        bed.feed(command_line(choices))
        bed.wait(choices.one_of(PAUSES_S[:8]))
    bed.module.timeline.speed = Speed(1.0)
    bed.wait(100.0)


def _value(choices: Choices, words: Sequence[str]) -> object:
    match choices.byte() % 8:
        case 0 | 1 | 2 if words:
            return choices.one_of(words)
        case 3:
            return _text(choices)
        case 4:
            return choices.byte()
        case 5:
            return choices.one_of((None, True, -1, 1.5, 2**70, [], {}, "nan", float("inf"), "é"))
        case 6:
            return choices.one_of(
                ("usbat", "1.5", "max", "restore:47", "updating:0:tail", "QQ==", "sim")
            )
        case _:
            return choices.one_of(("EUFS:/datatx/a", "UFS:a", "../a", "", "*", "0", "A" * 5000))


def snapshot(data: bytes) -> None:
    """A snapshot that somebody wrote: refused, or put into a module."""
    choices = Choices(data)
    state = Bed().state
    lines = Snapshot.of(state).encode().splitlines()
    for _ in range(choices.byte() % 4):
        place = choices.byte() % len(lines)
        line = lines[place]
        cut = int.from_bytes(choices.some_bytes(2), "big") % (len(line) + 1)
        lines[place] = line[:cut] + choices.some_bytes(40) + line[cut + choices.byte() :]
    text = b"\n".join(lines) if choices.byte() % 8 else choices.rest()
    with contextlib.suppress(MisuseError, FileSystemError):
        Snapshot.decode(text).put_back(state)


def _text(choices: Choices) -> str:
    return choices.some_bytes(80).decode("utf-8", "surrogateescape")


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "conversation": conversation,
    "ear": ear,
    "laboratory": laboratory,
    "line": line,
    "message": message,
    "names": names,
    "nv": nv,
    "reply": reply,
    "rfc2217": rfc2217,
    "scenario": scenario,
    "session": session,
    "snapshot": snapshot,
    "state": state,
    "world": world,
}
"""Name → target."""
