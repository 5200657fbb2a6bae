# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The SIM card: its PINs, its counters and its few files; no command is read here.

What is on the card survives everything, a wrong PIN's count included. That a PIN was entered
is forgotten whenever the card loses its power: at a restart, and at ``AT+CFUN=0``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfota.at import CpinReported
from dfota.modem.nv import NvNumber, NvText, nv_number, nv_text
from dfota.modem.world import Sim

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule

PIN_TRIES = 3
PUK_TRIES = 10

EF_ICCID = 0x2FE2
EF_IMSI = 0x6F07
EF_AD = 0x6FAD

_PERSONALIZATION_PASSWORD = "12341234"  # noqa: S105 - AT manual V2.3, 5.2: the factory value


@dataclass(frozen=True, slots=True)
class Secret:
    """A PIN of the card: which items keep it, and which facts of the world it began as.

    Attributes:
        number: 1 or 2.
        pin: the PIN once it was changed; empty: still the one that the card came with.
        pin_left: attempts for the PIN.
        puk_left: attempts for the PUK.
    """

    number: int
    pin: NvText
    pin_left: NvNumber
    puk_left: NvNumber


def _secret(number: int) -> Secret:
    return Secret(
        number,
        nv_text(f"sim.pin{number}", "", 8),
        nv_number(f"sim.pin{number}_left", PIN_TRIES, 0, PIN_TRIES),
        nv_number(f"sim.puk{number}_left", PUK_TRIES, 0, PUK_TRIES),
    )


PIN1 = _secret(1)
PIN2 = _secret(2)

_PIN_LOCK = nv_number("sim.pin_lock", 0, 0, 1)
_FIXED_DIALLING = nv_number("sim.fixed_dialling", 0, 0, 1)
_PERSONALIZATIONS = {
    name: nv_number(f"sim.personalization_{name.lower()}", 0, 0, 1)
    for name in ("PF", "PN", "PU", "PP", "PC")
}


