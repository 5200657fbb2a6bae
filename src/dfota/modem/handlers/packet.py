# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Packet data: AT manual V2.3, chapter 9, and TCP/IP manual V1.0, chapter 2."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

from dfota.at import Form
from dfota.at.catalog.packet import (
    CGACT,
    CGATT,
    CGDCONT,
    CGEREP,
    CGPADDR,
    QIACT,
    QICSGP,
    QIDEACT,
    QIDNSCFG,
    QIGETERROR,
)
from dfota.modem.packet import NO_ADDRESS, Context, PacketData, Refusal
from dfota.modem.port import Port
from dfota.modem.reply import ERROR, OK, Reply, cme, handles, information, with_parameters

NOT_ALLOWED = 3
NO_SERVICE = 30

_NOTHING = 0
_OPERATION_NOT_ALLOWED = 572
_OPEN_FAILED = 561
_APN_NOT_CONFIGURED = 573

_ERRORS = {
    _NOTHING: "operate successfully",
    550: "unknown error",
    552: "invalid parameters",
    _OPEN_FAILED: "open PDP context failed",
    _OPERATION_NOT_ALLOWED: "operation not allowed",
    _APN_NOT_CONFIGURED: "APN not configured",
}
"""TCP/IP manual V1.0, chapter 4, as far as these commands have use for it."""

_REFUSALS = {
    Refusal.NO_SERVICE: _OPEN_FAILED,
    Refusal.NOT_DEFINED: _APN_NOT_CONFIGURED,
    Refusal.TOO_MANY: _OPERATION_NOT_ALLOWED,
    Refusal.SAME_APN: _OPEN_FAILED,
    Refusal.NOT_ADMITTED: _OPEN_FAILED,
    Refusal.NO_ADDRESS: _OPEN_FAILED,
}

_ATTACH_S = 1.0
_ACTIVATE_S = 0.5
_REFUSED_S = 5.0
_DEACTIVATE_S = 0.3
"""Not documented; the manuals allow 140, 150 and 40 s."""

_TYPE_NUMBERS = {"IP": 1, "PPP": 1, "IPV6": 2, "IPV4V6": 3}
_TYPE_NAMES = {1: "IP", 2: "IPV6", 3: "IPV4V6"}
_NO_ADDRESSES = {"IPV6": ":".join("0" * 8), "IPV4V6": ".".join("0" * 16)}


class TcpIpErrors:
    """What ``AT+QIGETERROR`` says; a part."""

    def __init__(self, _module: object) -> None:
        self.last = _NOTHING

    def halt(self) -> None:
        """A restart forgets it."""


def _packets(port: Port) -> PacketData:
    return port.module.part(PacketData)


# -- attachment, definitions and contexts: AT manual, chapter 9 ---------------------------


@handles(CGATT, Form.READ)
def read_attachment(port: Port) -> Reply:
    """Whether the module has packet service."""
    return information(f"+CGATT: {int(port.module.radio.has_packet_service)}")


@handles(CGATT, Form.WRITE)
def attach(port: Port, state: int) -> Reply:
    """Enter or leave the packet service."""
    radio = port.module.radio
    if state == int(radio.has_packet_service):
        return OK
    if state and not radio.is_registered:
        return Reply(result=cme(NO_SERVICE).result, cost_s=_REFUSED_S)
    return Reply(cost_s=_ATTACH_S, effect=lambda: radio.attach(is_attached=bool(state)))


@handles(CGDCONT, Form.READ)
def list_definitions(port: Port) -> Reply:
    """Every context that is defined."""
    zeros = ",0" * port.module.profile.cgdcont_zeros
    return information(
        *(
            f'+CGDCONT: {cid},"{context.pdp_type}","{context.apn}",'
            f'"{context.address or _NO_ADDRESSES.get(context.pdp_type, NO_ADDRESS)}"{zeros}'
            for cid, context in _packets(port).defined().items()
        )
    )


