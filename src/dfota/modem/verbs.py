# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What a laboratory can do to a module, declared: names, parameters, meanings; no deed here.

One table serves the control channel, ``dfota modem ctl``, scenarios, traces and the
reference. What is given to a verb comes from outside and is checked against it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dfota.errors import MisuseError

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule

TEXT_MAX_BYTES = 4096
"""The longest text, where a parameter says nothing else."""

Kind = type[str] | type[int] | type[float] | type[bool]
Facts = dict[str, Any]
"""What a verb answers: an object for JSON."""

_KINDS: Mapping[Kind, str] = {str: "text", int: "integer", float: "number", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class VerbParameter:
    """One thing that a verb wants to know.

    Attributes:
        name: its name.
        kind: of what kind it is.
        meaning: one sentence.
        default: where it may be left out; ``...``: it may not.
        minimum: of a number.
        maximum: of a number; of a text, the most bytes.
        words: the only texts that are allowed.
    """

    name: str
    kind: Kind
    meaning: str
    default: Any = ...
    minimum: float = 0
    maximum: float = 1e9
    words: tuple[str, ...] = ()

    @property
    def is_required(self) -> bool:
        """Whether it must be given."""
        return self.default is ...

    @property
    def values(self) -> str:
        """What it takes, for a person."""
        return ", ".join(self.words) or _KINDS[self.kind]

    def check(self, value: object) -> Any:
        """*value*, or the text of it, as the kind it is.

        Raises:
            MisuseError: it is of another kind, or outside the range.
        """
        if value is None and self.default is None:
            return None  # it was left out, and what was checked is checked again by a replay
        wrong = MisuseError(f"{self.name} takes {self.values}, not {str(value)[:80]!r}")
        if isinstance(value, str) and self.kind is not str:
            value = _number_or_truth(value, self.kind, wrong)
        if self.kind is float and type(value) is int:
            value = float(value)
        if type(value) is not self.kind:
            raise wrong
        if isinstance(value, str):
            most = TEXT_MAX_BYTES if self.maximum == 1e9 else self.maximum
            if len(value) > most or (self.words and value not in self.words):
                raise wrong
            if any("\ud800" <= character <= "\udfff" for character in value):
                raise wrong  # JSON can write half of a pair; no file and no line can hold it
        elif self.kind is not bool and not self.minimum <= value <= self.maximum:
            raise MisuseError(
                f"{self.name} is {self.minimum:g} to {self.maximum:g}, not {str(value)[:80]}"
            )
        return value


def _number_or_truth(text: str, kind: Kind, wrong: MisuseError) -> object:
    try:
        if kind is bool:
            return {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}[
                text.lower()
            ]
        return kind(text)
    except (KeyError, ValueError):
        raise wrong from None


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that can be done to a module.

    Attributes:
        name: as it is written.
        summary: one sentence.
        act: does it; gets the module and the checked parameters by name.
        parameters: what it wants to know.
        is_question: whether it changes nothing, so that no trace needs it.
    """

    name: str
    summary: str
    act: Callable[[VirtualModule, Facts], Facts]
    parameters: tuple[VerbParameter, ...] = ()
    is_question: bool = False

    def checked(self, given: Mapping[str, object]) -> Facts:
        """*given* with defaults, each of its kind.

        Raises:
            MisuseError: something is missing, unknown, or wrong.
        """
        known = {parameter.name for parameter in self.parameters}
        for name in given:
            if name not in known:
                offered = f"it takes {', '.join(sorted(known))}" if known else "it takes nothing"
                raise MisuseError(f"{self.name} has no {str(name)[:80]!r}; {offered}")
        values = {}
        for parameter in self.parameters:
            if parameter.name in given:
                values[parameter.name] = parameter.check(given[parameter.name])
            elif parameter.is_required:
                raise MisuseError(f"{self.name} needs {parameter.name}: {parameter.meaning}")
            else:
                values[parameter.name] = parameter.default
        return values


VERBS: dict[str, Verb] = {}
"""All of them, in the order of the reference; filled by ``laboratory``."""


def declare(verb: Verb) -> None:
    """Add *verb* to the table.

    Raises:
        MisuseError: the name is taken.
    """
    if verb.name in VERBS:
        raise MisuseError(f"two verbs are called {verb.name}")
    VERBS[verb.name] = verb


def verb_named(name: str) -> Verb:
    """The verb *name*.

    Raises:
        MisuseError: there is none.
    """
    if name in VERBS:
        return VERBS[name]
    near = difflib.get_close_matches(name, VERBS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(VERBS)}"
    raise MisuseError(f"there is no verb {name[:80]!r}; {hint}")


def verbs_reference() -> Iterator[str]:
    """The table of all verbs for the reference, line by line."""
    for verb in VERBS.values():
        yield f"### `{verb.name}`"
        yield ""
        yield verb.summary
        yield ""
        if verb.parameters:
            yield "| Parameter | Values | Default | Meaning |"
            yield "|---|---|---|---|"
            for parameter in verb.parameters:
                default = "required" if parameter.is_required else f"`{parameter.default}`"
                if parameter.default == "":
                    default = "none"
                yield (
                    f"| `{parameter.name}` | {parameter.values} | {default} | {parameter.meaning} |"
                )
            yield ""
