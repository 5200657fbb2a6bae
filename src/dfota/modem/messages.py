# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Short messages between module and network: sending, arrival, acknowledgement; no AT line here.

What a module keeps of them without power is in ``message_store``; this is the part in RAM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfota.modem.indications import SMSFULL, SMSINCOMING, Indications
from dfota.modem.message_store import MessageStore, Status
from dfota.modem.message_text import show_text, show_user_data
from dfota.modem.nv import nv_number, nv_text
from dfota.modem.radio import MINIMUM
from dfota.modem.tpdu import (
    NOBODY,
    Address,
    Message,
    build_deliver,
    build_timestamp,
    parse_pdu,
    show_timestamp,
)

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule
    from dfota.modem.port import Port

SIM_NOT_INSERTED = 310
SIM_PIN_NECESSARY = 311
SIM_FAILURE = 313
SIM_PUK_REQUIRED = 316
MEMORY_FULL = 322
NO_NETWORK = 331

_FAULTS = {"SIM PIN": SIM_PIN_NECESSARY, "SIM PUK": SIM_PUK_REQUIRED, "": SIM_FAILURE}
"""State of the card → number of ``+CMS ERROR``."""

_REFERENCE = nv_number("sms.reference", 0, 0, 255)
_SERVICE_CENTRE = nv_text("sms.service_centre", "", 21)
_SERVICE_CENTRE_KIND = nv_number("sms.service_centre_kind", 0, 0, 255)


class Messages:
    """The short messages of one module, as far as they are in RAM."""

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self._is_halted = False
        self.unacknowledged = 0
        """Messages that were printed at once and wait for ``AT+CNMA``."""

    def halt(self) -> None:
        """The module restarts or is dark."""
        self._is_halted = True

    def store(self, memory: str) -> MessageStore:
        """The storage *memory*."""
        return MessageStore(self._module, memory)

    def put(self, memory: str, status: Status, pdu: bytes) -> int | None:
        """Store a message; its index, or ``None`` where all is full."""
        store = self.store(memory)
        index = store.put(status, pdu)
        is_full = index is not None and store.used == store.total
        if is_full and self._module.part(Indications).is_on(SMSFULL):
            self._module.report(f'+QIND: "smsfull","{memory}"')
        return index

    def fault(self) -> int | None:
        """The number of ``+CMS ERROR`` while messages cannot be reached, else ``None``."""
        if self._module.radio.fun == MINIMUM:
            return SIM_FAILURE
        card = self._module.sim
        if not card.is_inserted:
            return SIM_NOT_INSERTED
        return _FAULTS.get(card.state)

    @property
    def service_centre(self) -> Address:
        """Where messages go through."""
        nv = self._module.nv
        text = nv.text(_SERVICE_CENTRE)
        if text:
            return Address(text, nv.number(_SERVICE_CENTRE_KIND))
        factory = self._module.profile.service_centre
        return Address.of(factory) if factory else NOBODY

    def change_service_centre(self, address: Address) -> None:
        """Keep another service centre on the SIM."""
        nv = self._module.nv
        nv.change(_SERVICE_CENTRE, address.text)
        nv.change(_SERVICE_CENTRE_KIND, address.kind)
        self._module.save_nv()

    def next_reference(self) -> int:
        """The reference of the next message: one more than that of the last."""
        nv = self._module.nv
        reference = (nv.number(_REFERENCE) + 1) % 256
        nv.change(_REFERENCE, reference)
        self._module.save_nv()
        return reference

    def sent(self, message: Message) -> None:
        """The network has taken *message*; if it is for ourselves, it comes back."""
        own = self._module.profile.subscriber_number
        if own and message.address.text.lstrip("+") == own.lstrip("+"):
            coming = build_deliver(
                Address.of(own),
                message.user_data,
                message.length,
                timestamp=build_timestamp(self.network_time()),
                first_octet=4 | message.first_octet & 0x40,
                protocol=message.protocol,
                coding=message.coding,
            )
            pdu = self.service_centre.build_service_centre() + coming
            self._module.timeline.pace(
                self._module.profile.sms_deliver_s, lambda: self.receive(pdu)
            )

    def receive(self, pdu: bytes) -> None:
        """A message comes from the network; stored or printed as ``AT+CNMI`` wants it.

        Raises:
            AtParameterError: *pdu* is no service centre with a DELIVER behind it.
        """
        message = parse_pdu(pdu)
        module = self._module
        port = module.urc_port
        if self._is_halted or not module.radio.is_registered or self.fault() is not None:
            module.log("a short message waits in the network for ever: nobody is there")
            return
        if port is not None and self._goes_straight(port, message):
            self.unacknowledged += port.settings.messages.service
            if self._is_told:
                port.report(self._printed(port, message, pdu))
            return
        memory = "ME" if port is None else port.settings.messages.memories[2]
        index = self.put(memory, Status.REC_UNREAD, pdu)
        if index is None:
            module.log(f"a short message was refused: {memory} is full")
        elif port is not None and port.settings.messages.indication[1] and self._is_told:
            port.report(f'+CMTI: "{memory}",{index}')

    @property
    def _is_told(self) -> bool:
        """Whether an arrival is printed at all (``AT+QINDCFG="smsincoming"``)."""
        return self._module.part(Indications).is_on(SMSINCOMING)

    def network_time(self) -> str:
        """The time as a time stamp shows it: the network's, or else the module's own."""
        clock = self._module.clock
        return str(clock.network_time(is_current=True) or clock.time)

    def _goes_straight(self, port: Port, message: Message) -> bool:
        """Whether a message is printed instead of stored (AT manual, 8.13)."""
        route = port.settings.messages.indication[1]
        kind = _class_of(message.coding)
        return (route == 2 and kind != 2) or (route == 3 and kind == 3)

    def _printed(self, port: Port, message: Message, pdu: bytes) -> str:
        settings = port.settings.messages
        if not settings.text_mode:
            return f"+CMT: ,{len(message.tpdu)}\r\n{pdu.hex().upper()}"
        characters = port.settings.cscs
        text, length = show_user_data(message, characters)
        line = f'+CMT: "{show_text(message.address.text, characters)}",,'
        line += f'"{show_timestamp(message.timestamp)}"'
        if settings.shows_header:
            centre = message.service_centre
            line += f",{message.address.kind},{message.first_octet},{message.protocol}"
            line += (
                f',{message.coding},"{show_text(centre.text, characters)}",{centre.kind},{length}'
            )
        return f"{line}\r\n{text}"


def _class_of(coding: int) -> int | None:
    """The class of a message, 0 to 3, or ``None`` (23.038, 4)."""
    group = coding >> 4
    has_class = group == 0xF or (group <= 7 and bool(group & 1))
    return coding & 3 if has_class else None
