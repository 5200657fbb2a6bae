# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of commands as data: both ends encode and decode with these, no one else.

A *field* is a parameter as it stands on the line, quotes included; a *value* is what a
program works with. ``decode(encode(value)) == value`` for every value a parameter allows.
"""

from __future__ import annotations

from dataclasses import dataclass

from dfota.errors import AtParameterError

Value = int | str | None
"""What a parameter holds; ``None`` where an optional one is absent."""


@dataclass(frozen=True, slots=True)
class Integer:
    """A decimal number without sign, from *minimum* to *maximum*, or one of *only*.

    Attributes:
        name: as the manual writes it, without angle brackets.
        default: the value of an absent parameter; makes it optional.
        optional: absent is allowed and means ``None`` (if there is no default).
    """

    name: str
    minimum: int = 0
    maximum: int = 2**31 - 1
    only: tuple[int, ...] = ()
    default: int | None = None
    optional: bool = False

    @property
    def is_optional(self) -> bool:
        """Whether the line may leave it out."""
        return self.optional or self.default is not None

    def encode(self, value: Value, command: str) -> str:
        """Write *value* as a field.

        Raises:
            AtParameterError: *value* is not an allowed number.
        """
        if not isinstance(value, int) or isinstance(value, bool):
            raise AtParameterError(command, self.name, str(value), "a number is wanted")
        self._check(value, command, str(value))
        return str(value)

    def decode(self, field: str, command: str, *, accept_unquoted: bool = False) -> int:
        """Read *field*.

        Raises:
            AtParameterError: not decimal digits, or not an allowed number.
        """
        if not (field.isascii() and field.isdigit() and len(field) <= 10):
            raise AtParameterError(command, self.name, field, "a decimal number is wanted")
        value = int(field)
        self._check(value, command, field)
        return value

    def fits(self, field: str) -> bool:
        """Whether *field* looks like a number, whatever its range."""
        return not field.startswith('"')

    def _check(self, value: int, command: str, field: str) -> None:
        if self.only:
            if value not in self.only:
                allowed = ", ".join(str(number) for number in self.only)
                raise AtParameterError(command, self.name, field, f"must be one of {allowed}")
        elif not self.minimum <= value <= self.maximum:
            rule = f"must be {self.minimum} to {self.maximum}"
            raise AtParameterError(command, self.name, field, rule)


@dataclass(frozen=True, slots=True)
class String:
    """Quoted text of printable ASCII without a quote, at most *max_bytes* long.

    Attributes:
        name: as the manual writes it, without angle brackets.
        only: where not empty, the only words allowed; read without regard to case.
        is_bare: the manual allows it without quotes, as in ``AT+CPIN=1234``.
        default: the value of an absent parameter; makes it optional.
        optional: absent is allowed and means ``None`` (if there is no default).
    """

    name: str
    max_bytes: int
    only: tuple[str, ...] = ()
    is_bare: bool = False
    default: str | None = None
    optional: bool = False

    @property
    def is_optional(self) -> bool:
        """Whether the line may leave it out."""
        return self.optional or self.default is not None

    def encode(self, value: Value, command: str) -> str:
        """Write *value* as a field.

        Raises:
            AtParameterError: *value* is not text that can stand between quotes here.
        """
        if not isinstance(value, str):
            raise AtParameterError(command, self.name, str(value), "text is wanted")
        return f'"{self._checked(value, command)}"'

    def decode(self, field: str, command: str, *, accept_unquoted: bool = False) -> str:
        """Read *field*; *accept_unquoted* takes text that lacks its quotes.

        Raises:
            AtParameterError: no quotes, too long, or not an allowed word.
        """
        if len(field) >= 2 and field[0] == field[-1] == '"':
            return self._checked(field[1:-1], command)
        if (self.is_bare or accept_unquoted) and '"' not in field:
            return self._checked(field, command)
        raise AtParameterError(command, self.name, field, "text in double quotes is wanted")

    def fits(self, field: str) -> bool:
        """Whether *field* looks like text, whatever it says."""
        return field.startswith('"')

    def _checked(self, text: str, command: str) -> str:
        if len(text) > self.max_bytes:
            rule = f"at most {self.max_bytes} bytes, not {len(text)}"
            raise AtParameterError(command, self.name, text, rule)
        if not (text.isascii() and text.isprintable()) or '"' in text:
            rule = "printable ASCII without a double quote is wanted"
            raise AtParameterError(command, self.name, text, rule)
        if not self.only:
            return text
        for word in self.only:
            if word.lower() == text.lower():
                return word
        raise AtParameterError(
            command, self.name, text, f"must be one of {', '.join(map(repr, self.only))}"
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """Text or a number in the same place, told apart by the quotes."""

    name: str
    text: String
    number: Integer

    @property
    def default(self) -> None:
        """There is none."""
        return

    @property
    def is_optional(self) -> bool:
        """Never."""
        return False

    def encode(self, value: Value, command: str) -> str:
        """Write *value* as a field, by its type.

        Raises:
            AtParameterError: neither kind allows *value*.
        """
        kind: Integer | String = self.number if isinstance(value, int) else self.text
        return kind.encode(value, command)

    def decode(self, field: str, command: str, *, accept_unquoted: bool = False) -> int | str:
        """Read *field*, as text if it begins with a quote (or cannot be a number).

        Raises:
            AtParameterError: the kind it looks like does not allow it.
        """
        if self.text.fits(field) or (accept_unquoted and not field.isdigit()):
            return self.text.decode(field, command, accept_unquoted=accept_unquoted)
        return self.number.decode(field, command)


Parameter = Integer | String | Choice
"""Any kind of parameter."""
