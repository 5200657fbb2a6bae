# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What must survive the host's own death: the record of one upgrade, as text; no files here.

Rule 1. The record is kept before AT+QFOTADL is sent: who finds one with ``is_started`` never
sends that command again while the outcome is not known.
Rule 2. A record from a file is hostile input: every field is checked before it is believed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from dfota.errors import RecordError

RECORD_MAX_BYTES: Final = 65_536
FORMAT: Final = "dfota-upgrade-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeRecord:
    """One upgrade, from before its start to its end.

    Attributes:
        imei: of the module; empty where it does not tell.
        model: as in ATI.
        kind: name of its ``ModuleKind``.
        port: where it was.
        revision_before: what ran before.
        revision_expected: what must run afterwards; empty: any other one.
        location: what AT+QFOTADL was or will be given, as text.
        package_size: bytes; 0 where it is not known.
        package_digest: SHA-256, hexadecimal; empty where the package is not at hand.
        phase: value of ``Phase`` that was entered last.
        is_started: whether AT+QFOTADL may have been sent.
        is_ended: whether the outcome is known and written in ``outcome``.
        outcome: how it ended, in words.
        settings: command lines that put the module's settings back, in order.
    """

    imei: str = ""
    model: str = ""
    kind: str = ""
    port: str = ""
    revision_before: str = ""
    revision_expected: str = ""
    location: str = ""
    package_size: int = 0
    package_digest: str = ""
    phase: str = "preparing"
    is_started: bool = False
    is_ended: bool = False
    outcome: str = ""
    settings: tuple[str, ...] = field(default=())

    def with_changes(self, **changes: Any) -> UpgradeRecord:
        """A record with other values in some of its fields."""
        return replace(self, **changes)

    def encode(self) -> bytes:
        """As the content of a state file: JSON, one object."""
        return (json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n").encode("ascii")

    @classmethod
    def decode(cls, data: bytes, name: str = "the state file") -> UpgradeRecord:
        """Read what ``encode`` wrote.

        Raises:
            RecordError: it is not such a record; *name* says where it came from.
        """
        if len(data) > RECORD_MAX_BYTES:
            raise RecordError(name, f"it has more than {RECORD_MAX_BYTES} bytes")
        try:
            facts = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise RecordError(name, "it is no JSON") from error
        if not isinstance(facts, dict) or facts.pop("format", None) != FORMAT:
            raise RecordError(name, f"its format is not {FORMAT}")
        values: dict[str, Any] = {}
        for key, example in asdict(cls()).items():
            if key not in facts:
                raise RecordError(name, f"{key} is missing")
            value = facts.pop(key)
            if key == "settings":
                if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
                    raise RecordError(name, "settings are not a list of command lines")
                value = tuple(value)
            elif type(value) is not type(example):
                raise RecordError(name, f"{key} has the wrong type")
            values[key] = value
        if facts:
            raise RecordError(name, f"it has unknown fields: {', '.join(sorted(facts))}"[:200])
        return cls(**values)
