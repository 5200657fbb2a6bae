# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Small releases and signed packages, the same in every run; never use the key for real.

The images are made like code is: instructions from a small set with addresses in them, so
that a change in the middle moves addresses everywhere behind it. A delta of them behaves
like one of firmware, and not like one of random bytes.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from dfota import delta
from dfota.package import Partition, Release, SigningKey, build
from dfota.values import FirmwareVersion

OLD_REVISION = "BG96MAR02A07M1G_01.018.01.018"
NEW_REVISION = "BG96MAR02A07M1G_01.019.01.019"

_FIXED_SEED = bytes(range(32))
_OPCODES = (0xB510, 0x4604, 0x6800, 0x2000, 0xF7FF, 0x4770, 0xBD10, 0x4B01)


@dataclass(frozen=True, slots=True)
class ReleasePair:
    """Two releases of one firmware."""

    old: Release
    new: Release


def fixed_key() -> SigningKey:
    """The key that signs test packages. Everybody has it: it proves nothing."""
    return SigningKey(_FIXED_SEED)


def make_image(seed: int, size: int = 8192, *, moved_by: int = 0) -> bytes:
    """An image of *size* bytes that looks like code.

    Args:
        seed: another seed is another program.
        size: in bytes.
        moved_by: of what lies in the upper half of the program; the calls change with it.
    """
    source = random.Random(seed)  # noqa: S311 - the same in every run, nothing secret
    half = size // 2
    code = bytearray()
    while len(code) < size:
        callee = source.randrange(size)
        code += source.choice(_OPCODES).to_bytes(2, "little")
        code += (callee + (moved_by if callee >= half else 0)).to_bytes(4, "little")
        code += source.choice(_OPCODES).to_bytes(2, "little")
    del code[size:]
    filling = bytes(source.choices(range(256), k=moved_by))
    return bytes(code[:half] + filling + code[half : size - moved_by])


def make_release(
    revision: str = OLD_REVISION,
    *,
    images: Sequence[tuple[str, bytes]] | None = None,
    model: str = "BG96",
    hardware: str = "BG96",
    security_counter: int = 0,
) -> Release:
    """A release of *images* (name and content), by default one small partition.

    Raises:
        MisuseError: what a release does not take.
    """
    chosen = images if images is not None else [("application", make_image(1))]
    return Release(
        model=model,
        hardware=hardware,
        revision=FirmwareVersion(revision),
        partitions=tuple(Partition(name, data) for name, data in chosen),
        security_counter=security_counter,
    )


def make_release_pair(size: int = 8192) -> ReleasePair:
    """Two releases with one partition of each kind, of about *size* bytes each.

    ``application`` changes (code moves), ``bootloader`` is unchanged, ``settings`` changes
    in one byte, ``legacy`` is removed, ``sensors`` is new.
    """
    boot = make_image(2, size)
    settings = bytearray(make_image(3, size // 4))
    old = make_release(
        OLD_REVISION,
        images=[
            ("application", make_image(1, size)),
            ("bootloader", boot),
            ("settings", bytes(settings)),
            ("legacy", make_image(4, size // 2)),
        ],
    )
    settings[len(settings) // 2] ^= 0x40
    new = make_release(
        NEW_REVISION,
        images=[
            ("application", make_image(1, size, moved_by=24)),
            ("bootloader", boot),
            ("settings", bytes(settings)),
            ("sensors", make_image(5, size // 2)),
        ],
    )
    return ReleasePair(old, new)


def make_package(
    old: Release,
    new: Release,
    *,
    keys: Sequence[SigningKey] | None = None,
    allow_downgrade: bool = False,
) -> bytes:
    """A package that turns *old* into *new*, signed with :func:`fixed_key` unless told else.

    Raises:
        InputError: the releases do not make a package.
    """
    return build(
        old,
        new,
        keys=[fixed_key()] if keys is None else keys,
        make_patch=delta.generate,
        allow_downgrade=allow_downgrade,
    )
