# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Short messages: AT manual V2.3, chapter 8; sending is ``handlers.message_sending``."""

from __future__ import annotations

from dfota.at import Form
from dfota.at.catalog.messages import (
    CMGD,
    CMGF,
    CMGL,
    CMGR,
    CMMS,
    CNMA,
    CNMI,
    CPMS,
    CSCA,
    CSDH,
    CSMP,
    CSMS,
    QCMGR,
    STATUS_WORDS,
)
from dfota.errors import AtParameterError
from dfota.modem.handlers.sim import without_sim
from dfota.modem.message_settings import MessageSettings
from dfota.modem.message_store import Status, StoredMessage
from dfota.modem.message_text import read_text, show_text, show_user_data
from dfota.modem.messages import Messages
from dfota.modem.port import Port
from dfota.modem.reply import OK, Reply, cme, cms, handles, information
from dfota.modem.tpdu import Address, Message, build_timestamp, show_timestamp

INVALID_INDEX = 321
NOTHING_TO_ACKNOWLEDGE = 340
NOT_ALLOWED = 302

INVALID_NUMBER = 27
"""``AT+CSCA`` alone reports its troubles as ``+CME ERROR`` (8.3)."""

_ALL = 4


def fault(port: Port) -> Reply | None:
    """The error while messages cannot be reached."""
    number = port.module.part(Messages).fault()
    return None if number is None else cms(number)


# -- settings --------------------------------------------------------------------------


@handles(CSMS, Form.READ)
def read_service(port: Port) -> Reply:
    """The service, and that messages of all types are supported."""
    return information(f"+CSMS: {port.settings.messages.service},1,1,1")


@handles(CSMS, Form.WRITE)
def select_service(port: Port, service: int) -> Reply:
    """Phase 2 or 2+."""
    port.settings.messages.service = service
    return information("+CSMS: 1,1,1")


@handles(CMGF, Form.READ)
def read_format(port: Port) -> Reply:
    """PDU or text."""
    return information(f"+CMGF: {int(port.settings.messages.text_mode)}")


@handles(CMGF, Form.WRITE)
def set_format(port: Port, mode: int) -> Reply:
    """PDU or text."""
    port.settings.messages.text_mode = bool(mode)
    return OK


@handles(CMGF, Form.EXECUTE)
def set_factory_format(port: Port) -> Reply:
    """PDU."""
    return set_format(port, 0)


@handles(CSCA, Form.READ)
def read_service_centre(port: Port) -> Reply:
    """Where messages go through."""
    centre = port.module.part(Messages).service_centre
    return without_sim(port) or information(
        f'+CSCA: "{show_text(centre.text, port.settings.cscs)}",{centre.kind}'
    )


@handles(CSCA, Form.WRITE)
def set_service_centre(port: Port, sca: str, tosca: int | None) -> Reply:
    """Kept on the SIM."""
    error = without_sim(port)
    if error is not None:
        return error
    try:
        port.module.part(Messages).change_service_centre(
            Address.of(read_text(sca, port.settings.cscs), tosca)
        )
    except AtParameterError:
        return cme(INVALID_NUMBER)
    return OK


def _usage(port: Port, *, with_names: bool) -> str:
    messages = port.module.part(Messages)
    fields: list[str] = []
    for memory in port.settings.messages.memories:
        store = messages.store(memory)
        if with_names:
            fields.append(f'"{memory}"')
        fields += [str(store.used), str(store.total)]
    return f"+CPMS: {','.join(fields)}"


@handles(CPMS, Form.READ)
def read_memories(port: Port) -> Reply:
    """The storages, and how full they are."""
    return fault(port) or information(_usage(port, with_names=True))


@handles(CPMS, Form.WRITE)
def choose_memories(port: Port, mem1: str, mem2: str | None, mem3: str | None) -> Reply:
    """What is left out stays."""
    error = fault(port)
    if error is not None:
        return error
    settings = port.settings.messages
    _, second, third = settings.memories
    settings.memories = (mem1, mem2 or second, mem3 or third)
    return information(_usage(port, with_names=False))


@handles(CMMS, Form.READ)
def read_more(port: Port) -> Reply:
    """Whether the link stays open."""
    return information(f"+CMMS: {port.settings.messages.more}")


@handles(CMMS, Form.WRITE)
def set_more(port: Port, n: int) -> Reply:
    """Remembered; the network of this module is quick enough without."""
    port.settings.messages.more = n
    return OK


@handles(CNMI, Form.READ)
def read_indication(port: Port) -> Reply:
    """How an arrival is reported."""
    fields = ",".join(map(str, port.settings.messages.indication))
    return information(f"+CNMI: {fields}")


