# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What a setting of a profile is: a value with its meaning and its evidence; no setting here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from dfota.errors import MisuseError

GUIDE = "DFOTA guide V1.1, "
AT = "AT manual V2.3, "
FILE = "FILE manual V1.0"
OPEN = "not documented for BG96; "


def setting(default: Any, meaning: str, evidence: str) -> Any:
    """A field of a dataclass of settings.

    Args:
        default: what a BG96 after the guide does.
        meaning: one sentence for the reference.
        evidence: where the default comes from; begins with ``OPEN`` where nobody knows.
    """
    return field(default=default, metadata={"meaning": meaning, "evidence": evidence})


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the reference: what can be set and why the default is what it is."""

    name: str
    kind: type
    default: Any
    meaning: str
    evidence: str

    @property
    def allowed(self) -> str:
        """The values, for a person."""
        if issubclass(self.kind, Enum):
            return ", ".join(f"`{member.value}`" for member in self.kind)
        return {bool: "`true`, `false`", int: "integer", float: "number", str: "text"}[self.kind]

    @property
    def default_text(self) -> str:
        """The default as it is written on the command line."""
        return text_of(self.default)

    def parse(self, text: str) -> Any:
        """Turn the *text* of a command line into a value.

        Raises:
            MisuseError: it is of another kind.
        """
        wrong = MisuseError(f"{self.name} takes {self.allowed.replace('`', '')}, not {text!r}")
        try:
            if self.kind is bool:
                return {
                    "true": True,
                    "on": True,
                    "1": True,
                    "false": False,
                    "off": False,
                    "0": False,
                }[text.lower()]
            return self.kind(text)
        except (KeyError, ValueError):
            raise wrong from None


def text_of(value: Any) -> str:
    """*value* as it is written on the command line."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
