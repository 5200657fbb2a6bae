# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Commands that take a message from the host or send one: AT manual V2.3, 8.8 to 8.11, 8.16."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dfota.at import Form
from dfota.at.catalog.messages import CMGS, CMGW, CMSS, QCMGS, STATUS_WORDS
from dfota.errors import AtParameterError
from dfota.modem.handlers.messages import INVALID_INDEX, NOT_ALLOWED, fault, validity_octets
from dfota.modem.message_input import INPUT_MAX_BYTES, MessageInput
from dfota.modem.message_store import Status
from dfota.modem.message_text import encode_user_data, read_text
from dfota.modem.messages import MEMORY_FULL, NO_NETWORK, Messages
from dfota.modem.port import Port
from dfota.modem.reply import ERROR, Reply, cms, handles
from dfota.modem.tpdu import NOBODY, Address, Message, build_deliver, build_submit, parse_pdu
from dfota.modem.tpdu import build_timestamp as _timestamp

INVALID_PDU = 304
INVALID_TEXT = 305
CENTRE_UNKNOWN = 330
TOO_LONG = 513

_TOO_LONG_RULE = "at most"

_Use = Callable[[Message], Reply]
_Finish = Callable[[bytes], Reply]


@dataclass(frozen=True, slots=True)
class _Part:
    """Which part of a longer message a text is; *count* 0 or 1: it is whole."""

    reference: int = 0
    number: int = 0
    count: int = 0

    @property
    def header(self) -> bytes:
        """The user data header (23.040, 9.2.3.24.1), or nothing."""
        if self.count < 2 or not self.number:
            return b""
        return bytes((5, 0, 3, self.reference, self.count, self.number))


@handles(CMGS, Form.WRITE)
def send(port: Port, da: int | str, toda: int | None) -> Reply:
    """Ask for the message, and send it."""
    error = fault(port)
    if error is not None:
        return error
    if not port.settings.messages.text_mode:
        return _ask_pdu(port, da, lambda message: _send(port, message, "+CMGS"))
    return _ask_text(port, str(da), toda, _Part(), "+CMGS")


@handles(QCMGS, Form.WRITE)
def send_part(  # noqa: PLR0917 - as many as the command has
    port: Port,
    da: str,
    first: int | None,
    second: int | None,
    third: int | None,
    fourth: int | None,
) -> Reply:
    """``<da>[,<toda>][,<uid>,<msg_seg>,<msg_total>]``: three or four numbers may follow."""
    error = fault(port)
    if error is not None:
        return error
    if not port.settings.messages.text_mode:
        return cms(NOT_ALLOWED)
    numbers = [number for number in (first, second, third, fourth) if number is not None]
    kind = numbers.pop(0) if len(numbers) in (1, 4) else None
    if len(numbers) not in (0, 3) or any(number > 7 for number in numbers[1:]):
        return ERROR
    return _ask_text(port, da, kind, _Part(*numbers), "+QCMGS")


@handles(CMGW, Form.EXECUTE)
def write_without_address(port: Port) -> Reply:
    """Store a text for nobody yet."""
    error = fault(port)
    if error is not None:
        return error
    if not port.settings.messages.text_mode:
        return cms(INVALID_PDU)
    return _ask_text_to_store(port, NOBODY, Status.STO_UNSENT)


@handles(CMGW, Form.WRITE)
def write(port: Port, da: int | str, toda: int | None, stat: str | None) -> Reply:
    """Ask for the message, and store it."""
    error = fault(port)
    if error is not None:
        return error
    if not port.settings.messages.text_mode:
        # <length>[,<stat>]: the status stands where the text mode has the type.
        if toda is not None and (toda > Status.STO_SENT or stat is not None):
            return cms(INVALID_PDU)
        status = Status.STO_UNSENT if toda is None else Status(toda)
        return _ask_pdu(port, da, lambda message: _store(port, message, status))
    try:
        address = _read_address(port, str(da), toda)
    except AtParameterError:
        return cms(INVALID_TEXT)
    word = stat or STATUS_WORDS[Status.STO_UNSENT]
    number = int(word) if word.isdigit() else STATUS_WORDS.index(word)
    return _ask_text_to_store(port, address, Status(number))


@handles(CMSS, Form.WRITE)
def send_stored(port: Port, index: int, da: str | None, toda: int | None) -> Reply:
    """Send what was stored, to its own recipient or to another one."""
    error = fault(port)
    if error is not None:
        return error
    store = port.module.part(Messages).store(port.settings.messages.memories[1])
    stored = store.get(index)
    if stored is None or not stored.message.is_submit:
        return cms(INVALID_INDEX)
    message = stored.message
    if da is not None:
        try:
            address = _read_address(port, da, toda)
        except AtParameterError:
            return cms(INVALID_TEXT)
        message = _submitted(port, message, address)
    if not message.address.text:
        return cms(INVALID_TEXT)
    reply = _send(port, message, "+CMSS")
    if reply.lines:
        store.mark(stored, Status.STO_SENT)
    return reply


