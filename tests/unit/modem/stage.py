# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A stage on which scenarios are rehearsed: a module, a host, a web server, no real time."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dfota.modem import (
    Closed,
    Connected,
    Dial,
    Direction,
    Failed,
    LinkEvent,
    MemoryState,
    NetworkFailure,
    Received,
    Scenario,
    Speed,
    TranscriptEntry,
    Trust,
    VirtualModule,
    profile_named,
    with_settings,
)
from dfota.modem.events import Watch
from dfota.modem.inputs import BytesIn, Input, LinkIn, VerbIn
from dfota.modem.performance import Performance
from dfota.modem.scenario import RehearsalStep
from dfota.package import PublicKey, Release

PIECE = 1400


@dataclass
class StageLink:
    """The module's end of a connection to the web server of the stage."""

    number: int
    server: WebServer
    is_paused: bool = False
    is_gone: bool = False
    events: deque[LinkEvent] = field(default_factory=deque)

    def send(self, data: bytes) -> None:
        self.server.answer(self, data)

    def pause(self) -> None:
        self.is_paused = True

    def resume(self) -> None:
        self.is_paused = False

    def abort(self) -> None:
        self.is_gone = True
        self.events.clear()


class WebServer:
    """Answers as the rehearsal says."""

    def __init__(self, props: Mapping[str, bytes]) -> None:
        self.props = props
        self.mode = "package"
        self.links: list[StageLink] = []
        self.requests: list[bytes] = []

    def dial(self, number: int, target: Dial) -> StageLink:
        link = StageLink(number, self)
        self.links.append(link)
        failures = {entry.value: entry for entry in NetworkFailure}
        if self.mode in failures:
            link.events.append(Failed(failures[self.mode]))
        elif self.mode != "vanish":
            link.events.append(Connected())
        return link

    def answer(self, link: StageLink, request: bytes) -> None:
        self.requests.append(request)
        kind, _, rest = self.mode.partition(":")
        body = self.props.get(rest or kind, self.props["package"])
        length = f"Content-Length: {len(body)}\r\n"
        closes = True
        match kind:
            case "silent":
                return
            case "status":
                head, body = f"HTTP/1.1 {rest} Whatever\r\nContent-Length: 0\r\n", b""
            case "redirect":
                head = "HTTP/1.1 302 Found\r\nLocation: http://h/other\r\nContent-Length: 0\r\n"
                body = b""
            case "no-length":
                head = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
            case "chunked":
                head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
            case "wrong-length":
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body) + 10}\r\n"
            case "early-close":
                head, body = f"HTTP/1.1 200 OK\r\n{length}", body[: len(body) // 2]
            case "stall":
                head, body, closes = f"HTTP/1.1 200 OK\r\n{length}", body[: len(body) // 2], False
            case "malformed":
                head, body = "I am no web server\r\n", b""
            case _:
                head, closes = f"HTTP/1.1 200 OK\r\n{length}", False
        data = head.encode() + b"\r\n" + body
        link.events.extend(Received(data[at : at + PIECE]) for at in range(0, len(data), PIECE))
        if closes:
            link.events.append(Closed())

    def next_news(self) -> LinkIn | None:
        for link in self.links:
            if link.events and not link.is_paused and not link.is_gone:
                return LinkIn(link.number, link.events.popleft())
        return None


class Stage:
    """Everything that a rehearsal needs, set up for one scenario.

    Args:
        scenario: what is performed.
        firmware: what the module runs.
        new_revision: what the package leads to.
        props: what can be put into the module, or served.
        key: whose packages are trusted.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        firmware: Release,
        new_revision: str,
        props: Mapping[str, bytes],
        key: PublicKey,
    ) -> None:
        self.scenario = scenario
        self.revisions = {"old": firmware.revision.text, "new": new_revision}
        self.props = props
        self.said: list[tuple[float, str, bytes]] = []
        self.notes: list[str] = []
        self._inputs: deque[Input] = deque()
        self._busy = False
        self.web = WebServer(props)
        profile = with_settings(profile_named(scenario.profile), scenario.settings)
        self.module = VirtualModule(
            MemoryState(firmware, profile=profile),
            profile=profile,
            trust=Trust((key,)),
            speed=Speed(1.0),
            network=self.web,
            port_names=scenario.ports,
            output=self._write,
            log=self.notes.append,
        )
        self.watch = Watch(self.module)
        self.now = 0.0
        self.performance = Performance(
            scenario, self.module, self.put, self.watch, self.notes.append
        )
        self.performance.begin()
        self.put(VerbIn("power-on"))
        self.settle()

    # -- the world ---------------------------------------------------------------------

    def put(self, entry: Input) -> None:
        self._inputs.append(entry)

    def _write(self, port: str, data: bytes) -> None:
        at_s = self.module.timeline.virtual_now
        if self.module.lines[port].is_attached:
            self.said.append((at_s, port, data))
        self.performance.passed(TranscriptEntry(at_s, port, Direction.TO_HOST, data))

    def settle(self) -> None:
        """Let everything happen that happens at this instant."""
        while True:
            if self._inputs:
                entry = self._inputs.popleft()
            elif (news := self.web.next_news()) is not None:
                entry = news
            else:
                return
            self.module.set_time(self.now)
            if isinstance(entry, BytesIn):
                at_s = self.module.timeline.virtual_now
                self.performance.passed(
                    TranscriptEntry(at_s, entry.port, Direction.TO_MODULE, entry.data)
                )
            entry.apply(self.module, self.now)
            self.performance.look()
            self.watch.look()

    def run(self, condition: Callable[[], bool], limit_s: float) -> bool:
        """Let time pass until *condition*; whether it came to be."""
        end = self.now + limit_s
        while True:
            self.settle()
            if condition():
                return True
            deadline = self.module.next_deadline()
            if deadline is None or deadline > end:
                self.now = end
                self.module.advance(end)
                self.settle()
                return condition()
            self.now = max(self.now, deadline)
            self.module.advance(deadline)
            self.performance.look()
            self.watch.look()

    # -- the host ----------------------------------------------------------------------

    def rehearse(self) -> None:
        """Do what the rehearsal says; AssertionError where something does not come."""
        for step in self.scenario.rehearsal:
            self._rehearse(step)
        assert self.performance.is_over, "not every step of the scenario was reached"
        refused = [note for note in self.notes if note.startswith("scenario ")]
        assert not refused, refused

    def _rehearse(self, step: RehearsalStep) -> None:
        where = f"{self.scenario.name}.toml:{step.line}"
        begin = len(self.said)
        for name, prop in step.put.items():
            self._store(name, self._prop(prop))
        if step.serve:
            self.web.mode = step.serve
        port = step.port or self.scenario.ports[0]
        if step.send:
            text = step.send if step.send.endswith("\\r\\n") else step.send + r"\r"
            self.put(BytesIn(port, text.encode().decode("unicode_escape").encode("latin-1")))
        found = self.run(lambda: not self._missing(begin, step.expect, step.port), step.within_s)
        heard = self._heard(begin, step.port)
        missing = self._missing(begin, step.expect, step.port)
        assert found, f"{where}: {missing!r} did not come in {heard[-1500:]!r} {self.notes}"
        if step.wait_s:
            self.run(lambda: False, step.wait_s)
        heard = self._heard(begin, step.port)
        for text in step.never:
            assert text not in heard, f"{where}: {text!r} came in {heard!r}"
        if step.power:
            self.run(lambda: self.module.power.value == step.power, step.within_s)
            assert self.module.power.value == step.power, f"{where}: {self.module.power}"
        if step.revision:
            self.run(lambda: self._runs(step.revision), step.within_s)
            assert self._runs(step.revision), f"{where}: {self.module.firmware} {self.notes}"

    def _runs(self, revision: str) -> bool:
        firmware = self.module.firmware
        is_running = self.module.power.value == "running" and not self.module.upgrade.is_busy
        return (
            is_running
            and firmware is not None
            and firmware.revision.text == self.revisions[revision]
        )

    def _heard(self, begin: int, port: str) -> str:
        pieces = [data for _, name, data in self.said[begin:] if port in ("", name)]
        return b"".join(pieces).decode("latin-1")

    def _missing(self, begin: int, texts: tuple[str, ...], port: str) -> str:
        heard, at = self._heard(begin, port), 0
        for text in texts:
            wanted = text.encode().decode("unicode_escape")
            at = heard.find(wanted, at)
            if at < 0:
                return text
            at += len(wanted)
        return ""

    def _prop(self, name: str) -> bytes:
        filler = re.fullmatch(r"filler:(\d+)", name)
        return bytes(int(filler[1])) if filler else self.props[name]

    def _store(self, name: str, data: bytes) -> None:
        file = self.module.files.begin(name, replaces=True, is_trusted=True)
        file.write(data)
        file.end()
