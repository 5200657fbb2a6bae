# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What a laboratory does to a module: supply, pins, lines, world, files, time, flash faults.

Each deed happens at one instant, to a module alone; what needs this process (addresses,
endpoints) is the control channel's.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dfota.errors import FileSystemError, MisuseError
from dfota.flash import Cut, CutMode, Fault, FaultKind
from dfota.modem.filesystem import NOT_FOUND
from dfota.modem.power import PowerCut
from dfota.modem.report import describe
from dfota.modem.snapshot import FILE_MAX_BYTES, TEXT_MAX_BYTES, Snapshot
from dfota.modem.timeline import Speed
from dfota.modem.verbs import VERBS, Facts, Verb, VerbParameter, declare, verb_named

if TYPE_CHECKING:
    from dfota.modem.lines import SerialLines
    from dfota.modem.module import VirtualModule

__all__ = ["VERBS", "perform", "verb_named"]

_PORT_WORDS = ("usbat", "usbmodem", "uart1")
_ENCODED_MAX = 4 * (FILE_MAX_BYTES // 3 + 1)
_PORT = VerbParameter("port", str, "Which port.", words=_PORT_WORDS)
_MODES = tuple(mode.value for mode in CutMode)
_OPERATION = VerbParameter(
    "operation", int, "In which flash operation from now on; 0 is the next one.", 0, maximum=1e12
)


def perform(module: VirtualModule, name: str, given: Facts) -> Facts:
    """Do *name* to *module*; what there is to say about it.

    Raises:
        MisuseError: no such verb, or parameters that it does not take.
        FileSystemError: the module's file system refuses.
    """
    verb = verb_named(name)
    return verb.act(module, verb.checked(given))


def _does(
    name: str, summary: str, *parameters: VerbParameter, is_question: bool = False
) -> Callable[[Callable[[VirtualModule, Facts], Facts | None]], None]:
    """Declare the decorated function as the verb *name*."""

    def bind(act: Callable[[VirtualModule, Facts], Facts | None]) -> None:
        def deed(module: VirtualModule, facts: Facts) -> Facts:
            return act(module, facts) or {}

        declare(Verb(name, summary, deed, parameters, is_question))

    return bind


# -- supply and pins -----------------------------------------------------------------------


@_does(
    "power-cut",
    "Take the supply away: now, or once at a place of the upgrade or in a flash operation; "
    "from there it returns by itself after the setting `power_on_after_s`.",
    VerbParameter("place", str, "`PHASE:PERCENT[:MODE]`, such as `restore:47`.", ""),
    VerbParameter("operation", int, "In the flash operation so many from now.", -1, -1, 1e12),
    VerbParameter("mode", str, "How that operation tears.", "head", words=_MODES),
)
def _cut_power(module: VirtualModule, facts: Facts) -> None:
    if facts["place"] and facts["operation"] >= 0:
        raise MisuseError("power-cut takes a place or an operation, not both")
    if facts["place"]:
        module.arm_power_cut(PowerCut.parse(facts["place"]))
    elif facts["operation"] >= 0:
        flash = module.state.flash
        operation = flash.operations + facts["operation"]
        flash.lose_power_at(Cut(operation, CutMode(facts["mode"])))
    else:
        module.cut_power()


@_does("power-keep", "Forget a power cut that was armed and has not come.")
def _keep_power(module: VirtualModule, _facts: Facts) -> None:
    module.arm_power_cut(None)
    module.state.flash.lose_power_at(None)


@_does("power-on", "Bring the supply up, or start a module that was powered down.")
def _power_on(module: VirtualModule, _facts: Facts) -> None:
    module.power_on()


_HOLD = VerbParameter("hold_s", float, "For how long, seconds.", 0.7, maximum=60)


@_does("pwrkey", "Hold PWRKEY low: it starts a module that is off, and shuts one down.", _HOLD)
def _press_pwrkey(module: VirtualModule, facts: Facts) -> Facts:
    return {"has_effect": module.pins.press_pwrkey(facts["hold_s"])}


@_does("reset", "Hold RESET_N low.", replace(_HOLD, default=0.3))
def _reset(module: VirtualModule, facts: Facts) -> Facts:
    return {"has_effect": module.pins.pulse_reset(facts["hold_s"])}


# -- ports ---------------------------------------------------------------------------------


def _lines(module: VirtualModule, facts: Facts) -> SerialLines:
    if facts["port"] not in module.lines:
        raise MisuseError(f"this module has no port {facts['port']}")
    return module.lines[facts["port"]]


@_does("unplug", "Let a port vanish, as a USB plug that is pulled.", _PORT)
def _unplug(module: VirtualModule, facts: Facts) -> None:
    _lines(module, facts).attach(is_attached=False)


@_does("plug", "Let a port that vanished come back.", _PORT)
def _plug(module: VirtualModule, facts: Facts) -> None:
    _lines(module, facts).attach(is_attached=True)


@_does(
    "noise",
    "Send bytes to the host that no command has asked for.",
    _PORT,
    VerbParameter("text", str, r"What; `\r`, `\n`, `\\` and `\xHH` are escapes."),
)
def _noise(module: VirtualModule, facts: Facts) -> None:
    _lines(module, facts)
    module.ports[facts["port"]].write(unescaped(facts["text"]))


@_does(
    "type",
    "Send bytes to the module, as a second program on the same port would.",
    _PORT,
    VerbParameter("text", str, r"What; `\r`, `\n`, `\\` and `\xHH` are escapes."),
)
def _type(module: VirtualModule, facts: Facts) -> None:
    _lines(module, facts)
    module.receive(facts["port"], unescaped(facts["text"]), 0.0)


@_does(
    "urc",
    "Print an unsolicited result code.",
    VerbParameter("text", str, "Its line, such as `+CREG: 2`.", maximum=255),
)
def _report(module: VirtualModule, facts: Facts) -> None:
    text = facts["text"]
    if not (text.isascii() and text.isprintable()):
        raise MisuseError("a URC is one line of printable ASCII")
    module.report(text)


def unescaped(text: str) -> bytes:
    r"""Bytes of *text*, in which ``\r``, ``\n``, ``\\`` and ``\xHH`` are escapes.

    Raises:
        MisuseError: it has another escape, or is not ASCII.
    """
    try:
        return text.encode("ascii").decode("unicode_escape").encode("latin-1")
    except (UnicodeError, DeprecationWarning) as error:
        raise MisuseError(rf"{text[:80]!r} is no ASCII text with \r, \n, \\ and \xHH") from error


# -- world ---------------------------------------------------------------------------------


@_does(
    "world",
    "Change one of the facts around the module: SIM, cells, supply, network; without a value: "
    "say it; without a name: say them all.",
    VerbParameter("name", str, "Which fact.", ""),
    VerbParameter("value", str, "What it is from now on.", None),
)
def _change_world(module: VirtualModule, facts: Facts) -> Facts | None:
    name, value = facts["name"], facts["value"]
    if not name:
        return module.world.facts()
    if value is None:
        return {name.replace("-", "_"): module.world.fact(name)}
    module.world.change(name, value)
    return None


@_does("sim-pull", "Pull the SIM out.")
def _pull_sim(module: VirtualModule, _facts: Facts) -> None:
    module.world.change("sim", "none")


@_does("sim-insert", "Put a SIM without PIN in.")
def _insert_sim(module: VirtualModule, _facts: Facts) -> None:
    module.world.change("sim", "ready")


# -- files ---------------------------------------------------------------------------------

_NAME = VerbParameter("name", str, "`UFS:name`, or `EUFS:/path` for the whole tree.", maximum=255)


@_does("ls", "List the files below a folder of the module.",
       VerbParameter("folder", str, "Names with slashes; empty for the root.", "", maximum=255),
       is_question=True)  # fmt: skip
def _list_files(module: VirtualModule, facts: Facts) -> Facts:
    path = tuple(part for part in facts["folder"].split("/") if part)
    if module.files.node(path) is None and path:
        raise FileSystemError(NOT_FOUND, facts["folder"])
    nodes = module.files.nodes(path)
    return {
        "files": {node.name: node.size for node in nodes if not node.is_folder},
        "folders": [node.name for node in nodes if node.is_folder],
        "free_bytes": module.files.free_bytes,
    }


@_does("get", "Read a file; its content in base64.", _NAME, is_question=True)
def _get_file(module: VirtualModule, facts: Facts) -> Facts:
    data = module.files.read(facts["name"], is_trusted=True)
    return {"content": base64.b64encode(data).decode()}


@_does(
    "put",
    "Write a file, in place of one of that name.",
    _NAME,
    VerbParameter("content", str, "Base64.", maximum=_ENCODED_MAX),
)
def _put_file(module: VirtualModule, facts: Facts) -> Facts:
    try:
        data = base64.b64decode(facts["content"], validate=True)
    except (binascii.Error, ValueError):
        raise MisuseError("content is base64") from None
    file = module.files.begin(facts["name"], replaces=True, is_trusted=True)
    try:
        file.write(data)
        file.end()
    finally:
        file.discard()
    return {"size": len(data)}


@_does("rm", "Remove a file.", _NAME)
def _remove_file(module: VirtualModule, facts: Facts) -> None:
    module.files.delete(facts["name"], is_trusted=True)


# -- time ----------------------------------------------------------------------------------


@_does("pause", "Let the module's time stand still; what hosts send meanwhile waits.")
def _pause(module: VirtualModule, _facts: Facts) -> None:
    module.timeline.pause()


@_does("resume", "Let time go on.")
def _resume(module: VirtualModule, _facts: Facts) -> None:
    module.timeline.resume()


@_does("step", "Let so many seconds of the module go by at once, then stand still.",
       VerbParameter("seconds", float, "How many."))  # fmt: skip
def _step(module: VirtualModule, facts: Facts) -> None:
    module.timeline.step(facts["seconds"])


@_does("speed", "Be so much faster than hardware from now on.",
       VerbParameter("factor", str, "A number, or `max`.", maximum=32))  # fmt: skip
def _change_speed(module: VirtualModule, facts: Facts) -> None:
    module.timeline.change_speed(Speed.parse(facts["factor"]))


# -- flash ---------------------------------------------------------------------------------

_KIND = VerbParameter("kind", str, "What goes wrong.", words=tuple(k.value for k in FaultKind))


@_does("flash-fault", "Let something go wrong in a coming flash operation.", _KIND, _OPERATION)
def _inject_fault(module: VirtualModule, facts: Facts) -> None:
    flash = module.state.flash
    flash.inject(Fault(flash.operations + facts["operation"], FaultKind(facts["kind"])))


@_does("flash-damage", "Damage the page or sector at an offset now.", _KIND,
       VerbParameter("offset", int, "Where, in bytes.", maximum=1e12))  # fmt: skip
def _damage_flash(module: VirtualModule, facts: Facts) -> None:
    flash = module.state.flash
    if facts["offset"] >= flash.geometry.size:
        raise MisuseError(f"the flash has {flash.geometry.size} bytes")
    flash.damage(facts["offset"], FaultKind(facts["kind"]))


# -- the whole -----------------------------------------------------------------------------


@_does("state", "Say what the module is and does.", is_question=True)
def _state(module: VirtualModule, _facts: Facts) -> Facts:
    return describe(module)


@_does("snapshot", "All that the module keeps without power, as text.", is_question=True)
def _snapshot(module: VirtualModule, _facts: Facts) -> Facts:
    return {"snapshot": Snapshot.of(module.state).encode().decode()}


@_does(
    "restore",
    "Cut the power, put a snapshot back, power on. What was in RAM then is not restored.",
    VerbParameter("snapshot", str, "The text that `snapshot` gave.", maximum=TEXT_MAX_BYTES),
)
def _restore(module: VirtualModule, facts: Facts) -> None:
    snapshot = Snapshot.decode(facts["snapshot"].encode())
    snapshot.check(module.state, module.profile)  # what is refused must not cost the module
    module.cut_power()
    snapshot.put_back(module.state)
    module.power_on()
