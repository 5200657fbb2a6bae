# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""How much of anything a package may hold; numbers only, checked where the thing is read.

Rule 1. Every count and size that comes from a package is compared with its limit before
anything is allocated, copied or looped over because of it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds, all inclusive; sizes are bytes, counts are numbers of things."""

    package_size: int = 256 * 1024 * 1024
    """The whole container."""
    entry_count: int = 66
    """ZIP entries: manifest, signatures and one payload per partition."""
    manifest_size: int = 32 * 1024
    """``manifest.cbor``."""
    signatures_size: int = 4 * 1024
    """``signatures.cbor``."""
    signature_count: int = 8
    """COSE_Sign1 structures in ``signatures.cbor``."""
    partition_count: int = 64
    """Changed, new and removed partitions in the manifest."""
    image_size: int = 256 * 1024 * 1024
    """One partition image, old or new, unpacked."""
    name_size: int = 32
    """One partition name."""
    identity_size: int = 32
    """The model and the hardware name, each."""
    index_size: int = 4 * 1024 * 1024
    """An index of packages, with its signatures."""
    index_count: int = 8192
    """Packages in an index."""
    file_name_size: int = 128
    """The name of a package file in an index."""


LIMITS = Limits()
"""What every reader of format version 1 accepts and every builder stays within."""
