# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Turn an old release into the new one with a verified package, all in memory.

This is what a person's computer does; a module applies packages with the engine, in flash.
How a patch is applied is the caller's business.
"""

from __future__ import annotations

from collections.abc import Callable

from dfota.errors import DigestMismatchError, ManifestError, MisuseError
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
        ManifestError: the changes do not fit *old*, although it is the right one.
        ContainerError: a compressed image is damaged.
        DigestMismatchError: the result is not what the manifest promises.
        DeltaError: *apply_patch* raised it.
    """
    manifest = verified.manifest
    verified.check_fits(old.model, old.hardware, old.revision, old.digest, old.security_counter)
    changes = {part.name: part for part in manifest.partitions}
    partitions: list[Partition] = []
    for part in old.partitions:
        change = changes.pop(part.name, None)
        if change is None:
            partitions.append(part)
            continue
        if change.old_digest != Digest.of(part.data):
            raise ManifestError(part.name, "its old image is not that of the old release")
        if change.action is not Action.REMOVE:
            data = _new_image(verified, change, part.data, apply_patch)
            fits = part.slot_size is not None and len(data) <= part.slot_size
            partitions.append(Partition(part.name, data, part.slot_size if fits else None))
    for change in changes.values():
        if change.old_digest is not None:
            raise ManifestError(change.name, "the old release has no such partition")
        partitions.append(Partition(change.name, _new_image(verified, change, b"", apply_patch)))
    try:
        new = Release(
            model=manifest.model,
            hardware=manifest.hardware,
            revision=manifest.new_revision,
            partitions=tuple(partitions),
            security_counter=manifest.security_counter,
        )
    except MisuseError as error:
        raise ManifestError("partitions", error.rule) from None
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
