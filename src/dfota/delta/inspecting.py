# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Look into a patch without its images; it shows facts and judges nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dfota._native import Applier, NativeError
from dfota.delta.failures import error_for
from dfota.values import Digest


@dataclass(frozen=True, slots=True)
class PatchInfo:
    """What a patch says of itself; the four byte counts add up to ``new_size``.

    Attributes:
        format_version: version of the patch format.
        patch_size: bytes of the patch.
        old_size: bytes of the old image.
        new_size: bytes of the new image.
        old_digest: SHA-256 of the old image.
        new_digest: SHA-256 of the new image.
        copied: bytes of new that are as they were in old.
        differing: bytes of new that were in old, and got corrected.
        filled: bytes of new that repeat the byte before.
        literal: bytes of new that the patch spells out.
        copies: stretches taken from old.
    """

    format_version: int
    patch_size: int
    old_size: int
    new_size: int
    old_digest: Digest
    new_digest: Digest
    copied: int
    differing: int
    filled: int
    literal: int
    copies: int

    @property
    def ratio(self) -> float:
        """Bytes of patch for each byte of new; 0 for an empty image."""
        return self.patch_size / self.new_size if self.new_size else 0.0

    @property
    def is_identical(self) -> bool:
        """Whether old and new are the same image."""
        return self.old_digest == self.new_digest

    def to_json(self) -> dict[str, Any]:
        """The facts as plain values; digests in hexadecimal."""
        return {
            "format_version": self.format_version,
            "patch_size": self.patch_size,
            "old_size": self.old_size,
            "new_size": self.new_size,
            "old_digest": self.old_digest.hex,
            "new_digest": self.new_digest.hex,
            "copied": self.copied,
            "differing": self.differing,
            "filled": self.filled,
            "literal": self.literal,
            "copies": self.copies,
            "ratio": round(self.ratio, 6),
        }


def inspect(patch: bytes) -> PatchInfo:
    """Read *patch* from end to end, without the old image.

    Everything is checked but the digest of new, which needs old.

    Raises:
        PatchFormatError: *patch* is not a dfota patch.
        PatchVersionError: it has another format version.
        PatchCorruptError: it is damaged, truncated or hostile.
    """
    try:
        applier = Applier.in_memory(patch, b"")
        header = applier.header
        counts = applier.measure()
    except NativeError as failure:
        raise error_for(failure) from None
    return PatchInfo(
        format_version=header.version,
        patch_size=len(patch),
        old_size=header.old_size,
        new_size=header.new_size,
        old_digest=Digest(header.old_digest),
        new_digest=Digest(header.new_digest),
        copied=counts.copied,
        differing=counts.differing,
        filled=counts.filled,
        literal=counts.literal,
        copies=counts.copies,
    )
