# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The storages of the phonebook: numbers with names, kept without power; no AT here."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfota.modem.nv import NvText, nv_text

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule

PLACES = 250
"""Places of ``SM`` and ``ME``: what usual cards have; no manual gives a number."""

NUMBER_LENGTH = 20
NAME_LENGTH = 14

_WRITABLE = ("SM", "ME")
_EMERGENCY = ("112", "911", "000", "08", "110", "118", "119", "999")
"""3GPP TS 22.101, 10.1.1: what can be dialled without a SIM."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One number with its name; *kind* is its type of address, e.g. 129 or 145."""

    index: int
    number: str
    kind: int
    name: str


def _items(memory: str) -> tuple[NvText, ...]:
    return tuple(nv_text(f"phonebook.{memory.lower()}.{place}", "", 255) for place in range(PLACES))


_ITEMS = {memory: _items(memory) for memory in _WRITABLE}


class Phonebook:
    """One storage: ``SM`` and ``ME`` can be written, ``ON`` and ``EN`` are as they are.

    The lists of calls (``LD``, ``MC``, ``RC``) are empty: there are no voice calls.
    """

    def __init__(self, module: VirtualModule, memory: str) -> None:
        self._module = module
        self._memory = memory

    @property
    def is_writable(self) -> bool:
        """Whether entries can be changed."""
        return self._memory in _WRITABLE

    @property
    def total(self) -> int:
        """The last index."""
        if self.is_writable:
            return PLACES
        return {"EN": len(_EMERGENCY), "ON": 1}.get(self._memory, 10)

    @property
    def used(self) -> int:
        """How many entries there are."""
        return sum(1 for _ in self.entries())

    def entries(self) -> Iterator[Entry]:
        """All entries, by rising index."""
        if self._memory == "EN":
            for index, number in enumerate(_EMERGENCY, 1):
                yield Entry(index, number, 129, "")
        elif self._memory == "ON":
            number = self._module.profile.subscriber_number
            if number:
                yield Entry(1, number, 145 if number.startswith("+") else 129, "")
        elif self.is_writable:
            for place, item in enumerate(_ITEMS[self._memory], 1):
                entry = _read(place, self._module.nv.text(item))
                if entry is not None:
                    yield entry

    def free_index(self) -> int | None:
        """The first free place."""
        taken = {entry.index for entry in self.entries()}
        return next((index for index in range(1, self.total + 1) if index not in taken), None)

    def put(self, entry: Entry) -> None:
        """Write an entry in its place."""
        name = base64.b64encode(entry.name.encode("utf-8", "replace")).decode("ascii")
        self._change(entry.index, f"{entry.kind}:{entry.number}:{name}")

    def delete(self, index: int) -> None:
        """Make a place free; harmless where it is."""
        self._change(index, "")

    def _change(self, index: int, text: str) -> None:
        self._module.nv.change(_ITEMS[self._memory][index - 1], text)
        self._module.save_nv()


def _read(index: int, text: str) -> Entry | None:
    kind, _, rest = text.partition(":")
    number, _, name = rest.partition(":")
    if not (kind.isascii() and kind.isdigit()):
        return None
    try:
        plain = base64.b64decode(name, validate=True).decode("utf-8", "replace")
    except binascii.Error:
        return None  # nothing that a command could have stored
    return Entry(index, number, int(kind) & 0xFF, plain)
