# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What an overlay is: a kind of module as its differences from another; no data here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of an overlay: *setting* is *value* in this kind of module, says *source*."""

    setting: str
    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class Overlay:
    """A kind of module as what differs from another kind; never an edit of it.

    Attributes:
        name: as on the command line, e.g. ``ec2x``.
        summary: one sentence for a person.
        base: the profile that it lies over.
        differences: one line of data each, with its source.
    """

    name: str
    summary: str
    base: str
    differences: tuple[Difference, ...] = ()
