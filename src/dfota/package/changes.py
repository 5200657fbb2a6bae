# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the changes of a manifest make of a firmware; facts only, no image is looked at.

Computer and module ask this one function before they touch a payload, so that neither
takes a package that the other refuses.
"""

from __future__ import annotations

from collections.abc import Mapping

from dfota.errors import ManifestError
from dfota.package.limits import LIMITS
from dfota.package.manifest import Action, Manifest, PartitionChange
from dfota.package.release import release_digest
from dfota.values import Digest

PartitionFacts = tuple[int, Digest]
"""Size and digest of an image."""


def changed_partitions(
    manifest: Manifest, old: Mapping[str, PartitionFacts]
) -> dict[str, PartitionFacts]:
    """Size and digest of every partition of the new firmware, in the order of *old*.

    New partitions come last, by name.

    Raises:
        ManifestError: a change starts from an image that *old* does not have, no or too
            many partitions would be left, or they are not the promised new release.
    """
    new = dict(old)
    for change in manifest.partitions:
        _check_start(change, old.get(change.name))
        if change.action is Action.REMOVE:
            del new[change.name]
        elif change.new_digest is None:
            raise ManifestError(change.name, "it has no new digest")
        else:
            new[change.name] = (change.new_size, change.new_digest)
    if not 1 <= len(new) <= LIMITS.partition_count:
        raise ManifestError(
            "partitions",
            f"a firmware has 1 to {LIMITS.partition_count} partitions, {len(new)} would be left",
        )
    promised = release_digest((name, size, digest.value) for name, (size, digest) in new.items())
    if promised != manifest.new_release:
        raise ManifestError("new release", "the changes do not lead to the promised release")
    return new


def _check_start(change: PartitionChange, old: PartitionFacts | None) -> None:
    """Compare what *change* says of the old image with the one that is there."""
    if old is None:
        if change.action is not Action.IMAGE or change.old_digest is not None:
            raise ManifestError(change.name, "the old firmware has no such partition")
    elif change.old_digest is None:
        raise ManifestError(change.name, "the old firmware has such a partition already")
    elif (change.old_size, change.old_digest) != old:
        raise ManifestError(change.name, "its old image is not the one of the old firmware")