@handles(CGDCONT, Form.WRITE)
def define_context(  # noqa: PLR0917 - the parameters of the command
    port: Port,
    cid: int,
    pdp_type: str | None,
    apn: str | None,
    pdp_addr: str | None,
    data_comp: int | None,
    head_comp: int | None,
) -> Reply:
    """Define a context, or with its number alone forget it; not while it is in use."""
    packets = _packets(port)
    if cid in packets.used:
        return ERROR
    if pdp_type is None:
        packets.define(cid, None)
        return OK
    address = _address_of(pdp_addr or "")
    if address is None:
        return ERROR
    before = packets.context(cid) or Context()
    packets.define(cid, replace(before, pdp_type=pdp_type, apn=apn or "", address=address))
    return OK


def _address_of(text: str) -> str | None:
    """The static address in *text*; empty for none and for a dynamic one, ``None``: nonsense."""
    if not text.replace("0", "").replace(".", "").replace(":", ""):
        return ""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


@handles(CGACT, Form.READ)
def list_activations(port: Port) -> Reply:
    """The state of every context that is defined."""
    packets = _packets(port)
    return information(
        *(f"+CGACT: {cid},{int(cid in packets.active)}" for cid in packets.defined())
    )


@handles(CGACT, Form.WRITE)
def activate_contexts(port: Port, state: int, cid: int | None) -> Reply:
    """Activate or deactivate one context, or all that are defined."""
    packets = _packets(port)
    numbers = list(packets.defined()) if cid is None else [cid]
    if not state:

        def deactivate() -> None:
            for one in numbers:
                packets.deactivate(one)

        return Reply(cost_s=_DEACTIVATE_S, effect=deactivate)
    for one in numbers:
        refusal = packets.refusal(one)
        if refusal is not None:
            number = NOT_ALLOWED if refusal is Refusal.NOT_DEFINED else NO_SERVICE
            return Reply(result=cme(number).result, cost_s=_REFUSED_S)

    def activate() -> None:
        for one in numbers:
            packets.activate(one, is_used=False)

    return Reply(cost_s=_ACTIVATE_S, effect=activate)


def _addresses(port: Port, numbers: list[int]) -> Reply:
    packets = _packets(port)
    if any(packets.context(cid) is None for cid in numbers):
        return ERROR
    lines: list[str] = []
    for cid in numbers:
        address = packets.address(cid)
        lines.append(f'+CGPADDR: {cid},"{address}"' if address else f"+CGPADDR: {cid}")
    return information(*lines)


@handles(CGPADDR, Form.EXECUTE)
def show_all_addresses(port: Port) -> Reply:
    """The address of every context that is defined."""
    return _addresses(port, list(_packets(port).defined()))


def show_addresses(port: Port, **numbers: int | None) -> Reply:
    """The addresses of some contexts."""
    return _addresses(port, [cid for cid in numbers.values() if cid is not None])


handles(CGPADDR, Form.WRITE)(with_parameters(show_addresses, CGPADDR))


@handles(CGEREP, Form.READ)
def read_event_reporting(port: Port) -> Reply:
    """How events of packet data are reported."""
    return information(f"+CGEREP: {port.settings.cgerep},{port.settings.cgerep_bfr}")


@handles(CGEREP, Form.WRITE)
def report_events(port: Port, mode: int, bfr: int) -> Reply:
    """Report events of packet data, or keep them; *bfr* decides about those kept so far."""
    port.settings.cgerep, port.settings.cgerep_bfr = mode, bfr
    packets = _packets(port)
    if not mode:
        return OK
    return Reply(effect=packets.flush_events if bfr else packets.forget_events)


@handles(CGEREP, Form.EXECUTE)
def stop_reporting_events(port: Port) -> Reply:
    """As ``AT+CGEREP=0``."""
    port.settings.cgerep, port.settings.cgerep_bfr = 0, 0
    return OK


# -- the same contexts as the TCP/IP manual sees them -----------------------------------