def _ask_pdu(port: Port, length: int | str, use: _Use) -> Reply:
    """Prompt for a PDU whose TPDU is *length* octets long."""
    if not isinstance(length, int):
        return cms(INVALID_PDU)

    def finish(text: bytes) -> Reply:
        try:
            message = parse_pdu(_octets(text))
        except (AtParameterError, ValueError):
            return cms(INVALID_PDU)
        return use(message) if len(message.tpdu) == length else cms(INVALID_PDU)

    return Reply(transfer=MessageInput(finish, is_text=False))


def _ask_text(port: Port, da: str, toda: int | None, part: _Part, head: str) -> Reply:
    try:
        address = _read_address(port, da, toda)
    except AtParameterError:
        return cms(INVALID_TEXT)

    def finish(text: bytes) -> Reply:
        try:
            message = _message(port, address, text, part)
        except AtParameterError as error:
            return _text_fault(error)
        return _send(port, message, head)

    return _prompt(port, finish)


def _ask_text_to_store(port: Port, address: Address, status: Status) -> Reply:
    def finish(text: bytes) -> Reply:
        is_submit = status in (Status.STO_UNSENT, Status.STO_SENT)
        try:
            message = _message(port, address, text, _Part(), is_submit=is_submit)
        except AtParameterError as error:
            return _text_fault(error)
        return _store(port, message, status)

    return _prompt(port, finish)


def _prompt(port: Port, finish: _Finish) -> Reply:
    # In the GSM alphabet code 8 is a letter; AT manual, tables 23 and 26.
    deletes = port.settings.cscs != "GSM"
    return Reply(transfer=MessageInput(finish, is_text=True, deletes=deletes))


def _text_fault(error: AtParameterError) -> Reply:
    return cms(TOO_LONG if error.rule.startswith(_TOO_LONG_RULE) else INVALID_TEXT)


def _read_address(port: Port, text: str, kind: int | None) -> Address:
    return Address.of(read_text(text, port.settings.cscs), kind)


def _message(
    port: Port, address: Address, text: bytes, part: _Part, *, is_submit: bool = True
) -> Message:
    """What was typed in text mode as a message.

    Raises:
        AtParameterError: too long, or not what the coding wants.
    """
    if len(text) > INPUT_MAX_BYTES:
        raise AtParameterError("", "text", "", f"{_TOO_LONG_RULE} {INPUT_MAX_BYTES} bytes")
    settings = port.settings.messages
    header = part.header
    user_data, length = encode_user_data(text, settings.coding, port.settings.cscs, header=header)
    flags = 0x40 if header else 0
    if is_submit:
        first_octet = settings.first_octet & ~0x03 | 0x01 | flags
        validity = validity_octets(first_octet, settings.validity)
        tpdu = build_submit(
            address,
            user_data,
            length,
            first_octet=first_octet,
            protocol=settings.protocol,
            coding=settings.coding,
            validity=validity,
        )
    else:
        now = port.module.part(Messages).network_time()
        tpdu = build_deliver(
            address,
            user_data,
            length,
            timestamp=_timestamp(now),
            protocol=settings.protocol,
            coding=settings.coding,
        )
    return parse_pdu(b"\0" + tpdu)


def _submitted(port: Port, message: Message, address: Address) -> Message:
    """The same message for somebody else."""
    tpdu = build_submit(
        address,
        message.user_data,
        message.length,
        first_octet=message.first_octet,
        protocol=message.protocol,
        coding=message.coding,
        validity=message.validity,
    )
    return parse_pdu(message.service_centre.build_service_centre() + tpdu)


def _send(port: Port, message: Message, head: str) -> Reply:
    module = port.module
    messages = module.part(Messages)
    if not message.is_submit:
        return cms(INVALID_PDU)
    if not module.radio.is_registered:
        return cms(NO_NETWORK)
    if not message.service_centre.text and not messages.service_centre.text:
        return cms(CENTRE_UNKNOWN)
    line = f"{head}: {messages.next_reference()}"
    return Reply((line,), cost_s=module.profile.sms_send_s, effect=lambda: messages.sent(message))


def _store(port: Port, message: Message, status: Status) -> Reply:
    if message.is_submit != (status in (Status.STO_UNSENT, Status.STO_SENT)):
        return cms(INVALID_PDU)
    memory = port.settings.messages.memories[1]
    centre = message.service_centre.build_service_centre()
    index = port.module.part(Messages).put(memory, status, centre + message.tpdu)
    return cms(MEMORY_FULL) if index is None else Reply((f"+CMGW: {index}",))


def _octets(text: bytes) -> bytes:
    """Hexadecimal digits as octets.

    Raises:
        ValueError: anything else, or more than a message can be.
    """
    digits = bytes(text).replace(b" ", b"")
    if len(digits) > INPUT_MAX_BYTES or not digits.isalnum():
        raise ValueError
    return bytes.fromhex(digits.decode("ascii"))
