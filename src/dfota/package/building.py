# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Make a package from two releases; how a patch is made is the caller's business."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dfota.errors import InputError, RollbackError
from dfota.package.container import (
    MANIFEST_NAME,
    PAYLOAD_PREFIX,
    SIGNATURES_NAME,
    write_container,
)
from dfota.package.images import compress_image
from dfota.package.keys import SigningKey
from dfota.package.manifest import Action, Manifest, PartitionChange, encode_manifest
from dfota.package.opened import parse
from dfota.package.release import Partition, Release
from dfota.package.signatures import sign_manifest
from dfota.values import Digest

Progress = Callable[[int, int], None]
"""Is told how many bytes of new images are done, of how many."""


def build(
    old: Release,
    new: Release,
    *,
    keys: Sequence[SigningKey],
    make_patch: Callable[[bytes, bytes], bytes],
    allow_downgrade: bool = False,
    progress: Progress | None = None,
) -> bytes:
    """Build the package that turns *old* into *new*; the same input gives the same bytes.

    Unchanged partitions are not part of it. Where a patch is larger than the whole new
    image compressed, the image is sent.

    Args:
        old: what runs on the module.
        new: what shall run.
        keys: who signs; at least one.
        make_patch: makes a patch from an old and a new image.
        allow_downgrade: let modules with a higher security counter take it.
        progress: is told bytes done and in total.

    Raises:
        InputError: the releases are the same, or for different models or hardware.
        RollbackError: the security counter falls, and *allow_downgrade* is false.
        MisuseError: no key, or one key twice.
        DeltaError: *make_patch* raised it.
    """
    for what, ours, theirs in (
        ("models", old.model, new.model),
        ("hardware", old.hardware, new.hardware),
    ):
        if ours != theirs:
            raise InputError(f"the releases are for different {what}: old {ours}, new {theirs}")
    if old.digest == new.digest and old.revision == new.revision:
        raise InputError(
            f"old and new release are the same ({old.revision}); there is nothing to send"
        )
    if new.security_counter < old.security_counter and not allow_downgrade:
        raise RollbackError(new.security_counter, old.security_counter)

    changes: list[PartitionChange] = []
    payloads: list[tuple[str, bytes]] = []
    names = sorted({part.name for part in (*old.partitions, *new.partitions)})
    done, total = 0, new.size
    for name in names:
        before, after = old.partition(name), new.partition(name)
        if before is None or after is None or before.data != after.data:
            change, payload = _build_change(name, before, after, make_patch)
            changes.append(change)
            if payload is not None:
                payloads.append((PAYLOAD_PREFIX + name, payload))
        done += len(after.data) if after is not None else 0
        if progress is not None:
            progress(done, total)

    manifest = Manifest(
        model=new.model,
        hardware=new.hardware,
        old_revision=old.revision,
        new_revision=new.revision,
        old_release=old.digest,
        new_release=new.digest,
        security_counter=new.security_counter,
        allows_downgrade=allow_downgrade,
        partitions=tuple(changes),
    )
    encoded = encode_manifest(manifest)
    signatures = sign_manifest(encoded, keys)
    data = write_container([(MANIFEST_NAME, encoded), (SIGNATURES_NAME, signatures), *payloads])
    # What leaves here is what every module accepts: the limits and rules are the reader's.
    parse(data).verify([key.public_key for key in keys])
    return data


def _build_change(
    name: str,
    old: Partition | None,
    new: Partition | None,
    make_patch: Callable[[bytes, bytes], bytes],
) -> tuple[PartitionChange, bytes | None]:
    old_size = len(old.data) if old is not None else 0
    old_digest = Digest.of(old.data) if old is not None else None
    if new is None:
        return PartitionChange(name, Action.REMOVE, old_size, old_digest, 0, None, 0, None), None
    action, payload = _build_payload(old, new, make_patch)
    change = PartitionChange(
        name=name,
        action=action,
        old_size=old_size,
        old_digest=old_digest,
        new_size=len(new.data),
        new_digest=Digest.of(new.data),
        payload_size=len(payload),
        payload_digest=Digest.of(payload),
    )
    return change, payload


def _build_payload(
    old: Partition | None, new: Partition, make_patch: Callable[[bytes, bytes], bytes]
) -> tuple[Action, bytes]:
    if old is None:
        image = compress_image(new.data)
        assert image is not None  # noqa: S101 - without give_up_size it never gives up
        return Action.IMAGE, image
    patch = make_patch(old.data, new.data)
    image = compress_image(new.data, give_up_size=len(patch))
    return (Action.PATCH, patch) if image is None else (Action.IMAGE, image)