@handles(CNMI, Form.WRITE)
def set_indication(  # noqa: PLR0917 - as many as the command has
    port: Port, mode: int, mt: int | None, bm: int | None, ds: int | None, bfr: int | None
) -> Reply:
    """What is left out stays."""
    settings = port.settings.messages
    given = (mode, mt, bm, ds, bfr)
    first, second, third, fourth, fifth = (
        old if new is None else new for old, new in zip(settings.indication, given, strict=True)
    )
    settings.indication = (first, second, third, fourth, fifth)
    return OK


@handles(CNMI, Form.EXECUTE)
def set_factory_indication(port: Port) -> Reply:
    """The factory values."""
    port.settings.messages.indication = MessageSettings().indication
    return OK


@handles(CSDH, Form.READ)
def read_header_display(port: Port) -> Reply:
    """Whether headers are shown."""
    return information(f"+CSDH: {int(port.settings.messages.shows_header)}")


@handles(CSDH, Form.WRITE)
def set_header_display(port: Port, show: int) -> Reply:
    """Show headers or not."""
    port.settings.messages.shows_header = bool(show)
    return OK


@handles(CSDH, Form.EXECUTE)
def hide_headers(port: Port) -> Reply:
    """Show no headers."""
    return set_header_display(port, 0)


@handles(CSMP, Form.READ)
def read_header_values(port: Port) -> Reply:
    """What messages in text mode are sent with."""
    settings = port.settings.messages
    validity = settings.validity if settings.validity.isdigit() else f'"{settings.validity}"'
    return information(
        f"+CSMP: {settings.first_octet},{validity},{settings.protocol},{settings.coding}"
    )


@handles(CSMP, Form.WRITE)
def set_header_values(
    port: Port, fo: int | None, vp: str | None, pid: int | None, dcs: int | None
) -> Reply:
    """What is left out stays; the validity has to be of the kind that ``<fo>`` announces."""
    settings = port.settings.messages
    first_octet = settings.first_octet if fo is None else fo
    validity = settings.validity if vp is None else vp
    if first_octet & 0x18 == 0x18 or vp is not None:
        try:
            validity_octets(first_octet, validity)
        except AtParameterError:
            return cms(NOT_ALLOWED)
    settings.first_octet, settings.validity = first_octet, validity
    settings.protocol = settings.protocol if pid is None else pid
    settings.coding = settings.coding if dcs is None else dcs
    return OK


def validity_octets(first_octet: int, validity: str) -> bytes:
    """TP-VP of a SUBMIT: nothing, a relative period, or an absolute time.

    Raises:
        AtParameterError: *validity* is not of the kind that *first_octet* announces.
    """
    match first_octet >> 3 & 3:
        case 0:
            return b""
        case 2:
            if not (validity.isascii() and validity.isdigit() and int(validity) <= 255):
                raise AtParameterError("+CSMP", "vp", validity, "0 to 255 is wanted")
            return bytes((int(validity),))
        case 3:
            return build_timestamp(validity)
        case _:
            raise AtParameterError("+CSMP", "vp", validity, "the enhanced format is not supported")


# -- reading and deleting --------------------------------------------------------------


@handles(CMGD, Form.TEST)
def list_indexes(port: Port) -> Reply:
    """The places that hold a message (27.005, 3.5.4)."""
    error = fault(port)
    if error is not None:
        return error
    store = port.module.part(Messages).store(port.settings.messages.memories[0])
    indexes = ",".join(str(stored.index) for stored in store.messages())
    return information(f"+CMGD: ({indexes}),(0-4)")


@handles(CMGD, Form.WRITE)
def delete(port: Port, index: int, delflag: int) -> Reply:
    """One place, or all messages of some statuses."""
    error = fault(port)
    if error is not None:
        return error
    store = port.module.part(Messages).store(port.settings.messages.memories[0])
    if not delflag:
        if not store.has_place(index):
            return cms(INVALID_INDEX)
        store.delete(index)
        return OK
    doomed = {
        1: {Status.REC_READ},
        2: {Status.REC_READ, Status.STO_SENT},
        3: {Status.REC_READ, Status.STO_SENT, Status.STO_UNSENT},
        4: set(Status),
    }[delflag]
    for stored in list(store.messages()):
        if stored.status in doomed:
            store.delete(stored.index)
    return OK


@handles(CMGL, Form.TEST)
def list_statuses(port: Port) -> Reply:
    """Words in text mode, numbers in PDU mode."""
    is_text = port.settings.messages.text_mode
    return information((CMGL.test or "") if is_text else "+CMGL: (0-4)")


