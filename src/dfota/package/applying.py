# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Turn an old release into the new one with a verified package, all in memory.

This is what a person's computer does; a module applies packages with the engine, in flash.
How a patch is applied is the caller's business.
"""

from __future__ import annotations

from collections.abc import Callable

from dfota.errors import DigestMismatchError
from dfota.package.changes import changed_partitions
from dfota.package.images import open_image
from dfota.package.manifest import Action, PartitionChange
from dfota.package.opened import VerifiedPackage
from dfota.package.release import Partition, Release
from dfota.values import Digest

_CHUNK_SIZE = 1024 * 1024


def apply_package(
    verified: VerifiedPackage, old: Release, apply_patch: Callable[[bytes, bytes], bytes]
) -> Release:
    """Apply *verified* to *old*; the result is checked down to the release digest.

    Partitions keep their order and slots, new ones come last; a slot that became too small
    is forgotten.

    Raises:
        PackageMismatchError: the package starts from another release than *old*.
        RollbackError: the security counter would fall, and no downgrade is allowed.
        ManifestError: the changes do not fit *old*, although it is the right one, or do not
            lead to the promised release.
        ContainerError: a compressed image is damaged.
        DigestMismatchError: the result is not what the manifest promises.
        DeltaError: *apply_patch* raised it.
    """
    manifest = verified.manifest
    verified.check_fits(old.model, old.hardware, old.revision, old.digest, old.security_counter)
    # Before any payload is unpacked: what comes out is known, and neither too much nor too many.
    promised = changed_partitions(
        manifest, {part.name: (len(part.data), Digest.of(part.data)) for part in old.partitions}
    )
    changes = {part.name: part for part in manifest.partitions}
    partitions: list[Partition] = []
    for name in promised:
        part, change = old.partition(name), changes.get(name)
        if change is not None:
            data = _new_image(verified, change, part.data if part else b"", apply_patch)
            slot_size = part.slot_size if part else None
            fits = slot_size is not None and len(data) <= slot_size
            partitions.append(Partition(name, data, slot_size if fits else None))
        elif part is not None:
            partitions.append(part)
    new = Release(
        model=manifest.model,
        hardware=manifest.hardware,
        revision=manifest.new_revision,
        partitions=tuple(partitions),
        security_counter=manifest.security_counter,
    )
    if new.digest != manifest.new_release:
        raise DigestMismatchError("the release", manifest.new_release.value, new.digest.value)
    return new


def _new_image(
    verified: VerifiedPackage,
    change: PartitionChange,
    old: bytes,
    apply_patch: Callable[[bytes, bytes], bytes],
) -> bytes:
    payload = verified.payload(change.name)
    if change.action is Action.PATCH:
        data = apply_patch(old, bytes(payload))
    else:
        reader = open_image(payload, change.new_size)
        data = b"".join(iter(lambda: reader.read(_CHUNK_SIZE), b""))
    actual = Digest.of(data)
    if change.new_digest is not None and actual != change.new_digest:
        raise DigestMismatchError(change.name, change.new_digest.value, actual.value)
    return data
