# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Packet contexts: what is defined, what is active, and what the network admits; no bytes here.

A context is one thing with two faces: ``AT+CGDCONT`` and ``AT+CGACT`` see its type, address
and state, ``AT+QICSGP`` and ``AT+QIACT`` its credentials and whether the module's own
TCP/IP uses it. On LTE the network gives context 1 when the module attaches.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from dfota.at.catalog import qcfg
from dfota.at.catalog.packet import APN_MAX_BYTES, CONTEXT_MAX, CREDENTIAL_MAX_BYTES, PDP_TYPES
from dfota.modem.exchange import Exchanges
from dfota.modem.job import FOTA_CID_ITEM
from dfota.modem.nv import NvNumber, NvText, nv_number, nv_text
from dfota.modem.qcfg import Qcfg
from dfota.modem.surroundings import AccessPoint, IpSupport, Technology, parse_access_points

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule

DEFAULT_CONTEXT = 1
ACTIVE_MAX = 3
"""TCP/IP manual, 2.1.2: contexts that can be active at once."""

NO_ADDRESS = "0.0.0.0"  # noqa: S104 - as the module prints it, nothing is bound

EVENTS_MAX = 16
"""``+CGEV`` lines that are kept for a host that wants them later."""

_NOTHING = 0
_TYPES = {name: number for number, name in enumerate(PDP_TYPES, start=1)}
_FAMILIES = {"IP": IpSupport.IPV4, "PPP": IpSupport.IPV4, "IPV6": IpSupport.IPV6}


@dataclass(frozen=True, slots=True)
class _Kept:
    """The items of one context in NV."""

    pdp_type: NvNumber
    apn: NvText
    username: NvText
    password: NvText
    authentication: NvNumber
    address: NvText


def _kept(cid: int) -> _Kept:
    name = f"context.{cid}"
    factory = _TYPES["IP"] if cid == DEFAULT_CONTEXT else _NOTHING
    return _Kept(
        nv_number(f"{name}.type", factory, 0, len(PDP_TYPES)),
        nv_text(f"{name}.apn", "", APN_MAX_BYTES),
        nv_text(f"{name}.username", "", CREDENTIAL_MAX_BYTES),
        nv_text(f"{name}.password", "", CREDENTIAL_MAX_BYTES),
        nv_number(f"{name}.authentication", 0, 0, 3),
        nv_text(f"{name}.address", "", 64),
    )


_CONTEXTS = {cid: _kept(cid) for cid in range(1, CONTEXT_MAX + 1)}


@dataclass(frozen=True, slots=True)
class Context:
    """What is defined for one context."""

    pdp_type: str = "IP"
    apn: str = ""
    username: str = ""
    password: str = ""
    authentication: int = 0
    address: str = ""


class Refusal(Enum):
    """Why a context does not become active."""

    NO_SERVICE = "no-service"
    NOT_DEFINED = "not-defined"
    TOO_MANY = "too-many"
    SAME_APN = "same-apn"
    NOT_ADMITTED = "not-admitted"
    """The network does not know the access point, or the credentials are wrong."""
    NO_ADDRESS = "no-address"
    """The network has no address of that type."""