def _outcome(port: Port, error: int) -> Reply:
    """``OK`` or ``ERROR``, and what ``AT+QIGETERROR`` says from now on."""
    port.module.part(TcpIpErrors).last = error
    return ERROR if error else OK


@handles(QICSGP, Form.WRITE)
def configure_context(  # noqa: PLR0917 - the parameters of the command
    port: Port,
    contextID: int,  # noqa: N803 - named as in the manual
    context_type: int | None,
    APN: str | None,  # noqa: N803
    username: str | None,
    password: str | None,
    authentication: int | None,
) -> Reply:
    """Show access point and credentials of a context, or set them."""
    packets = _packets(port)
    if context_type is None:
        now = packets.context(contextID)
        if now is None:
            return information('+QICSGP: 0,"","","",0')
        return information(
            f'+QICSGP: {_TYPE_NUMBERS[now.pdp_type]},"{now.apn}","{now.username}",'
            f'"{now.password}",{now.authentication}'
        )
    if APN is None or contextID in packets.used:
        return _outcome(port, 552 if APN is None else _OPERATION_NOT_ALLOWED)
    before = packets.context(contextID)
    context = Context(
        pdp_type=_TYPE_NAMES[context_type],
        apn=APN,
        username=username or "",
        password=password or "",
        authentication=authentication or 0,
        address="" if before is None else before.address,
    )
    packets.define(contextID, context)
    return _outcome(port, _NOTHING)


@handles(QIACT, Form.READ)
def list_active(port: Port) -> Reply:
    """The contexts that were activated for the TCP/IP commands."""
    packets = _packets(port)
    lines: list[str] = []
    for cid in sorted(packets.used):
        context = packets.context(cid)
        number = 1 if context is None else _TYPE_NUMBERS[context.pdp_type]
        lines.append(f'+QIACT: {cid},1,{number},"{packets.address(cid)}"')
    return information(*lines)


@handles(QIACT, Form.WRITE)
def activate_for_tcp_ip(port: Port, contextID: int) -> Reply:  # noqa: N803
    """Activate a context for the TCP/IP commands."""
    packets = _packets(port)
    refusal = packets.refusal(contextID)
    if refusal is not None:
        failed = _outcome(port, _REFUSALS[refusal])
        return Reply(result=failed.result, cost_s=_REFUSED_S)

    def activate() -> None:
        packets.activate(contextID, is_used=True)

    _outcome(port, _NOTHING)
    return Reply(cost_s=_ACTIVATE_S, effect=activate)


@handles(QIDEACT, Form.WRITE)
def deactivate_for_tcp_ip(port: Port, contextID: int) -> Reply:  # noqa: N803
    """Deactivate a context; what goes over it ends."""
    packets = _packets(port)
    _outcome(port, _NOTHING)
    return Reply(cost_s=_DEACTIVATE_S, effect=lambda: packets.deactivate(contextID))


@handles(QIDNSCFG, Form.WRITE)
def configure_name_servers(
    port: Port,
    contextID: int,  # noqa: N803
    pridnsaddr: str | None,
    secdnsaddr: str | None,
) -> Reply:
    """Show or replace the name servers of a context that is active for TCP/IP."""
    packets = _packets(port)
    if contextID not in packets.used:
        return _outcome(port, _OPERATION_NOT_ALLOWED)
    if pridnsaddr is None:
        first, second = packets.name_servers(contextID)
        _outcome(port, _NOTHING)
        return information(f'+QIDNSCFG: {contextID},"{first}","{second}"')
    second = secdnsaddr or NO_ADDRESS
    if not _address_of(pridnsaddr) or _address_of(second) is None:
        return _outcome(port, 552)
    packets.set_name_servers(contextID, pridnsaddr, second)
    return _outcome(port, _NOTHING)


@handles(QIGETERROR, Form.EXECUTE)
def tell_error(port: Port) -> Reply:
    """Why the last of these commands failed."""
    number = port.module.part(TcpIpErrors).last
    return information(f"+QIGETERROR: {number}, {_ERRORS[number]}")
