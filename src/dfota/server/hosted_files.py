# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Which file a request means, and which files there are; it must never follow a path outside.

Rule 1. A name is decided on the raw request path, one segment at a time, before anything
        else decodes it: what arrives encoded (``%2e%2e``, ``%2f``, ``%00``) gains nothing.
Rule 2. What the names lead to is resolved through every symbolic link and must still lie in
        the directory; a link inside is fine, a link out is as good as absent.
Rule 3. Names that start with a dot do not exist: neither on the way nor behind a link.
Rule 4. A private key is never served, whatever it is called: a package's signing key or the
        key of ``--key`` may lie among the packages by mistake.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

_REFUSED_BYTES = frozenset(range(0x20)) | {0x7F, ord("/"), ord("\\")}
_MAX_PATH_SIZE = 2048
_PEM_SIZE_MAX = 64 * 1024
"""What is longer is no PEM file of a key."""


@dataclass(frozen=True, slots=True)
class HostedFile:
    """One regular file that may be served; *name* is its path below the directory."""

    name: str
    path: Path
    size: int


def find_file(directory: Path, raw_path: bytes) -> HostedFile | None:
    """The file that the request path *raw_path* (still encoded) means, or None.

    Args:
        directory: what is served, resolved by the caller.
        raw_path: the path of the request line, without the query.
    """
    if not raw_path.startswith(b"/") or len(raw_path) > _MAX_PATH_SIZE:
        return None
    segments = [unquote_to_bytes(segment) for segment in raw_path[1:].split(b"/")]
    if not all(_is_plain(segment) for segment in segments):
        return None
    return _inspect(directory, [os.fsdecode(segment) for segment in segments])


def list_files(directory: Path) -> tuple[HostedFile, ...]:
    """Every file below *directory* that a request can get, in the order of their names."""
    found = []
    for folder, folders, names in os.walk(directory):
        folders[:] = [name for name in folders if _is_plain(os.fsencode(name))]
        for name in names:
            parts = [*Path(folder).relative_to(directory).parts, name]
            if not _is_plain(os.fsencode(name)):
                continue
            hosted = _inspect(directory, parts)
            if hosted is not None:
                found.append(hosted)
    return tuple(sorted(found, key=lambda hosted: hosted.name))


def quoted(name: str) -> str:
    """*name* as the path of a URL; :func:`find_file` finds the same file again."""
    return "/" + quote(os.fsencode(name), safe="/")


def _is_plain(segment: bytes) -> bool:
    """Whether *segment* is the plain name of a visible file or folder."""
    return (
        bool(segment)
        and not segment.startswith(b".")
        and len(segment) <= 255
        and _REFUSED_BYTES.isdisjoint(segment)
    )


def _inspect(directory: Path, parts: list[str]) -> HostedFile | None:
    try:
        path = directory.joinpath(*parts).resolve(strict=True)
        inside = path.relative_to(directory).parts
        facts = path.stat()
    except (OSError, ValueError, RuntimeError):  # absent, outside, a loop of links
        return None
    if not stat.S_ISREG(facts.st_mode) or any(part.startswith(".") for part in inside):
        return None
    if facts.st_size <= _PEM_SIZE_MAX and _holds_private_key(path):
        return None
    return HostedFile("/".join(parts), path, facts.st_size)


def _holds_private_key(path: Path) -> bool:
    """Whether a PEM block of any kind of private key is in the file."""
    try:
        with path.open("rb") as stream:
            return b"PRIVATE KEY-----" in stream.read(_PEM_SIZE_MAX)
    except OSError:
        return False  # what cannot be read cannot be served either; whoever asks hears why