class PacketData:
    """The contexts of one module; a part, definitions are kept without power.

    Attributes:
        active: contexts that have an address.
        used: those of them that ``AT+QIACT`` activated.
    """

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self.active: set[int] = set()
        self.used: set[int] = set()
        self._name_servers: dict[int, tuple[str, str]] = {}
        self._events: list[str] = []

    def halt(self) -> None:
        """The module restarts or is dark."""

    # -- definitions ---------------------------------------------------------------------

    def context(self, cid: int) -> Context | None:
        """What is defined for *cid*, or ``None``."""
        nv, kept = self._module.nv, _CONTEXTS[cid]
        kind = nv.number(kept.pdp_type)
        if kind == _NOTHING:
            return None
        return Context(
            PDP_TYPES[kind - 1],
            nv.text(kept.apn),
            nv.text(kept.username),
            nv.text(kept.password),
            nv.number(kept.authentication),
            nv.text(kept.address),
        )

    def defined(self) -> dict[int, Context]:
        """All that are defined."""
        found = ((cid, self.context(cid)) for cid in _CONTEXTS)
        return {cid: context for cid, context in found if context is not None}

    def define(self, cid: int, context: Context | None) -> None:
        """Define *cid*, or with ``None`` forget it; kept without power."""
        nv, kept = self._module.nv, _CONTEXTS[cid]
        new = context or Context()
        nv.change(kept.pdp_type, _NOTHING if context is None else _TYPES[new.pdp_type])
        nv.change(kept.apn, new.apn)
        nv.change(kept.username, new.username)
        nv.change(kept.password, new.password)
        nv.change(kept.authentication, new.authentication)
        nv.change(kept.address, new.address)
        self._module.save_nv()

    # -- activation ----------------------------------------------------------------------

    def attach(self, technology: Technology) -> None:
        """The module has packet service; on LTE that comes with a context."""
        if technology.is_lte and self.refusal(DEFAULT_CONTEXT) is None:
            self._activate(DEFAULT_CONTEXT)

    def refusal(self, cid: int) -> Refusal | None:
        """Why *cid* could not be activated now; ``None``: it could, or is active."""
        if cid in self.active:
            return None
        if not self._module.radio.has_packet_service:
            return Refusal.NO_SERVICE
        context = self.context(cid)
        if context is None:
            return Refusal.NOT_DEFINED
        if len(self.active) >= ACTIVE_MAX:
            return Refusal.TOO_MANY
        if not self._may_repeat(context.apn):
            return Refusal.SAME_APN
        return self._refusal_of(context)

    def _refusal_of(self, context: Context | None) -> Refusal | None:
        """What the network has against a context as it is defined."""
        if context is None:
            return Refusal.NOT_DEFINED
        if not self._admits(context.apn, context.username, context.password):
            return Refusal.NOT_ADMITTED
        family = _FAMILIES.get(context.pdp_type, IpSupport.IPV4V6)
        return None if self._offers(family) else Refusal.NO_ADDRESS

    def activate(self, cid: int, *, is_used: bool) -> Refusal | None:
        """Activate *cid*; *is_used*: for the module's own TCP/IP."""
        refusal = self.refusal(cid)
        if refusal is None:
            if cid not in self.active:
                self._activate(cid)
            if is_used:
                self.used.add(cid)
        return refusal

    def deactivate(self, cid: int) -> None:
        """Deactivate *cid*, whoever uses it; harmless when it is not active."""
        self.used.discard(cid)
        self._name_servers.pop(cid, None)
        if cid in self.active:
            self.active.discard(cid)
            self._module.part(Exchanges).lose_bearer(cid)
            self._report_event(f"PDN DEACT {cid}")

    def lose_all(self, *, by_network: bool) -> None:
        """There is no packet service any more."""
        used, self.used = sorted(self.used), set()
        had_any, self.active = bool(self.active), set()
        self._name_servers.clear()
        if had_any:
            self._report_event("NW DETACH" if by_network else "ME DETACH")
        for cid in used:
            self._module.report(f'+QIURC: "pdpdeact",{cid}')

    def reconsider(self, fact: str) -> None:
        """A fact of the world changed: the network may end what it does not admit any more."""
        if fact not in {"apns", "ip"}:
            return
        for cid in sorted(self.active):
            context = self.context(cid)
            if self._refusal_of(context) is None:
                continue
            address, was_used = self.address(cid), cid in self.used
            self.active.discard(cid)
            self.used.discard(cid)
            kind = context.pdp_type if context else "IP"
            self._report_event(f'NW DEACT "{kind}","{address}",{cid}')
            self._module.part(Exchanges).lose_bearer(cid)
            if was_used:
                self._module.report(f'+QIURC: "pdpdeact",{cid}')

    def refusal_of_download(self) -> Refusal | None:
        """Why the upgrade's download has no road; ``None``: it has one.

        With ``fota_apn`` the download has a context of its own, else it goes over context 1,
        or over that of ``AT+QCFG="fota/cid"`` where a kin has it.
        """
        if not self._module.radio.has_packet_service:
            return Refusal.NO_SERVICE
        own = self._module.nv.fota_apn
        if not own.apn:
            # A call of its own: what is defined now counts, not what the network once gave.
            cid = self._module.nv.number(FOTA_CID_ITEM)
            return self._refusal_of(self.context(cid)) or self.refusal(cid)
        if not self._admits(own.apn, own.username, own.password):
            return Refusal.NOT_ADMITTED
        same = [cid for cid in self.used if self._apn_of(cid) == own.apn]
        if same and not self._may_repeat(own.apn):
            return None if self._module.profile.same_apn_is_shared else Refusal.SAME_APN
        if not same and len(self.active) >= ACTIVE_MAX:
            return Refusal.TOO_MANY
        return None

    # -- addresses -----------------------------------------------------------------------

    def address(self, cid: int) -> str:
        """The address of *cid*, or nothing."""
        if cid not in self.active:
            return ""
        context, world = self.context(cid), self._module.world
        if context is not None and context.address:
            return context.address
        is_six = world.ip is IpSupport.IPV6 or (context is not None and context.pdp_type == "IPV6")
        first = ipaddress.ip_address(world.ipv6_address if is_six else world.ip_address)
        return str(first + (cid - 1))

    def name_servers(self, cid: int) -> tuple[str, str]:
        """First and second name server of an active context."""
        first, _, second = self._module.world.dns_servers.partition(",")
        return self._name_servers.get(cid, (first.strip(), second.strip() or NO_ADDRESS))

    def set_name_servers(self, cid: int, first: str, second: str) -> None:
        """Replace them until the context is deactivated."""
        self._name_servers[cid] = (first, second)

    # -- events --------------------------------------------------------------------------

    def flush_events(self) -> None:
        """Print the events that were kept."""
        events, self._events = self._events, []
        for event in events:
            self._module.report(f"+CGEV: {event}")

    def forget_events(self) -> None:
        """Drop the events that were kept."""
        self._events.clear()

    def _report_event(self, event: str) -> None:
        port = self._module.urc_port
        if port is not None and port.settings.cgerep:
            self._module.report(f"+CGEV: {event}")
        else:
            self._events.append(event)
            del self._events[:-EVENTS_MAX]

    # -- inside --------------------------------------------------------------------------

    def _activate(self, cid: int) -> None:
        self.active.add(cid)
        self._report_event(f"PDN ACT {cid}")

    def _apn_of(self, cid: int) -> str:
        context = self.context(cid)
        return "" if context is None else context.apn

    def _may_repeat(self, apn: str) -> bool:
        """Whether another context with the access point *apn* may become active."""
        if self._module.part(Qcfg).number(qcfg.DUPLICATECHK):
            return True
        return not apn or all(self._apn_of(cid) != apn for cid in self.active)

    def _admits(self, apn: str, username: str, password: str) -> bool:
        points = parse_access_points(self._module.world.apns)
        if not points:
            return True
        named = [point for point in points if point.name.lower() == apn.lower()]
        candidates: list[AccessPoint] = named if apn else list(points[:1])
        return any(point.admits(username, password) for point in candidates)

    def _offers(self, family: IpSupport) -> bool:
        offered = self._module.world.ip
        return IpSupport.IPV4V6 in (family, offered) or family is offered
