# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Frozen values that several rooms share; nothing here does I/O or knows a room."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from dfota.errors import MisuseError

REVISION_MAX_BYTES = 64
"""Longest firmware revision, in bytes; real BG96 ones have 15 to 29."""

_REVISION = re.compile(r"[A-Za-z0-9._-]{1,64}")
_BUILD = re.compile(r"_(?=[^_]*\.)")


@dataclass(frozen=True, slots=True)
class FirmwareVersion:
    """A firmware revision as ``AT+QGMR`` prints it, e.g. ``BG96MAR02A07M1G_01.018.01.018``.

    Raises:
        MisuseError: the text is empty, longer than 64 bytes, or has a character
            outside ``A-Z a-z 0-9 . _ -``.
    """

    text: str

    def __post_init__(self) -> None:
        if not _REVISION.fullmatch(self.text):
            raise MisuseError(
                f"a firmware revision is 1 to {REVISION_MAX_BYTES} of A-Z a-z 0-9 . _ -, "
                f"not {self.text!r}"
            )

    @property
    def short(self) -> str:
        """The form that ``ATI`` prints: without the ``_xx.xxx.xx.xxx`` tail, if it has one."""
        return _BUILD.split(self.text, maxsplit=1)[0]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Digest:
    """A SHA-256 digest (FIPS 180-4): exactly 32 bytes.

    Raises:
        MisuseError: ``value`` is not 32 bytes long.
    """

    value: bytes

    def __post_init__(self) -> None:
        if len(self.value) != 32:
            raise MisuseError(f"a SHA-256 digest has 32 bytes, not {len(self.value)}")

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview) -> Digest:
        """Hash *data*."""
        return cls(hashlib.sha256(data).digest())

    @property
    def hex(self) -> str:
        """64 lower-case hexadecimal digits."""
        return self.value.hex()

    def __str__(self) -> str:
        return self.hex


@dataclass(frozen=True, slots=True)
class Imei:
    """An IMEI: 15 decimal digits, the last a Luhn check digit (3GPP TS 23.003, 6.2.1).

    Raises:
        MisuseError: not 15 digits, or the check digit is wrong.
    """

    digits: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9]{15}", self.digits):
            raise MisuseError(f"an IMEI has 15 digits, not {self.digits!r}")
        if Imei.with_check_digit(self.digits[:14]).digits != self.digits:
            raise MisuseError(f"the check digit of the IMEI {self.digits} is wrong")

    @classmethod
    def with_check_digit(cls, first14: str) -> Imei:
        """Complete 14 digits by their Luhn digit.

        Raises:
            MisuseError: *first14* is not 14 digits.
        """
        if not re.fullmatch(r"[0-9]{14}", first14):
            raise MisuseError(f"14 digits wanted, not {first14!r}")
        total = 0
        for index, digit in enumerate(first14):
            number = int(digit) * (2 if index % 2 else 1)
            total += number - 9 if number > 9 else number
        instance = object.__new__(cls)
        object.__setattr__(instance, "digits", f"{first14}{-total % 10}")
        return instance

    def __str__(self) -> str:
        return self.digits
