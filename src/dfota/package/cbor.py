# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Deterministic CBOR (RFC 8949, section 4.2.1), and only the part that packages use.

Nothing here knows what a value means. Accepted are integers of at most 64 bits, byte
strings, UTF-8 text, arrays, maps with unsigned integers as keys, ``false``, ``true`` and ``null``.

Rule 1. Every value has exactly one accepted encoding: shortest heads, definite lengths,
map keys strictly ascending by their encoded bytes; so there are no duplicate keys.
Rule 2. Tags, floats, other simple values and anything behind the value are refused.
Rule 3. A length is compared with the bytes that are left before anything is made of it.
Rule 4. The encoder is another implementation (cbor2) than the decoder: what was decoded
is encoded again, and the bytes must be the same.
"""

from __future__ import annotations

import cbor2

type_name_of: dict[type, str] = {
    int: "an integer",
    bytes: "a byte string",
    str: "a text string",
    bool: "true or false",
    list: "an array",
    dict: "a map",
    type(None): "null",
}
"""How the accepted types are called in error messages."""

Value = int | bytes | str | bool | list["Value"] | dict[int, "Value"] | None
"""Everything that can be decoded."""

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_SIMPLE_VALUES: dict[int, bool | None] = {20: False, 21: True, 22: None}


def encode(value: object) -> bytes:
    """Encode *value* deterministically."""
    return cbor2.dumps(value, canonical=True)


def decode(data: bytes, *, depth_limit: int = 4) -> Value:
    """Decode exactly one value that fills *data*.

    Args:
        data: the whole encoding; the caller has bounded its size.
        depth_limit: how many arrays and maps may lie in each other.

    Raises:
        ValueError: *data* breaks one of the rules above; the message says which and where.
    """
    decoder = _Decoder(data, depth_limit)
    value = decoder.value(0)
    if decoder.offset != len(data):
        raise ValueError(f"{len(data) - decoder.offset} bytes behind the value")
    if encode(value) != data:
        raise ValueError("not the deterministic encoding")
    return value


class _Decoder:
    """A position in untrusted bytes."""

    def __init__(self, data: bytes, depth_limit: int) -> None:
        self._data = data
        self._depth_limit = depth_limit
        self.offset = 0

    def value(self, depth: int) -> Value:
        """Decode the value at the current offset."""
        start = self.offset
        major, argument = self._head()
        if major == _UNSIGNED:
            return argument
        if major == _NEGATIVE:
            return -1 - argument
        if major == _BYTES:
            return self._take(argument)
        if major == _TEXT:
            return self._text(argument)
        if major in (_ARRAY, _MAP):
            if depth == self._depth_limit:
                raise ValueError(f"nested deeper than {depth} at offset {start}")
            least = argument if major == _ARRAY else 2 * argument
            if least > len(self._data) - self.offset:
                raise ValueError(f"{argument} items announced at offset {start}, too few follow")
            if major == _ARRAY:
                return [self.value(depth + 1) for _ in range(argument)]
            return self._map(argument, depth)
        if major == _SIMPLE and argument in _SIMPLE_VALUES:
            return _SIMPLE_VALUES[argument]
        raise ValueError(f"a tag, float or unknown simple value at offset {start}")

    def _map(self, count: int, depth: int) -> dict[int, Value]:
        found: dict[int, Value] = {}
        previous = -1
        for _ in range(count):
            start = self.offset
            major, argument = self._head()
            if major != _UNSIGNED:
                raise ValueError(f"a map key that is no unsigned integer at offset {start}")
            # With shortest heads the order of the numbers is the order of their encodings.
            if argument <= previous:
                raise ValueError(f"map keys not strictly ascending at offset {start}")
            previous = argument
            found[argument] = self.value(depth + 1)
        return found

    def _head(self) -> tuple[int, int]:
        start = self.offset
        initial = self._take(1)[0]
        major, additional = initial >> 5, initial & 31
        if additional < 24:
            return major, additional
        if additional > 27:
            raise ValueError(f"an indefinite or reserved length at offset {start}")
        if major == _SIMPLE:
            raise ValueError(f"a tag, float or unknown simple value at offset {start}")
        size = 1 << (additional - 24)
        argument = int.from_bytes(self._take(size), "big")
        smallest = 24 if size == 1 else 1 << (4 * size)
        if argument < smallest:
            raise ValueError(f"a length or integer that is not the shortest at offset {start}")
        return major, argument

    def _take(self, size: int) -> bytes:
        if size > len(self._data) - self.offset:
            raise ValueError(f"cut short at offset {self.offset}: {size} more bytes wanted")
        self.offset += size
        return self._data[self.offset - size : self.offset]

    def _text(self, size: int) -> str:
        start = self.offset
        try:
            return self._take(size).decode("utf-8")
        except UnicodeDecodeError:
            raise ValueError(f"text that is not UTF-8 at offset {start}") from None
