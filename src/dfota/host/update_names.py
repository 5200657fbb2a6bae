# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the name of a package file says of its revisions, and which of two revisions is newer.

Names are hints and never proof: what is in a package is decided by its content.
"""

from __future__ import annotations

import re

from dfota.errors import MisuseError
from dfota.values import FirmwareVersion

NAME_MAX = 255

_TAIL = re.compile(r"[0-9]{2,3}\.[0-9]{3}(?:\.[0-9]{2,3}\.[0-9]{3})?")
_NUMBERS = re.compile(r"[0-9]+")
_SUFFIXES = (".zip", ".bin")


def revisions_in_name(name: str) -> tuple[FirmwareVersion, FirmwareVersion] | None:
    """Old and new revision in ``<old>-TO-<new>.zip`` or ``<old>-<new>.bin``, or ``None``.

    The new one may be its tail alone: ``BG96MAR02A07M1G_01.014.01.014-01.017.01.017.bin``.
    """
    if len(name) > NAME_MAX or not name.lower().endswith(_SUFFIXES):
        return None
    stem = name[:-4]
    parts = stem.split("-TO-") if "-TO-" in stem else stem.split("-")
    if len(parts) != 2:
        return None
    try:
        old = FirmwareVersion(parts[0])
        if _TAIL.fullmatch(parts[1]) and old.short != old.text:
            parts[1] = f"{old.short}_{parts[1]}"
        new = FirmwareVersion(parts[1])
    except MisuseError:
        return None
    if old == new or not all(re.search("[0-9]", part) for part in parts):
        return None
    return old, new


def is_newer(revision: FirmwareVersion, other: FirmwareVersion) -> bool | None:
    """Whether *revision* is newer than *other* by the numbers in both; ``None``: cannot tell.

    Numbers are compared from the left, and all that is no number must be the same:
    ``BG96MAR02A07M1G_01.019.01.019`` is newer than ``…_01.018.01.018``, and nothing is known
    of a BETA and its release, or of two models.
    """
    if _NUMBERS.sub("0", revision.text) != _NUMBERS.sub("0", other.text):
        return None
    ours = [int(number) for number in _NUMBERS.findall(revision.text)]
    theirs = [int(number) for number in _NUMBERS.findall(other.text)]
    return None if ours == theirs else ours > theirs
