# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""How bytes of the line are written in transcripts, the same at both ends; no files here."""

from __future__ import annotations

_NAMED = {0x0D: "\\r", 0x0A: "\\n", 0x5C: "\\\\"}


def escape(data: bytes) -> str:
    r"""Give *data* as printable ASCII without loss: ``\r``, ``\n``, ``\\``, ``\xNN``."""
    return "".join(_ESCAPES[byte] for byte in data)


def _escape(byte: int) -> str:
    if byte in _NAMED:
        return _NAMED[byte]
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"


_ESCAPES = tuple(_escape(byte) for byte in range(256))
