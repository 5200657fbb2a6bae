# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of the module that an upgrade needs otherwise, and how they are put back; a table.

Rule 1. Only what is in the way is changed, and only what could be read first.
Rule 2. The line that puts a setting back is kept before the setting is changed.
Rule 3. Nothing is put back into a module that is still upgrading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dfota.at import FOTA_URCS, Command, Form, Urc, Value, encode_line, parse_line
from dfota.at.catalog.fota import FOTA_APN, FOTA_CID, FOTA_PATH
from dfota.at.catalog.general import CMEE, QINDCFG_ALL, QURCCFG_URCPORT
from dfota.at.catalog.packet import QICSGP
from dfota.at.catalog.power import CEDRXRDP, CEDRXS, CPSMS, QSCLK
from dfota.at.catalog.qcfg import APREADY, PSM_ENTER, URC_DELAY
from dfota.errors import AtError, HostError, MisuseError, PortError
from dfota.host.dialogue import Answer, Ask, Happened, Listen, Procedure, Report, ask, lines_of
from dfota.host.events import SettingChanged, SettingLeft, SettingRestored
from dfota.host.identity import get_attention, read_imei
from dfota.host.kinds import ModuleKind
from dfota.host.logbook import Logbook
from dfota.host.plan import AccessPoint

RESTORE_TRIES = 3
RESTORE_DELAY_S = 2.0
"""A module that has just started may refuse what it takes a moment later."""

LINES_MAX = 8
"""More lines that put one setting back are nonsense."""

FOTA_CONTEXT = 1
"""The context of downloads where nothing else is set (DFOTA guide V1.0; Standard(A), 6.1)."""

_PORT_LOST = "the port went away"
_HIDDEN = "********"
_LOGINS = re.compile(r'(^AT\+(?:QCFGEXT="fota_apn"|QICSGP=[0-9]+),[0-9],"[^"]*",)"[^"]*","[^"]+"')


@dataclass(frozen=True, slots=True)
class Needs:
    """What an upgrade needs of the settings.

    Attributes:
        kind: of the module.
        role: which of its ports the host is at; empty where that is not known.
        access_point: for the download; ``None``: as it is, or no download.
        is_remote: whether the module downloads.
    """

    kind: ModuleKind
    role: str = ""
    access_point: AccessPoint | None = None
    is_remote: bool = False


Values = Mapping[str, Value]
Wish = Callable[[Values, Needs], Values | None]
"""What to write instead of what was read; ``None``: it is fine as it is."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: how it is read, what is in the way, and what is written instead.

    Attributes:
        name: its short name.
        command: of the catalogue; a module answers to a read form what the write form takes.
        wish: what to write instead of what was read.
        applies: whether an upgrade with these needs cares.
    """

    name: str
    command: Command
    wish: Wish
    applies: Callable[[Needs], bool] = lambda _needs: True


def _fixed(**wanted: Value) -> Wish:
    """Write *wanted* unless the same values were read."""

    def wish(found: Values, _needs: Needs) -> Values | None:
        return None if all(found.get(name) == value for name, value in wanted.items()) else wanted

    return wish


def _master_switch(found: Values, needs: Needs) -> Values | None:
    # A module that restarts in the middle would come back with what is saved.
    saved = {"savetonvram": 1} if needs.kind.restarts_before_start else {}
    return {"enable": 1, **saved} if found["enable"] == 0 else None


def _urc_port(found: Values, needs: Needs) -> Values | None:
    return {"urcportvalue": needs.role} if found["urcportvalue"] != needs.role else None


def _fota_apn(found: Values, needs: Needs) -> Values | None:
    wanted = needs.access_point
    if wanted is None:
        return None
    values: dict[str, Value] = {"ip_type": wanted.ip_type, "apn": wanted.apn}
    login: dict[str, Value] = {"username": wanted.username, "password": wanted.password}
    if all(found.get(name) == value for name, value in {**values, **login}.items()):
        return None
    had_login = bool(found.get("username") or found.get("password"))
    return {**values, **login} if any(login.values()) or had_login else values


def _context(found: Values, needs: Needs) -> Values | None:
    wanted = needs.access_point
    if wanted is None:
        return None
    has_login = bool(wanted.username or wanted.password)
    values: dict[str, Value] = {
        "contextID": found["contextID"],
        "context_type": wanted.ip_type + 1,
        "APN": wanted.apn,
        "username": wanted.username,
        "password": wanted.password,
        "authentication": 3 if has_login else 0,
    }
    return None if all(found.get(name) == value for name, value in values.items()) else values


def _path(found: Values, _needs: Needs) -> Values | None:
    # Without its colon every download of an EC200U ended with 608 at once.
    return {"path": "UFS:"} if found["path"] == "UFS" else None


