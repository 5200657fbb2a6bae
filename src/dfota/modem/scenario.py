# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The language of scenarios: a TOML file that says what happens to a module; nothing is done here.

A file has a head (``title``, ``description``, ``host_sees``, ``fact``), what kind of module
and world it wants (``[module]``, ``[world]``), its ``[[step]]``s in order, and a
``[[rehearsal]]``: what a host does, and what must come of it. Whatever is wrong is told
with its line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from dfota.errors import FileUnreadableError, MisuseError, ScenarioError
from dfota.modem.laboratory import VERBS, verb_named
from dfota.modem.power import CutPhase
from dfota.modem.profiles import BG96, URC_PORTS, profile_named, with_settings
from dfota.modem.world import World

SCENARIO_MAX_BYTES = 256 * 1024
STEPS_MAX = 1000

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TRIGGERS = ("at", "when", "urc", "command", "after")
_HEAD = ("title", "description", "host_sees", "fact")
_POWERS = ("off", "booting", "running", "forced-upgrade", "damaged")


@dataclass(frozen=True, slots=True)
class Condition:
    """What ``when`` waits for: *kind* is ``phase``, ``power``, ``boots`` or ``registered``."""

    kind: str
    word: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class ScenarioStep:
    """One step: it waits for its trigger, then for *after_s*, then does its verb.

    Attributes:
        line: where it stands.
        verb: what it does.
        given: the verb's parameters.
        at_s: the module's time since power-on.
        when: a condition.
        urc: text that the module writes.
        command: text that a host sends, in any case.
        after_s: how long after that, or after the step before.
    """

    line: int
    verb: str
    given: Mapping[str, Any]
    at_s: float | None = None
    when: Condition | None = None
    urc: str = ""
    command: str = ""
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class RehearsalStep:
    """What a host does, or what must be so then.

    Attributes:
        line: where it stands.
        port: where the host is.
        send: what it sends; CR is added.
        put: file name → what is put there before.
        serve: how the web server answers from now on.
        wait_s: how long it waits.
        expect: texts that must be written, in this order.
        never: texts that must not be written in this step.
        within_s: patience with *expect*, in the module's time.
        revision: ``old`` or ``new``: what must run then.
        power: what the module must be then.
    """

    line: int
    port: str = ""
    send: str = ""
    put: Mapping[str, str] = field(default_factory=dict)
    serve: str = ""
    wait_s: float = 0.0
    expect: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    within_s: float = 3600.0
    revision: str = ""
    power: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole file.

    Attributes:
        name: of the file, without its suffix.
        title: a few words.
        description: what goes wrong.
        host_sees: what a host will notice of it.
        fact: what it stands for.
        profile: the kind of module that it is about.
        settings: ``KEY=VALUE`` for the profile.
        ports: the ports that the module needs.
        world: facts around the module, from the outset.
        steps: in order.
        rehearsal: in order.
    """

    name: str
    title: str
    description: str
    host_sees: str
    fact: str
    profile: str = "bg96"
    settings: tuple[str, ...] = ()
    ports: tuple[str, ...] = ("usbat",)
    world: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[ScenarioStep, ...] = ()
    rehearsal: tuple[RehearsalStep, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Scenario:
        """Read the scenario in the file *path*.

        Raises:
            FileUnreadableError: it cannot be read.
            ScenarioError: it is none.
        """
        try:
            with path.open("rb") as stream:
                data = stream.read(SCENARIO_MAX_BYTES + 1)
        except OSError as error:
            raise FileUnreadableError(str(path), error.strerror or str(error)) from error
        return cls.parse(data, str(path), path.stem)

    @classmethod
    def parse(cls, data: bytes, path: str, name: str) -> Scenario:
        """Read a scenario; *path* is for errors.

        Raises:
            ScenarioError: it is none.
        """
        if len(data) > SCENARIO_MAX_BYTES:
            raise ScenarioError(path, 0, f"it has more than {SCENARIO_MAX_BYTES} bytes")
        try:
            text = data.decode("utf-8")
            table = tomllib.loads(text)
        except UnicodeDecodeError as error:
            raise ScenarioError(path, 0, "it is not UTF-8") from error
        except (ValueError, RecursionError) as error:  # an integer may be too long to read
            line = re.search(r"at line (\d+)", str(error))
            raise ScenarioError(path, int(line[1]) if line else 0, str(error)) from error
        try:
            return _Reader(path, _Lines(text)).scenario(name, table)
        except ValueError as error:  # an integer that is too long to be shown
            raise ScenarioError(path, 0, str(error)) from error


def shipped() -> Iterator[Scenario]:
    """All scenarios that come with dfota, by name.

    Raises:
        ScenarioError: never, unless the installation is damaged.
    """
    for entry in sorted(_folder().iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            name = entry.name.removesuffix(".toml")
            yield Scenario.parse(entry.read_bytes(), entry.name, name)


def scenario_named(text: str) -> Scenario:
    """The scenario that comes with dfota under this name, or the file of this name.

    Raises:
        FileUnreadableError: there is no such file.
        MisuseError: there is no scenario of that name.
        ScenarioError: the file is none.
    """
    if text.endswith(".toml") or "/" in text:
        return Scenario.load(Path(text))
    entry = _folder() / f"{text}.toml"
    if not text.replace("-", "").isalnum() or not entry.is_file():
        raise MisuseError(
            f"there is no scenario {text[:80]!r}",
            "'dfota modem scenarios' lists them; a file ends in .toml.",
        )
    return Scenario.parse(entry.read_bytes(), entry.name, text)


def _folder() -> Any:
    return resources.files("dfota.modem").joinpath("scenarios")


class _Lines:
    """Where tables and keys stand in a TOML text."""

    _HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(?:#.*)?$")
    _KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")

    def __init__(self, text: str) -> None:
        self._found: dict[tuple[str, int, str], int] = {}
        counts: dict[str, int] = {}
        table, index, quote = "", 0, ""
        for number, line in enumerate(text.splitlines(), start=1):
            if quote:
                quote = "" if quote in line else quote
                continue
            header = self._HEADER.match(line)
            if header:
                table = header[1]
                counts[table] = counts.get(table, -1) + 1
                index = counts[table]
                self._found[table, index, ""] = number
                continue
            key = self._KEY.match(line)
            if key:
                self._found.setdefault((table, index, key[1]), number)
            for mark in ('"""', "'''"):
                if line.count(mark) % 2:
                    quote = mark

    def of(self, table: str, index: int = 0, key: str = "") -> int:
        """The line of a key, or of its table."""
        found = self._found
        here = found.get((table, index, key)) or found.get((table, index, ""))
        return here or found.get(("", 0, table), 0)


