# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of the SIM card: AT manual V2.3, chapter 5; the card itself is elsewhere.

The manual leaves the numbers of the errors open; they are those of 3GPP TS 27.007.
"""

from __future__ import annotations

from dfota.at import Form
from dfota.at.catalog.sim import (
    BARRINGS,
    CIMI,
    CLCK,
    CPIN,
    CPWD,
    CRSM,
    PERSONALIZATIONS,
    QCCID,
    QINISTAT,
    QPINC,
    QSIMDET,
    QSIMSTAT,
)
from dfota.modem.port import Port
from dfota.modem.radio import MINIMUM
from dfota.modem.reply import ERROR, OK, Reply, cme, handles, information
from dfota.modem.sim import EF_ICCID, PIN1, PIN2, SimCard

NOT_ALLOWED = 3
SIM_NOT_INSERTED = 10
SIM_PIN_REQUIRED = 11
SIM_PUK_REQUIRED = 12
SIM_FAILURE = 13
INCORRECT_PASSWORD = 16
SIM_PIN2_REQUIRED = 17
SIM_PUK2_REQUIRED = 18
NO_SERVICE = 30

QUERY = 2
READ_BINARY = 176
READ_RECORD = 178
GET_RESPONSE = 192
STATUS = 242


def without_card(port: Port) -> Reply | None:
    """The error of everything that asks the card, where none answers."""
    if port.module.radio.fun == MINIMUM:
        return cme(SIM_FAILURE)
    card = port.module.sim
    if not card.is_inserted:
        return cme(SIM_NOT_INSERTED)
    return None if card.state else cme(SIM_FAILURE)


def without_sim(port: Port) -> Reply | None:
    """The error of everything that needs a card whose PIN was entered."""
    wanted = {"SIM PIN": SIM_PIN_REQUIRED, "SIM PUK": SIM_PUK_REQUIRED}
    number = wanted.get(port.module.sim.state)
    return without_card(port) or (None if number is None else cme(number))


@handles(CPIN, Form.READ)
def read_pin_state(port: Port) -> Reply:
    """What the card waits for."""
    return without_card(port) or information(f"+CPIN: {port.module.sim.state}")


@handles(CPIN, Form.WRITE)
def enter_pin(port: Port, pin: str, new_pin: str | None) -> Reply:
    """The PIN; or the PUK and a new PIN."""
    card = port.module.sim
    missing = without_card(port)
    if missing is not None:
        return missing
    match card.state, new_pin:
        case "SIM PIN", None:
            is_right = card.verify(PIN1, pin)
        case "SIM PUK", None:
            return cme(SIM_PUK_REQUIRED)
        case "SIM PUK", str(new):
            is_right = card.unblock(PIN1, pin, new)
        case _:
            return cme(NOT_ALLOWED)
    return Reply(effect=port.module.radio.sim_became_ready) if is_right else _refused(card)


def _refused(card: SimCard) -> Reply:
    return cme(INCORRECT_PASSWORD if card.state else SIM_FAILURE)


@handles(CIMI, Form.EXECUTE)
def show_imsi(port: Port) -> Reply:
    """The 15 digits, bare."""
    return without_sim(port) or information(port.module.profile.imsi)


@handles(QCCID, Form.EXECUTE)
def show_card_number(port: Port) -> Reply:
    """The number of the card, which needs no PIN; every error is plain (manual, 5.6)."""
    if without_card(port) is not None:
        return ERROR
    iccid = port.module.profile.iccid
    return information(f"+QCCID: {iccid}{'F' * (len(iccid) % 2)}")


@handles(CLCK, Form.WRITE)
def lock_facility(port: Port, fac: str, mode: int, passwd: str | None, classx: int) -> Reply:
    """Query or change a lock."""
    missing = without_sim(port)
    if missing is not None:
        return missing
    card = port.module.sim
    if fac in BARRINGS:
        return information(f"+CLCK: 0,{classx}") if mode == QUERY else _network_refuses(port)
    if mode == QUERY:
        return information(f"+CLCK: {int(_is_locked(card, fac))}")
    if passwd is None:
        return cme(SIM_PIN2_REQUIRED) if fac == "FD" else ERROR
    wanted = bool(mode)
    if fac in PERSONALIZATIONS:
        return OK if card.personalize(fac, passwd, wanted=wanted) else cme(INCORRECT_PASSWORD)
    secret = PIN1 if fac == "SC" else PIN2
    if not card.left(secret.pin_left):
        return cme(SIM_PUK2_REQUIRED)
    if not card.verify(secret, passwd):
        return _refused(card)
    if fac == "SC":
        card.lock(wanted=wanted)
    else:
        card.fix_dialling(wanted=wanted)
    return OK


def _is_locked(card: SimCard, fac: str) -> bool:
    if fac in PERSONALIZATIONS:
        return card.is_personalized(fac)
    return card.is_locked if fac == "SC" else card.is_dialling_fixed


@handles(CPWD, Form.WRITE)
def change_password(port: Port, fac: str, oldpwd: str, newpwd: str) -> Reply:
    """A new PIN or PIN2; passwords of the network are not the module's to change."""
    card = port.module.sim
    missing = without_sim(port)
    if missing is not None:
        return missing
    if fac in BARRINGS:
        return _network_refuses(port)
    if not 4 <= len(newpwd) <= 8:
        return cme(INCORRECT_PASSWORD)
    if fac == "SC" and not card.is_locked:
        return cme(NOT_ALLOWED)  # 3GPP TS 31.101, 11.1.10: only an enabled PIN can be changed
    secret = PIN1 if fac == "SC" else PIN2
    if not card.left(secret.pin_left):
        return cme(SIM_PUK2_REQUIRED)
    if not card.verify(secret, oldpwd):
        return _refused(card)
    card.change_pin(secret, newpwd)
    return OK


