# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Read a file that the person named, up to a limit; what it holds is not judged here."""

from __future__ import annotations

from pathlib import Path

from dfota.errors import FileUnreadableError


def read_input(path: Path, limit: int) -> bytes:
    """The content of the file at *path*, of at most *limit* bytes and at least one.

    Raises:
        FileUnreadableError: it cannot be read, is empty or larger.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise FileUnreadableError(str(path), error.strerror or str(error)) from error
    if len(data) > limit:
        raise FileUnreadableError(str(path), f"it has more than {limit} bytes")
    if not data:
        raise FileUnreadableError(str(path), "it is empty")
    return data
