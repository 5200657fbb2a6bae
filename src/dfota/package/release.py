# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A firmware release in memory: its partitions and who it is for; nothing here touches files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from dfota.errors import MisuseError
from dfota.package import cbor
from dfota.package.limits import LIMITS
from dfota.values import Digest, FirmwareVersion

PARTITION_NAME = re.compile(r"[a-z0-9_-]{1,32}")
"""What a partition may be called; it becomes a file name and a ZIP entry name."""

IDENTITY = re.compile(r"[A-Za-z0-9._-]{1,32}")
"""What a model or hardware may be called."""

SECURITY_COUNTER_MAX = 2**32 - 1
"""Largest security counter; a module keeps it in four bytes."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One named image, and the slot it must fit where that is known.

    Raises:
        MisuseError: the name has other characters than ``a-z 0-9 _ -``, or the image is
            empty, larger than the format holds, or larger than its slot.
    """

    name: str
    data: bytes = field(repr=False)
    slot_size: int | None = None

    def __post_init__(self) -> None:
        if not PARTITION_NAME.fullmatch(self.name):
            raise MisuseError(f"a partition name is 1 to 32 of a-z 0-9 _ -, not {self.name!r}")
        if not self.data:
            raise MisuseError(f"the image of partition {self.name} is empty")
        if len(self.data) > LIMITS.image_size:
            raise MisuseError(
                f"the image of partition {self.name} has {len(self.data)} bytes, "
                f"more than {LIMITS.image_size}"
            )
        if self.slot_size is not None and self.slot_size < len(self.data):
            raise MisuseError(
                f"the image of partition {self.name} has {len(self.data)} bytes, "
                f"its slot only {self.slot_size}"
            )


@dataclass(frozen=True, slots=True)
class Release:
    """All partitions of one firmware revision for one model and hardware.

    Raises:
        MisuseError: no or too many partitions, a name twice, a model or hardware with other
            characters than ``A-Z a-z 0-9 . _ -``, or a security counter outside 32 bits.
    """

    model: str
    hardware: str
    revision: FirmwareVersion
    partitions: tuple[Partition, ...]
    security_counter: int = 0
    digest: Digest = field(init=False, repr=False)
    """The release digest, see :func:`release_digest`."""

    def __post_init__(self) -> None:
        for what, text in (("model", self.model), ("hardware", self.hardware)):
            if not IDENTITY.fullmatch(text):
                raise MisuseError(f"a {what} is 1 to 32 of A-Z a-z 0-9 . _ -, not {text!r}")
        if not 1 <= len(self.partitions) <= LIMITS.partition_count:
            raise MisuseError(
                f"a release has 1 to {LIMITS.partition_count} partitions, "
                f"not {len(self.partitions)}"
            )
        if not 0 <= self.security_counter <= SECURITY_COUNTER_MAX:
            raise MisuseError(
                f"a security counter is 0 to {SECURITY_COUNTER_MAX}, not {self.security_counter}"
            )
        entries = [(part.name, len(part.data), _sha256(part.data)) for part in self.partitions]
        object.__setattr__(self, "digest", release_digest(entries))

    @property
    def size(self) -> int:
        """Bytes of all images together."""
        return sum(len(partition.data) for partition in self.partitions)

    def partition(self, name: str) -> Partition | None:
        """The partition called *name*, if there is one."""
        return next((part for part in self.partitions if part.name == name), None)


def release_digest(entries: Iterable[tuple[str, int, bytes]]) -> Digest:
    """SHA-256 over the CBOR array ``[[name, size, sha256], …]``, sorted by name.

    Args:
        entries: name, size and SHA-256 of every partition, in any order.

    Raises:
        MisuseError: a name occurs twice.
    """
    rows = sorted([name, size, digest] for name, size, digest in entries)
    for first, second in pairwise(rows):
        if first[0] == second[0]:
            raise MisuseError(f"the partition {first[0]} occurs twice")
    return Digest.of(cbor.encode(rows))


def _sha256(data: bytes) -> bytes:
    return Digest.of(data).value
