# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The phonebook: 3GPP TS 27.007, 8.11 to 8.14 and 7.1."""

from __future__ import annotations

from dfota.at import Form
from dfota.at.catalog.phonebook import CNUM, CPBF, CPBR, CPBS, CPBW
from dfota.errors import AtParameterError
from dfota.modem.handlers.sim import without_sim
from dfota.modem.message_text import read_text, show_text
from dfota.modem.phonebook import NAME_LENGTH, NUMBER_LENGTH, Entry, Phonebook
from dfota.modem.port import Port
from dfota.modem.reply import ERROR, OK, Reply, cme, handles, information
from dfota.modem.tpdu import Address

NOT_ALLOWED = 3
MEMORY_FULL = 20
INVALID_INDEX = 21
NOT_FOUND = 22
TEXT_TOO_LONG = 24
NUMBER_TOO_LONG = 26
INVALID_NUMBER = 27


def _fault(port: Port) -> Reply | None:
    """The error while the phonebook cannot be reached, or is not there at all."""
    return without_sim(port) if port.module.profile.phonebook_commands else ERROR


def _book(port: Port) -> Phonebook:
    return Phonebook(port.module, port.settings.calls.phonebook)


def _line(port: Port, head: str, entry: Entry) -> str:
    characters = port.settings.cscs
    name = show_text(entry.name, characters)
    return f'{head}: {entry.index},"{entry.number}",{entry.kind},"{name}"'


@handles(CPBS, Form.READ)
def read_storage(port: Port) -> Reply:
    """The storage, and how full it is."""
    book = _book(port)
    name = port.settings.calls.phonebook
    return _fault(port) or information(f'+CPBS: "{name}",{book.used},{book.total}')


@handles(CPBS, Form.TEST)
def list_storages(port: Port) -> Reply:
    """Which storages there are."""
    return _fault(port) or information(CPBS.test or "")


@handles(CPBS, Form.WRITE)
def choose_storage(port: Port, storage: str) -> Reply:
    """Choose a storage until the module restarts."""
    fault = _fault(port)
    if fault is None:
        port.settings.calls.phonebook = storage
    return fault or OK


@handles(CPBR, Form.TEST)
def show_reading_limits(port: Port) -> Reply:
    """Places, and the longest number and name."""
    limits = f"+CPBR: (1-{_book(port).total}),{NUMBER_LENGTH},{NAME_LENGTH}"
    return _fault(port) or information(limits)


@handles(CPBF, Form.TEST)
def show_finding_limits(port: Port) -> Reply:
    """The longest number and name."""
    return _fault(port) or information(f"+CPBF: {NUMBER_LENGTH},{NAME_LENGTH}")


@handles(CPBW, Form.TEST)
def show_writing_limits(port: Port) -> Reply:
    """Places, the longest number, its types, and the longest name."""
    places = f"(1-{_book(port).total})"
    limits = f"+CPBW: {places},{NUMBER_LENGTH},(129,145,161),{NAME_LENGTH}"
    return _fault(port) or information(limits)


@handles(CPBR, Form.WRITE)
def read_entries(port: Port, index1: int, index2: int | None) -> Reply:
    """The entries from one place to another, or that of one place."""
    fault = _fault(port)
    if fault is not None:
        return fault
    book = _book(port)
    last = index1 if index2 is None else index2
    if not 1 <= index1 <= book.total or not 1 <= last <= book.total:
        return cme(INVALID_INDEX)
    found = [entry for entry in book.entries() if index1 <= entry.index <= last]
    if not found and index2 is None:
        return cme(NOT_FOUND)
    return information(*(_line(port, "+CPBR", entry) for entry in found))


@handles(CPBF, Form.WRITE)
def find_entries(port: Port, findtext: str) -> Reply:
    """The entries whose name begins like that, capitals or not."""
    fault = _fault(port)
    if fault is not None:
        return fault
    try:
        wanted = read_text(findtext, port.settings.cscs).lower()
    except AtParameterError:
        return ERROR
    found = [entry for entry in _book(port).entries() if entry.name.lower().startswith(wanted)]
    if not found:
        return cme(NOT_FOUND)
    return information(*(_line(port, "+CPBF", entry) for entry in found))


@handles(CPBW, Form.WRITE)
def write_entry(
    port: Port,
    index: int | None,
    number: str | None,
    type: int | None,  # noqa: A002 - named as in the standard
    text: str | None,
) -> Reply:
    """Write an entry; without a number, delete it; without a place, take the first free one."""
    fault = _fault(port)
    if fault is not None:
        return fault
    book = _book(port)
    if not book.is_writable:
        return cme(NOT_ALLOWED)
    place = book.free_index() if index is None else index
    if place is None:
        return cme(MEMORY_FULL)
    if not 1 <= place <= book.total:
        return cme(INVALID_INDEX)
    if number is None:
        if index is None:
            return ERROR
        book.delete(place)
        return OK
    return _write(port, place, (number, type), text or "")


def _write(port: Port, place: int, written: tuple[str, int | None], text: str) -> Reply:
    number, kind = written
    try:
        name = read_text(text, port.settings.cscs)
    except AtParameterError:
        return ERROR
    if len(name) > NAME_LENGTH:
        return cme(TEXT_TOO_LONG)
    if len(number.lstrip("+")) > NUMBER_LENGTH:
        return cme(NUMBER_TOO_LONG)
    try:
        address = Address.of(number, kind)
    except AtParameterError:
        return cme(INVALID_NUMBER)
    _book(port).put(Entry(place, address.text, address.kind, name))
    return OK


@handles(CNUM, Form.TEST)
def test_own_numbers(port: Port) -> Reply:
    """There, or not."""
    return _fault(port) or OK


@handles(CNUM, Form.EXECUTE)
def show_own_numbers(port: Port) -> Reply:
    """The subscriber's number, if the SIM knows it."""
    numbers = Phonebook(port.module, "ON").entries()
    return _fault(port) or information(
        *(f'+CNUM: ,"{entry.number}",{entry.kind}' for entry in numbers)
    )
