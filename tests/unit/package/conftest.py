# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Two small releases, their package, and a patch maker that stands in for the delta room."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pytest

from dfota.package import Partition, Release, SigningKey, build
from dfota.values import FirmwareVersion


@dataclass
class PatchDouble:
    """Patches that are the digest of the old image and the whole new one."""

    made: int = 0

    def generate(self, old: bytes, new: bytes, progress=None) -> bytes:
        self.made += 1
        if progress is not None:
            progress(len(new), len(new))
        return hashlib.sha256(old).digest() + new

    def apply(self, old: bytes, patch: bytes) -> bytes:
        assert patch[:32] == hashlib.sha256(old).digest()
        return patch[32:]


def noise(seed: str, size: int) -> bytes:
    """Bytes that do not compress, the same on every run."""
    return hashlib.shake_128(seed.encode()).digest(size)


@pytest.fixture
def patches() -> PatchDouble:
    return PatchDouble()


@pytest.fixture(scope="session")
def signing_key() -> SigningKey:
    return SigningKey(bytes(range(32)))


@pytest.fixture(scope="session")
def old() -> Release:
    boot = noise("boot", 3000)
    partitions = (
        Partition("modem", boot + b"old", slot_size=4096),
        Partition("cfg", b"unchanged" * 1000),
        Partition("boot", boot, slot_size=3000),
        Partition("wlan", b"gone"),
    )
    return Release("BG96", "HW-1", FirmwareVersion("R01"), partitions, security_counter=3)


@pytest.fixture(scope="session")
def new() -> Release:
    boot = noise("boot", 3000)
    partitions = (
        Partition("boot", boot[:1000] + b"grown" + boot[1000:]),
        Partition("modem", b"\xff" * 2000),
        Partition("cfg", b"unchanged" * 1000),
        Partition("bt", b"bluetooth" * 50),
    )
    return Release("BG96", "HW-1", FirmwareVersion("R02"), partitions, security_counter=3)


@pytest.fixture(scope="session")
def built(old: Release, new: Release, signing_key: SigningKey) -> bytes:
    return build(old, new, keys=[signing_key], make_patch=PatchDouble().generate)