SETTINGS: tuple[Setting, ...] = (
    Setting("errors", CMEE, _fixed(n=1)),
    Setting("urc-switch", QINDCFG_ALL, _master_switch),
    Setting("urc-port", QURCCFG_URCPORT, _urc_port, lambda needs: bool(needs.role)),
    Setting("urc-delay", URC_DELAY, _fixed(enable=0)),
    Setting("ap-ready", APREADY, _fixed(enable=0)),
    Setting("sleep", QSCLK, _fixed(n=0)),
    Setting("psm", CPSMS, _fixed(mode=0)),
    Setting("psm-enter", PSM_ENTER, _fixed(mode=0)),
    Setting("edrx", CEDRXS, lambda _found, _needs: {"mode": 0}),
    Setting(
        "fota-apn",
        FOTA_APN,
        _fota_apn,
        lambda n: n.access_point is not None and n.kind.has_fota_apn,
    ),
    Setting("fota-path", FOTA_PATH, _path, lambda n: n.is_remote and n.kind.has_fota_cid),
    Setting(
        "context",
        QICSGP,
        _context,
        lambda n: n.access_point is not None and not n.kind.has_fota_apn,
    ),
)
"""Every setting, in the order in which they are changed; they are put back in reverse."""


def name_of(line: str) -> str:
    """The short name of the setting that *line* writes; the line itself where it is none."""
    for setting in SETTINGS:
        if line.startswith((f"AT{setting.command.name}=", f"AT{setting.command.name},")):
            return setting.name
    return line


def hide_login(line: str) -> str:
    """*line* without user name and password."""
    return _LOGINS.sub(rf'\1"{_HIDDEN}","{_HIDDEN}"', line)


class ModuleSettings:
    """What was changed in one module, and how to put it back.

    Args:
        logbook: keeps the lines that put everything back.
    """

    def __init__(self, logbook: Logbook) -> None:
        self.logbook = logbook

    def apply(self, needs: Needs) -> Procedure[None]:
        """Read each setting, and change it where it is in the way.

        Raises:
            PortError: the port went away.
        """
        for setting in SETTINGS:
            if setting.applies(needs):
                yield from self._apply(setting, needs)

    def _apply(self, setting: Setting, needs: Needs) -> Procedure[None]:
        found = yield from _read(setting, needs)
        if not found:
            return
        wanted = setting.wish(found[0], needs)
        if wanted is None:
            return
        before = tuple(_line(setting.command, values) for values in found)
        yield from self.change(setting.name, before, _line(setting.command, wanted))

    def change(
        self, name: str, before: tuple[str, ...], after: str, *, is_told: bool = True
    ) -> Procedure[bool]:
        """Send *after* once *before*, which puts it back, is kept; gives whether it was taken.

        Raises:
            PortError: the port went away.
        """
        known = self.logbook.record.settings
        # What is noted first is what was there first.
        if name not in {name_of(line) for line in known}:
            yield from self.logbook.note(settings=(*known, *before))
        answer = yield Ask(after, RESTORE_DELAY_S + 3)
        if answer is Happened.PORT_LOST:
            raise PortError("", f"it went away while {name} was set; nothing was started")
        is_taken = isinstance(answer, Answer) and answer.ok
        if is_taken and is_told:
            shown = "; ".join(map(hide_login, before))
            yield Report(SettingChanged(name, shown, hide_login(after)))
        elif isinstance(answer, Answer) and not is_taken:
            # Refused, so there is nothing to put back.
            yield from self.logbook.note(settings=known)
        return is_taken

    def restore(self) -> Procedure[None]:
        """Put everything back, as far as the module takes it; what it refuses is told and kept.

        Never into a module that is still upgrading, nor into another one: they may hold logins.
        """
        lines = self.logbook.record.settings
        if not lines:
            return
        reason = yield from self._find_obstacle()
        left: list[str] = []
        for line in _in_reverse(lines):
            failure = reason or (yield from self._restore(line))
            if failure == _PORT_LOST:
                reason = yield from self._find_obstacle()
            if failure:
                left.append(line)
                yield Report(SettingLeft(name_of(line), hide_login(line), failure))
            else:
                yield Report(SettingRestored(name_of(line), hide_login(line)))
        yield from self.logbook.note(settings=tuple(line for line in lines if line in left))

    def _find_obstacle(self) -> Procedure[str]:
        """Wait until the module of the record takes commands; gives why it does not."""
        reason = yield from _await_attention()
        known = self.logbook.record.imei
        if reason or not known:
            return reason
        for _ in range(RESTORE_TRIES):
            try:
                imei = yield from read_imei()
            except PortError:
                return "the port is away"
            if imei:
                break
            yield Listen(RESTORE_DELAY_S)
        if imei != known:
            who = f"its IMEI is {imei}" if imei else "it tells no IMEI"
            return f"it may be another module: {who}, and {known} was the one"
        return ""

    def _restore(self, line: str) -> Procedure[str]:
        """Send one line of a record; gives why it failed, or nothing."""
        if not is_restoring(line):
            return "it is no setting that dfota changes"
        failure = ""
        for attempt in range(RESTORE_TRIES):
            if attempt:
                heard = yield Listen(RESTORE_DELAY_S)
                if isinstance(heard, Urc) and isinstance(heard, FOTA_URCS):
                    return "the module is still upgrading"
                if heard in {Happened.PORT_LOST, Happened.PORT_RETURNED}:
                    obstacle = yield from self._find_obstacle()
                    if obstacle:
                        return obstacle
            answer = yield Ask(line, RESTORE_DELAY_S + 3)
            if answer is Happened.PORT_LOST:
                return _PORT_LOST
            if isinstance(answer, Answer) and answer.ok:
                return ""
            failure = answer.text if isinstance(answer, Answer) else "no answer"
        return failure