@handles(CMGL, Form.WRITE)
def list_messages(port: Port, stat: int | str) -> Reply:
    """All messages of a status; what was unread is read then."""
    error = fault(port)
    if error is not None:
        return error
    wanted = stat if isinstance(stat, int) else STATUS_WORDS.index(stat)
    store = port.module.part(Messages).store(port.settings.messages.memories[0])
    found = [m for m in store.messages() if wanted in (_ALL, m.status)]
    lines: list[str] = []
    for stored in found:
        lines += _listed(port, stored)
        if stored.status is Status.REC_UNREAD:
            store.mark(stored, Status.REC_READ)
    return information(*lines)


@handles(CMGL, Form.EXECUTE)
def list_unread(port: Port) -> Reply:
    """All that is unread."""
    return list_messages(port, Status.REC_UNREAD.value)


@handles(CMGR, Form.WRITE)
def read_message(port: Port, index: int) -> Reply:
    """The message of one place; if it was unread, it is read then."""
    return _read(port, index, "+CMGR", shows_part=False)


@handles(QCMGR, Form.WRITE)
def read_part(port: Port, index: int) -> Reply:
    """The same in text mode, with the place of the part in the whole."""
    if not port.settings.messages.text_mode:
        return cms(NOT_ALLOWED)
    return _read(port, index, "+QCMGR", shows_part=True)


@handles(CNMA, Form.WRITE)
def acknowledge_how(port: Port, n: int) -> Reply:
    """Numbers above 0 belong to PDU mode; one acknowledgement for each message."""
    messages = port.module.part(Messages)
    settings = port.settings.messages
    if (n and settings.text_mode) or not settings.service:
        return cms(NOT_ALLOWED)
    if not messages.unacknowledged:
        return cms(NOTHING_TO_ACKNOWLEDGE)
    messages.unacknowledged -= 1
    return OK


@handles(CNMA, Form.EXECUTE)
def acknowledge(port: Port) -> Reply:
    """As with 0."""
    return acknowledge_how(port, 0)


def _read(port: Port, index: int, head: str, *, shows_part: bool) -> Reply:
    error = fault(port)
    if error is not None:
        return error
    store = port.module.part(Messages).store(port.settings.messages.memories[0])
    stored = store.get(index)
    if stored is None:
        return cms(INVALID_INDEX)
    reply = information(*_shown(port, stored, head, shows_part=shows_part))
    if stored.status is Status.REC_UNREAD:
        store.mark(stored, Status.REC_READ)
    return reply


def _listed(port: Port, stored: StoredMessage) -> tuple[str, str]:
    """The two lines of ``+CMGL``."""
    message, settings = stored.message, port.settings.messages
    if not settings.text_mode:
        line = f"+CMGL: {stored.index},{stored.status:d},,{len(message.tpdu)}"
        return line, stored.pdu.hex().upper()
    text, length = show_user_data(message, port.settings.cscs)
    line = f'+CMGL: {stored.index},"{STATUS_WORDS[stored.status]}",{_address(port, message)},,'
    line += _timestamp(message)
    if settings.shows_header:
        line += f",{message.address.kind},{length}"
    return line, text


def _shown(port: Port, stored: StoredMessage, head: str, *, shows_part: bool) -> tuple[str, str]:
    """The two lines of ``+CMGR``."""
    message, settings = stored.message, port.settings.messages
    if not settings.text_mode:
        return f"{head}: {stored.status:d},,{len(message.tpdu)}", stored.pdu.hex().upper()
    text, length = show_user_data(message, port.settings.cscs)
    line = f'{head}: "{STATUS_WORDS[stored.status]}",{_address(port, message)},'
    if not message.is_submit:
        line += f",{_timestamp(message)}"
    if settings.shows_header:
        line += f",{message.address.kind},{message.first_octet},{message.protocol}"
        line += f",{message.coding},"
        if message.is_submit:
            line += f"{_validity(message)},"
        centre = message.service_centre
        if not centre.text:
            centre = port.module.part(Messages).service_centre
        line += f'"{show_text(centre.text, port.settings.cscs)}",{centre.kind},{length}'
    part = message.concatenation if shows_part else None
    if part is not None:
        line += f",{part[0]},{part[1]},{part[2]}"
    return line, text


def _address(port: Port, message: Message) -> str:
    return f'"{show_text(message.address.text, port.settings.cscs)}"'


def _timestamp(message: Message) -> str:
    return f'"{show_timestamp(message.timestamp)}"' if message.timestamp else ""


def _validity(message: Message) -> str:
    if len(message.validity) == 7:
        return f'"{show_timestamp(message.validity)}"'
    return str(message.validity[0]) if message.validity else ""