def _network_refuses(port: Port) -> Reply:
    """What bars calls is a service of circuit-switched networks, which this one is not."""
    return cme(NOT_ALLOWED if port.module.radio.is_registered else NO_SERVICE)


@handles(CRSM, Form.WRITE)
def access_card(  # noqa: PLR0917 - the parameters of the command
    port: Port,
    command: int,
    fileid: int | None,
    p1: int | None,
    p2: int | None,
    p3: int | None,
    data: str | None,
    pathid: str | None,
) -> Reply:
    """Read one of the few files; every other file is not there, and none can be written."""
    missing = without_card(port)
    if missing is not None:
        return missing
    if command == STATUS:
        return _card_said(0x90, 0x00)
    if fileid is None or (command != GET_RESPONSE and None in {p1, p2, p3}):
        return ERROR
    content = port.module.sim.file(fileid)
    if content is None or command == READ_RECORD:
        return _card_said(0x6A, 0x82)  # no such file
    if command == GET_RESPONSE:
        return _card_said(0x90, 0x00, _description(fileid, len(content)))
    if command != READ_BINARY or (fileid != EF_ICCID and not port.module.sim.is_ready):
        return _card_said(0x69, 0x82)  # the security status does not allow it
    offset, length = (p1 or 0) * 256 + (p2 or 0), p3 or 0
    if offset >= len(content):
        return _card_said(0x6B, 0x00)  # wrong place
    if length > len(content) - offset:
        return _card_said(0x67, 0x00)  # wrong length
    return _card_said(0x90, 0x00, content[offset : offset + (length or len(content))])


def _card_said(sw1: int, sw2: int, response: bytes = b"") -> Reply:
    text = f',"{response.hex().upper()}"' if response else ""
    return information(f"+CRSM: {sw1},{sw2}{text}")


def _description(fileid: int, size: int) -> bytes:
    """3GPP TS 51.011, 9.2.1: a transparent elementary file that can be read with the PIN."""
    head = b"\x00\x00" + size.to_bytes(2, "big") + fileid.to_bytes(2, "big")
    return head + bytes.fromhex("04 00 14 FF 44 01 02 00 00")


@handles(QPINC, Form.READ)
def read_attempts(port: Port) -> Reply:
    """What is left for both PINs."""
    return without_card(port) or information(_attempts(port, "SC"), _attempts(port, "P2"))


@handles(QPINC, Form.WRITE)
def read_attempts_of(port: Port, facility: str) -> Reply:
    """What is left for one of them."""
    return without_card(port) or information(_attempts(port, facility))


def _attempts(port: Port, facility: str) -> str:
    secret = PIN1 if facility == "SC" else PIN2
    card = port.module.sim
    return f'+QPINC: "{facility}",{card.left(secret.pin_left)},{card.left(secret.puk_left)}'


@handles(QINISTAT, Form.EXECUTE)
def show_initialization(port: Port) -> Reply:
    """Nothing, or all of it: between the two lie only moments."""
    is_done = without_sim(port) is None
    return information(f"+QINISTAT: {3 if is_done else 0}")


@handles(QSIMDET, Form.READ)
def read_detection(port: Port) -> Reply:
    """What the next ``AT&W`` keeps."""
    settings = port.settings
    return information(f"+QSIMDET: {settings.qsimdet},{settings.qsimdet_level}")


@handles(QSIMDET, Form.WRITE)
def set_detection(port: Port, enable: int, insertlevel: int) -> Reply:
    """Effective from the next start on, if ``AT&W`` keeps it."""
    port.settings.qsimdet = enable
    port.settings.qsimdet_level = insertlevel
    return OK


@handles(QSIMSTAT, Form.READ)
def read_insertion(port: Port) -> Reply:
    """Whether changes are reported, and whether there is a card."""
    inserted = int(port.module.sim.is_inserted)
    return information(f"+QSIMSTAT: {port.settings.qsimstat},{inserted}")


@handles(QSIMSTAT, Form.WRITE)
def set_insertion_report(port: Port, enable: int) -> Reply:
    """Report changes, where ``AT+QSIMDET`` notices them."""
    port.settings.qsimstat = enable
    return OK