class _Reader:
    """Checks what a file says, and knows the line of everything."""

    def __init__(self, path: str, lines: _Lines) -> None:
        self._path = path
        self._lines = lines

    def scenario(self, name: str, table: Mapping[str, Any]) -> Scenario:
        self._only(table, "", 0, (*_HEAD, "module", "world", "step", "rehearsal"))
        head = {key: self._text(table, "", 0, key, required=key == "title") for key in _HEAD}
        module = self._table(table, "module")
        self._only(module, "module", 0, ("profile", "set", "ports"))
        profile = self._text(module, "module", 0, "profile") or "bg96"
        settings = self._settings(module, profile)
        ports = self._texts(module, "module", 0, "ports") or ("usbat",)
        if any(port not in URC_PORTS for port in ports):
            raise self._wrong("module", 0, "ports", f"ports are some of {', '.join(URC_PORTS)}")
        steps = self._tables(table, "step")
        rehearsal = self._tables(table, "rehearsal")
        return Scenario(
            name,
            **head,
            profile=profile,
            settings=settings,
            ports=ports,
            world=self._world(self._table(table, "world")),
            steps=tuple(self._step(entry, index) for index, entry in enumerate(steps)),
            rehearsal=tuple(self._rehearse(entry, index) for index, entry in enumerate(rehearsal)),
        )

    # -- parts -------------------------------------------------------------------------

    def _settings(self, module: Mapping[str, Any], profile: str) -> tuple[str, ...]:
        given = module.get("set", {})
        if not isinstance(given, dict):
            raise self._wrong("module", 0, "set", "set is a table of settings")
        texts = tuple(f"{key}={_word(value)}" for key, value in given.items())
        try:
            with_settings(profile_named(profile), texts)
        except MisuseError as error:
            where = "set" if given else "profile"
            raise self._wrong("module", 0, where, str(error)) from error
        return texts

    def _world(self, given: Mapping[str, Any]) -> dict[str, str]:
        world = World.around(BG96)
        facts = {}
        for name, value in given.items():
            facts[name] = _word(value)
            try:
                world.change(name, facts[name])
            except MisuseError as error:
                raise self._wrong("world", 0, name, str(error)) from error
        return facts

    def _step(self, given: Mapping[str, Any], index: int) -> ScenarioStep:
        verb = self._text(given, "step", index, "do", required=True)
        rest = {key: value for key, value in given.items() if key not in (*_TRIGGERS, "do")}
        try:
            checked = verb_named(verb).checked(rest)
            if verb == "world":
                World.around(BG96).change(checked["name"], checked["value"])
        except MisuseError as error:
            told = str(error)
            blamed = (k for k, value in rest.items() if repr(value) in told or f"{k} " in told)
            key = next((k for k in rest if repr(k) in told), next(blamed, "do"))
            raise self._wrong("step", index, key, str(error)) from error
        if VERBS[verb].is_question:
            raise self._wrong("step", index, "do", f"{verb} does nothing")
        triggers = [key for key in ("at", "when", "urc", "command") if key in given]
        if len(triggers) > 1:
            raise self._wrong("step", index, triggers[1], f"a step has one trigger, not {triggers}")
        if index == 0 and not triggers and "after" not in given:
            raise self._wrong(
                "step", index, "", "the first step needs at, when, urc, command or after"
            )
        return ScenarioStep(
            self._lines.of("step", index),
            verb,
            rest,
            at_s=self._duration(given, "step", index, "at") if "at" in given else None,
            when=self._condition(given, index) if "when" in given else None,
            urc=self._text(given, "step", index, "urc"),
            command=self._text(given, "step", index, "command"),
            after_s=self._duration(given, "step", index, "after"),
        )

    def _condition(self, given: Mapping[str, Any], index: int) -> Condition:
        text = self._text(given, "step", index, "when")
        match text.split(":"):
            case ["phase", phase, *percent] if len(percent) < 2 and _is_phase(phase):
                if not percent:
                    return Condition("phase", phase)
                if percent[0].isascii() and percent[0].isdigit() and int(percent[0]) <= 100:
                    return Condition("phase", phase, int(percent[0]))
            case ["power", power] if power in _POWERS:
                return Condition("power", power)
            case ["boots", count] if count.isascii() and count.isdigit():
                return Condition("boots", number=int(count))
            case ["registered"]:
                return Condition("registered")
        raise self._wrong(
            "step",
            index,
            "when",
            f"when is phase:NAME[:PERCENT], power:STATE, boots:COUNT or registered, not {text!r}",
        )

    def _rehearse(self, given: Mapping[str, Any], index: int) -> RehearsalStep:
        table = "rehearsal"
        self._only(
            given,
            table,
            index,
            ("port", "send", "put", "serve", "wait", "expect", "never", "within", "revision",
             "power"),
        )  # fmt: skip
        put = given.get("put", {})
        if not isinstance(put, dict) or not all(isinstance(value, str) for value in put.values()):
            raise self._wrong(
                table, index, "put", "put is a table of file names and what is put there"
            )
        revision = self._text(given, table, index, "revision")
        if revision not in ("", "old", "new"):
            raise self._wrong(table, index, "revision", "revision is old or new")
        power = self._text(given, table, index, "power")
        if power and power not in _POWERS:
            raise self._wrong(table, index, "power", f"power is one of {', '.join(_POWERS)}")
        within = self._duration(given, table, index, "within") if "within" in given else 3600.0
        return RehearsalStep(
            self._lines.of(table, index),
            port=self._text(given, table, index, "port"),
            send=self._text(given, table, index, "send"),
            put=put,
            serve=self._text(given, table, index, "serve"),
            wait_s=self._duration(given, table, index, "wait"),
            expect=self._texts(given, table, index, "expect"),
            never=self._texts(given, table, index, "never"),
            within_s=within,
            revision=revision,
            power=power,
        )

    # -- values ------------------------------------------------------------------------

    def _wrong(self, table: str, index: int, key: str, reason: str) -> ScenarioError:
        return ScenarioError(self._path, self._lines.of(table, index, key), reason)

    def _only(
        self, given: Mapping[str, Any], table: str, index: int, known: tuple[str, ...]
    ) -> None:
        for key in given:
            if key not in known:
                where = f"in [{table}]" if table else "at the top"
                raise self._wrong(table, index, key, f"there is no {key!r} {where}")

    def _text(
        self, given: Mapping[str, Any], table: str, index: int, key: str, *, required: bool = False
    ) -> str:
        value = given.get(key, "")
        if not isinstance(value, str):
            raise self._wrong(table, index, key, f"{key} is text, not {value!r}")
        if required and not value.strip():
            raise self._wrong(table, index, key, f"{key} is missing")
        return str(value).strip()

    def _texts(self, given: Mapping[str, Any], table: str, index: int, key: str) -> tuple[str, ...]:
        value = given.get(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(text, str) for text in values):
            raise self._wrong(table, index, key, f"{key} is text, or a list of texts")
        return tuple(values)

    def _duration(self, given: Mapping[str, Any], table: str, index: int, key: str) -> float:
        value = given.get(key, 0)
        if isinstance(value, str) and (match := _DURATION.fullmatch(value)):
            value = float(match[1]) * _UNITS[match[2]]
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9:
            return float(value)
        raise self._wrong(
            table, index, key, f"{key} is a time such as 12s, 500ms or 3m, not {value!r}"
        )

    def _table(self, given: Mapping[str, Any], name: str) -> dict[str, Any]:
        value = given.get(name, {})
        if not isinstance(value, dict):
            raise self._wrong(name, 0, "", f"[{name}] is a table")
        return dict(value)

    def _tables(self, given: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
        value = given.get(name, [])
        is_list = isinstance(value, list) and all(isinstance(entry, dict) for entry in value)
        if not is_list or len(value) > STEPS_MAX:
            raise self._wrong(name, 0, "", f"[[{name}]] is a list of at most {STEPS_MAX} tables")
        return list(value)


def _is_phase(text: str) -> bool:
    return text in {phase.value for phase in CutPhase}


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