def _in_reverse(lines: tuple[str, ...]) -> list[str]:
    """The settings in reverse, the lines of one setting in their order."""
    names = list(dict.fromkeys(map(name_of, lines)))
    return [line for name in reversed(names) for line in lines if name_of(line) == name]


def _await_attention() -> Procedure[str]:
    """Wait until the module takes commands; gives why it does not, or nothing."""
    try:
        heard = yield from get_attention(set_errors=False)
    except HostError as error:
        return str(error) if not isinstance(error, PortError) else "the port is away"
    return "the module is still upgrading" if heard is not None else ""


def is_restoring(line: str) -> bool:
    """Whether *line* writes one of the settings of this table, and does nothing else."""
    commands = {setting.command.name: setting.command for setting in SETTINGS}
    try:
        invocations = parse_line(line, commands)
        for invocation in invocations:
            invocation.values()
    except (AtError, MisuseError):
        return False
    return len(invocations) == 1 and invocations[0].form is Form.WRITE


def planned_change(setting: Setting, needs: Needs) -> Procedure[tuple[tuple[str, ...], str | None]]:
    """What a setting is, as lines that would write it, and the line that would change it.

    No lines: the module does not say. ``None``: it is not in the way of an upgrade.

    Raises:
        PortError: the port went away.
    """
    found = yield from _read(setting, needs)
    if not found:
        return (), None
    wanted = setting.wish(found[0], needs)
    lines = tuple(hide_login(_line(setting.command, values)) for values in found)
    return lines, None if wanted is None else hide_login(_line(setting.command, wanted))


def _read(setting: Setting, needs: Needs) -> Procedure[tuple[Values, ...]]:
    """What is set now, as values of the write form; empty where the module does not say."""
    if setting.command is QICSGP:
        return (yield from _read_context(needs))
    if setting.command is CEDRXS and not (yield from _uses_edrx()):
        # By 27.007, 7.40, it may be told for each technology although it is off.
        return ()
    answer = yield from ask(setting.command, Form.READ)
    if answer is None or not answer.ok:
        return ()
    if setting.command is CEDRXS:
        # It lists the technologies that it is on for, without the mode.
        return _decoded(CEDRXS, answer, "1,")
    return _decoded(setting.command, answer)


def _uses_edrx() -> Procedure[bool]:
    lines = lines_of((yield from ask(CEDRXRDP, Form.EXECUTE)))
    return any(re.match(r"\+CEDRXRDP:\s*[1-9]", line) for line in lines)


def _read_context(needs: Needs) -> Procedure[tuple[Values, ...]]:
    cid = FOTA_CONTEXT
    if needs.kind.has_fota_cid:
        answer = yield from ask(FOTA_CID, Form.READ)
        told = _decoded(FOTA_CID, answer) if answer is not None and answer.ok else ()
        cid = int(told[0]["cid"] or FOTA_CONTEXT) if told else FOTA_CONTEXT
    answer = yield from ask(QICSGP, Form.WRITE, contextID=cid)
    if answer is None or not answer.ok:
        return ()
    # It answers the type first, without the number of the context.
    return _decoded(QICSGP, answer, f"{cid},")


def _decoded(command: Command, answer: Answer, first: str = "") -> tuple[Values, ...]:
    """The lines of *answer* read as write forms of *command*, with *first* put before."""
    found: list[Values] = []
    name, _, word = command.name.partition("=")
    for line in answer.lines:
        head, colon, rest = line.partition(":")
        if not colon or head.strip() != name or len(found) == LINES_MAX:
            continue
        text = rest.strip()
        if word and not text.startswith(word):
            continue
        try:
            (invocation,) = parse_line(f"AT{name}={first}{text}", {command.name: command})
            found.append({k: v for k, v in invocation.values().items() if v is not None})
        except (AtError, MisuseError, ValueError):
            return ()
    return tuple(found)


def _line(command: Command, values: Values) -> str:
    return encode_line(command.encode(Form.WRITE, **values)).decode("ascii").removesuffix("\r")
