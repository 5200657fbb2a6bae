# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A package of which a part has come, kept over power cuts; only for ``download_resume``.

Rule 1. What is there is gone on with only if the server's validator (``ETag``, else
``Last-Modified``) was kept and the URL is the same; the server decides by ``If-Range``.
Rule 2. The package appears under its name by one rename, when it is complete.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from dfota.at import Location
from dfota.errors import FileSystemError
from dfota.modem.filesystem import NO_SPACE
from dfota.modem.nv import nv_text

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule

PARTIAL_CONTENT = 206

_PART = ("fota", "update.part")
_PACKAGE = ("fota", "update.zip")
_VALIDATOR_MAX_BYTES = 128
_KEPT = nv_text("download.partial", "", 32 + 1 + 1 + _VALIDATOR_MAX_BYTES)
"""Digest of the URL, ``E`` (tag) or ``D`` (date), validator; a blank between."""

_RANGE = re.compile(rb"bytes (\d{1,15})-\d{1,15}/(\d{1,15}|\*)")


class PartialPackage:
    """The part that has come so far.

    Attributes:
        size: of the part.
    """

    def __init__(self, module: VirtualModule, location: Location) -> None:
        self._module = module
        self._files = module.files
        self._digest = hashlib.sha256(location.text.encode()).hexdigest()[:32]
        self._validator = ""
        self.size = 0
        digest, _, validator = module.nv.text(_KEPT).partition(" ")
        node = self._files.node(_PART)
        _ = self._files.used_bytes  # counts what is there, for the room of this file
        if node is not None and validator and digest == self._digest:
            self._validator = validator
            self.size = node.size
        elif node is not None:
            self.drop()

    @property
    def can_go_on(self) -> bool:
        """Whether there is something, and a way to ask for the rest."""
        return bool(self.size and self._validator)

    def request_fields(self) -> tuple[str, ...]:
        """Header fields that ask for the rest; none where all is wanted."""
        if not self.can_go_on:
            return ()
        kind, value = self._validator[0], self._validator[1:]
        validator = f'"{value}"' if kind == "E" else value
        return f"Range: bytes={self.size}-", f"If-Range: {validator}"

    def begin(self, status: int, head: bytes) -> bool:
        """The answer comes: go on with what is there, or begin anew.

        Returns:
            False: the server sends another part than the one that is wanted.

        Raises:
            FileSystemError: the file cannot be made.
        """
        fields = _fields_of(head)
        if status == PARTIAL_CONTENT and self.can_go_on:
            match = _RANGE.fullmatch(fields.get(b"content-range", b""))
            return match is not None and int(match[1]) == self.size
        self.drop()
        self._files.make_folder(_PART[:-1])
        self._files.create(_PART)
        self._validator = _validator_of(fields)
        if self._validator:
            self._keep(f"{self._digest} {self._validator}")
        return True

    def write(self, data: bytes) -> None:
        """Append *data*.

        Raises:
            FileSystemError: 420 no space, 409 writing failed.
        """
        taken = self._files.write_part(_PART, self.size, data)
        self.size += taken
        if taken < len(data):
            raise FileSystemError(NO_SPACE, _PART[-1])

    def end(self) -> None:
        """Let the package appear under its name.

        Raises:
            FileSystemError: 409 writing failed.
        """
        self._files.move(_PART, _PACKAGE)
        self._keep("")

    def discard(self) -> None:
        """The download ends without success: keep the part only if it can be gone on with."""
        if not self.can_go_on:
            self.drop()

    def drop(self) -> None:
        """Forget the part."""
        self.size, self._validator = 0, ""
        self._keep("")
        if self._files.node(_PART) is not None:
            self._files.remove(_PART)

    def _keep(self, text: str) -> None:
        if self._module.nv.text(_KEPT) != text:
            self._module.nv.change(_KEPT, text)
            self._module.save_nv()


def _fields_of(head: bytes) -> dict[bytes, bytes]:
    lines = head.split(b"\r\n")[1:]
    pairs = (line.partition(b":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _validator_of(fields: dict[bytes, bytes]) -> str:
    """A strong validator in the form in which it is kept, or nothing (RFC 9110, 13.1.5)."""
    tag = fields.get(b"etag", b"")
    if len(tag) > 2 and tag[:1] == tag[-1:] == b'"':
        kind, value = "E", tag[1:-1]
    else:
        kind, value = "D", fields.get(b"last-modified", b"")
    text = value.decode("latin-1")
    is_plain = text.isascii() and text.isprintable() and '"' not in text
    return kind + text if text and is_plain and len(text) < _VALIDATOR_MAX_BYTES else ""