class SimCard:
    """The card in the holder, as the module sees it.

    The laboratory changes the world's fact ``sim``: ``ready`` inserts a card that asks for no
    PIN, ``pin`` one that does, ``puk`` one whose PIN was entered wrongly too often.
    """

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self._is_verified = False
        self._is_detection_on = False
        module.world.on_change(self._world_changed)
        if module.world.sim in (Sim.PIN, Sim.PUK):
            self._put_in()

    def reset(self) -> None:
        """The card lost its power; what is on it stays."""
        self._is_verified = False

    def start(self) -> None:
        """The module starts: only now ``AT+QSIMDET`` counts (AT manual V2.3, 5.9)."""
        self._is_detection_on = bool((self._module.nv.stored_settings or {}).get("qsimdet"))

    @property
    def is_inserted(self) -> bool:
        """Whether there is a card."""
        return self._module.world.sim is not Sim.NONE

    @property
    def state(self) -> str:
        """``READY``, ``SIM PIN`` or ``SIM PUK``; empty where no card answers."""
        if not self.is_inserted or not self.left(PIN1.puk_left):
            return ""
        if not self.left(PIN1.pin_left):
            return "SIM PUK"
        return "READY" if self._is_verified or not self.is_locked else "SIM PIN"

    @property
    def is_ready(self) -> bool:
        """Whether the module can work with it."""
        return self.state == "READY"

    @property
    def is_locked(self) -> bool:
        """Whether it asks for its PIN at power-on."""
        return bool(self._module.nv.number(_PIN_LOCK))

    @property
    def is_dialling_fixed(self) -> bool:
        """Whether only the numbers on the card may be dialled."""
        return bool(self._module.nv.number(_FIXED_DIALLING))

    def left(self, counter: NvNumber) -> int:
        """How many attempts a counter of ``PIN1`` or ``PIN2`` has left."""
        return self._module.nv.number(counter)

    def verify(self, secret: Secret, pin: str) -> bool:
        """Compare a PIN; a wrong one is counted, a right one starts the count anew."""
        if not self.left(secret.pin_left):
            return False
        is_right = pin == self._pin(secret)
        self._count(secret.pin_left, is_right=is_right, tries=PIN_TRIES)
        if is_right and secret is PIN1:
            self._is_verified = True
        return is_right

    def unblock(self, secret: Secret, puk: str, new_pin: str) -> bool:
        """Compare a PUK and set a new PIN; both counts start anew where it is right."""
        if not self.left(secret.puk_left):
            return False
        is_right = puk == self._puk(secret)
        if is_right:
            self._module.nv.change(secret.pin_left, PIN_TRIES)
            self._module.nv.change(secret.pin, new_pin)
            self._is_verified = self._is_verified or secret is PIN1
        self._count(secret.puk_left, is_right=is_right, tries=PUK_TRIES)
        return is_right

    def change_pin(self, secret: Secret, new_pin: str) -> None:
        """Set another PIN; the old one was verified before."""
        self._keep(secret.pin, new_pin)

    def lock(self, *, wanted: bool) -> None:
        """Ask for the PIN at power-on, or not; it was verified before."""
        self._keep(_PIN_LOCK, int(wanted))

    def fix_dialling(self, *, wanted: bool) -> None:
        """Allow only the numbers on the card; the PIN2 was verified before."""
        self._keep(_FIXED_DIALLING, int(wanted))

    def is_personalized(self, facility: str) -> bool:
        """Whether the module is bound to this card or network; no other card is simulated."""
        return bool(self._module.nv.number(_PERSONALIZATIONS[facility]))

    def personalize(self, facility: str, password: str, *, wanted: bool) -> bool:
        """Bind or release the module, where the password is right."""
        if password != _PERSONALIZATION_PASSWORD:
            return False
        self._keep(_PERSONALIZATIONS[facility], int(wanted))
        return True

    def file(self, number: int) -> bytes | None:
        """The content of a file of the card, of those that the module knows."""
        profile = self._module.profile
        match number:
            case 0x2FE2:
                return _swapped(profile.iccid)
            case 0x6F07:
                # 3GPP TS 31.102, 4.2.2: length, then parity mark 9 and the digits, swapped.
                digits = _swapped("9" + profile.imsi)
                return bytes((len(digits),)) + digits
            case 0x6FAD:
                # 3GPP TS 31.102, 4.2.18: normal operation, and the length of the network code.
                return bytes((0, 0, 0, len(profile.operator_number) - 3))
            case _:
                return None

    # -- inside ------------------------------------------------------------------------

    def _world_changed(self, fact: str) -> None:
        if fact != "sim":
            return
        self.reset()
        if self.is_inserted:
            self._put_in()
        if self._module.power.value == "running":
            self._report_change()

    def _put_in(self) -> None:
        """Another card, with its own PINs and full counters."""
        kind, nv = self._module.world.sim, self._module.nv
        for secret in (PIN1, PIN2):
            nv.change(secret.pin, "")
            nv.change(secret.pin_left, PIN_TRIES)
            nv.change(secret.puk_left, PUK_TRIES)
        nv.change(_PIN_LOCK, int(kind is not Sim.READY))
        nv.change(_FIXED_DIALLING, 0)
        if kind is Sim.PUK:
            nv.change(PIN1.pin_left, 0)
        self._module.save_nv()

    def _report_change(self) -> None:
        module = self._module
        port = module.urc_port
        if not self._is_detection_on or port is None:
            return
        if port.settings.qsimstat:
            port.report(f"+QSIMSTAT: 1,{int(self.is_inserted)}")
        if self.is_inserted:
            for urc in module.radio.sim_lines():
                port.report(urc)
        else:
            port.report(CpinReported("NOT READY"))

    def _count(self, counter: NvNumber, *, is_right: bool, tries: int) -> None:
        self._keep(counter, tries if is_right else self.left(counter) - 1)

    def _keep(self, item: NvNumber | NvText, value: int | str) -> None:
        self._module.nv.change(item, value)
        self._module.save_nv()

    def _pin(self, secret: Secret) -> str:
        world = self._module.world
        first = world.sim_pin if secret is PIN1 else world.sim_pin2
        return self._module.nv.text(secret.pin) or first

    def _puk(self, secret: Secret) -> str:
        world = self._module.world
        return world.sim_puk if secret is PIN1 else world.sim_puk2


def _swapped(digits: str) -> bytes:
    """Digits as a card keeps them: two in a byte, the first in the low half, padded with F."""
    padded = digits + "F" * (len(digits) % 2)
    return bytes.fromhex("".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2)))
