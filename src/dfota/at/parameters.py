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

_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")


@dataclass(frozen=True, slots=True)
class Integer:
    """A decimal number from *minimum* to *maximum*, or one of *only*.

    A minus sign is read only where a negative number is allowed.

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

    @property
    def allowed(self) -> str:
        """The allowed values as a test form prints them."""
        if self.only:
            return f"({','.join(map(str, self.only))})"
        between = "," if self.maximum - self.minimum == 1 else "-"
        return f"({self.minimum}{between}{self.maximum})"

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
        digits = field.removeprefix("-") if min(self.minimum, *self.only, 0) < 0 else field
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
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
class Hexadecimal:
    """A number in hexadecimal digits without quotes, up to *maximum*; ``0x`` is allowed.

    Attributes:
        name: as the manual writes it, without angle brackets.
        default: the value of an absent parameter; makes it optional.
        optional: absent is allowed and means ``None`` (if there is no default).
    """

    name: str
    maximum: int
    default: int | None = None
    optional: bool = False

    @property
    def is_optional(self) -> bool:
        """Whether the line may leave it out."""
        return self.optional or self.default is not None

    @property
    def allowed(self) -> str:
        """The allowed values as a test form prints them."""
        return f"(0-{self.maximum:x})"

    def encode(self, value: Value, command: str) -> str:
        """Write *value* as a field, in small letters.

        Raises:
            AtParameterError: *value* is not an allowed number.
        """
        if not isinstance(value, int) or isinstance(value, bool):
            raise AtParameterError(command, self.name, str(value), "a number is wanted")
        return self._checked(value, command, str(value), f"{value:x}")

    def decode(self, field: str, command: str, *, accept_unquoted: bool = False) -> int:
        """Read *field*.

        Raises:
            AtParameterError: not hexadecimal digits, or too large.
        """
        digits = field[2:] if field[:2] in {"0x", "0X"} else field
        if not digits or len(digits) > 32 or not set(digits) <= _HEX_DIGITS:
            raise AtParameterError(command, self.name, field, "hexadecimal digits are wanted")
        value = int(digits, 16)
        self._checked(value, command, field, field)
        return value

    def _checked(self, value: int, command: str, field: str, text: str) -> str:
        """Give *text* back where *value* is allowed.

        Raises:
            AtParameterError: it is not.
        """
        if not 0 <= value <= self.maximum:
            rule = f"must be 0 to {self.maximum:x} (hexadecimal)"
            raise AtParameterError(command, self.name, field, rule)
        return text


@dataclass(frozen=True, slots=True)
class String:
    """Quoted text of printable ASCII without a quote, at most *max_bytes* long.

    Attributes:
        name: as the manual writes it, without angle brackets.
        only: where not empty, the only words allowed; read without regard to case.
        is_bare: the manual allows it without quotes, as in ``AT+CPIN=1234``.
        is_written_bare: the manual shows it without quotes, so the host writes it like that.
        min_bytes: the shortest text allowed.
        alphabet: where not empty, the only characters allowed, as in ``"00101011"``.
        default: the value of an absent parameter; makes it optional.
        optional: absent is allowed and means ``None`` (if there is no default).
    """

    name: str
    max_bytes: int
    only: tuple[str, ...] = ()
    is_bare: bool = False
    default: str | None = None
    optional: bool = False
    is_written_bare: bool = False
    min_bytes: int = 0
    alphabet: str = ""

    @property
    def is_optional(self) -> bool:
        """Whether the line may leave it out."""
        return self.optional or self.default is not None

    @property
    def allowed(self) -> str:
        """The allowed values as a test form prints them."""
        if self.alphabet == "01" and self.min_bytes == self.max_bytes:
            return f'("{"0" * self.max_bytes}"-"{"1" * self.max_bytes}")'
        if not self.only:
            return f"<{self.name}>"
        mark = "" if self.is_written_bare else '"'
        return f"({','.join(mark + word + mark for word in self.only)})"

    def encode(self, value: Value, command: str) -> str:
        """Write *value* as a field.

        Raises:
            AtParameterError: *value* is not text that can stand between quotes here.
        """
        if not isinstance(value, str):
            raise AtParameterError(command, self.name, str(value), "text is wanted")
        text = self._checked(value, command)
        return text if self.is_written_bare else f'"{text}"'

    def decode(self, field: str, command: str, *, accept_unquoted: bool = False) -> str:
        """Read *field*; *accept_unquoted* takes text that lacks its quotes.

        Raises:
            AtParameterError: no quotes, too long, or not an allowed word.
        """
        if len(field) >= 2 and field[0] == field[-1] == '"':
            return self._checked(field[1:-1], command)
        is_bare = self.is_bare or self.is_written_bare or accept_unquoted
        if is_bare and '"' not in field:
            return self._checked(field, command)
        raise AtParameterError(command, self.name, field, "text in double quotes is wanted")

    def fits(self, field: str) -> bool:
        """Whether *field* looks like text, whatever it says."""
        return field.startswith('"')

    def _checked(self, text: str, command: str) -> str:
        if len(text) > self.max_bytes:
            rule = f"at most {self.max_bytes} bytes, not {len(text)}"
            raise AtParameterError(command, self.name, text, rule)
        if len(text) < self.min_bytes:
            rule = f"at least {self.min_bytes} bytes, not {len(text)}"
            raise AtParameterError(command, self.name, text, rule)
        if self.alphabet and not set(text) <= set(self.alphabet):
            rule = f"only characters of {self.alphabet} are allowed"
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

    @property
    def allowed(self) -> str:
        """The allowed values as a test form prints them."""
        return f"<{self.name}>"

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


Parameter = Integer | Hexadecimal | String | Choice
"""Any kind of parameter."""
