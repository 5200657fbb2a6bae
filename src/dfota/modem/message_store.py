# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The message storages ``ME`` and ``SM``: places with PDUs, kept without power; no AT here.

One place is one text of the non-volatile settings: the status as a digit, and the PDU
(service centre and TPDU, at most 176 octets) in Base64.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from dfota.errors import AtParameterError
from dfota.modem.nv import NvText, nv_text
from dfota.modem.tpdu import Message, parse_pdu

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule

PLACES_MAX = 99
"""The most places that a profile may give a storage."""

_TEXT_MAX_BYTES = 255


class Status(IntEnum):
    """``<stat>`` of a stored message."""

    REC_UNREAD = 0
    REC_READ = 1
    STO_UNSENT = 2
    STO_SENT = 3


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message in its place.

    Attributes:
        index: as the host says it.
        status: see there.
        pdu: service centre and TPDU.
        message: the PDU taken apart.
    """

    index: int
    status: Status
    pdu: bytes
    message: Message


def _items(memory: str) -> tuple[NvText, ...]:
    return tuple(
        nv_text(f"sms.{memory.lower()}.{place}", "", _TEXT_MAX_BYTES) for place in range(PLACES_MAX)
    )


_ITEMS = {"ME": _items("ME"), "SM": _items("SM")}


class MessageStore:
    """One storage of one module.

    Args:
        module: whose.
        memory: ``SM``, ``ME``, ``MT`` (the same as ``ME``) or ``SR``, which is always empty.
    """

    def __init__(self, module: VirtualModule, memory: str) -> None:
        profile = module.profile
        self._module = module
        self._places: tuple[NvText, ...] = ()
        if memory != "SR":
            total = profile.sms_sm_total if memory == "SM" else profile.sms_me_total
            self._places = _ITEMS["SM" if memory == "SM" else "ME"][:total]
        self._first = profile.sms_first_index

    @property
    def total(self) -> int:
        """How many messages have room."""
        return len(self._places)

    @property
    def used(self) -> int:
        """How many messages there are."""
        return sum(1 for _ in self.messages())

    def has_place(self, index: int) -> bool:
        """Whether *index* is one of this storage's."""
        return 0 <= index - self._first < self.total

    def messages(self) -> Iterator[StoredMessage]:
        """All messages, by rising index."""
        for place in range(self.total):
            stored = self._read(place)
            if stored is not None:
                yield stored

    def get(self, index: int) -> StoredMessage | None:
        """The message at *index*, if there is one."""
        return self._read(index - self._first) if self.has_place(index) else None

    def put(self, status: Status, pdu: bytes) -> int | None:
        """Store a message in the first free place; its index, or ``None`` where all is full."""
        for place in range(self.total):
            if self._read(place) is None:
                self._write(place, f"{status:d}{base64.b64encode(pdu).decode('ascii')}")
                return place + self._first
        return None

    def mark(self, stored: StoredMessage, status: Status) -> None:
        """Let a message have another status."""
        text = f"{status:d}{base64.b64encode(stored.pdu).decode('ascii')}"
        self._write(stored.index - self._first, text)

    def delete(self, index: int) -> None:
        """Make the place free; harmless where it is."""
        self._write(index - self._first, "")

    def _read(self, place: int) -> StoredMessage | None:
        text = self._module.nv.text(self._places[place])
        if len(text) < 2 or text[0] not in "0123":
            return None
        try:
            pdu = base64.b64decode(text[1:], validate=True)
            return StoredMessage(place + self._first, Status(int(text[0])), pdu, parse_pdu(pdu))
        except (binascii.Error, AtParameterError):
            return None  # nothing that a command could have stored

    def _write(self, place: int, text: str) -> None:
        nv = self._module.nv
        if nv.text(self._places[place]) != text:
            nv.change(self._places[place], text)
            self._module.save_nv()
