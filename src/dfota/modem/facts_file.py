# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Small JSON files of a state directory, read as if anybody had written them; no meaning here."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from dfota.errors import StateDirectoryError

FACTS_MAX_BYTES = 64 * 1024
"""Far more than any of these files ever has."""


def load_facts(path: Path, format_version: int) -> dict[str, Any]:
    """Read the JSON object in the regular file at *path*, which says its format.

    Raises:
        StateDirectoryError: no such file, no regular one, too long, damaged, or another format.
    """
    try:
        facts = json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(facts, dict):
        raise _damaged(path, "it holds no object")
    if facts.get("format") != format_version:
        raise _damaged(path, f"it is not of format {format_version}")
    return facts


def _read(path: Path) -> bytes:
    try:
        # O_NONBLOCK: opening a named pipe must not wait for somebody to write into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise _damaged(path, "it is not a regular file")
            data = stream.read(FACTS_MAX_BYTES + 1)
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error
    if len(data) > FACTS_MAX_BYTES:
        raise _damaged(path, f"it has more than {FACTS_MAX_BYTES} bytes")
    return data


def _damaged(path: Path, reason: str) -> StateDirectoryError:
    return StateDirectoryError(str(path.parent), f"{path.name}: {reason}")
