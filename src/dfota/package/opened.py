# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A package on its way from untrusted bytes to trusted payloads; nothing here does I/O.

The way has two steps, and the types keep them apart: :func:`parse` gives a ``Package``, whose
manifest may be shown but not believed; :meth:`Package.verify` gives a ``VerifiedPackage``,
the only thing that hands out payloads.

Rule 1. The bytes must not change while a package is in use; map files read-only.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dfota.errors import (
    ContainerError,
    DigestMismatchError,
    ManifestError,
    MisuseError,
    PackageMismatchError,
    RollbackError,
    SignatureError,
)
from dfota.package.container import PAYLOAD_PREFIX, read_container
from dfota.package.keys import PublicKey
from dfota.package.limits import LIMITS, Limits
from dfota.package.manifest import Manifest, parse_manifest
from dfota.package.signatures import Signature, parse_signatures, verify_signatures
from dfota.values import Digest, FirmwareVersion


def parse(data: bytes | bytearray | memoryview | mmap.mmap, *, limits: Limits = LIMITS) -> Package:
    """Take a package apart and check its structure; nothing in it is trusted yet.

    Raises:
        ContainerError: not a container in the strict profile, or over a limit.
        ManifestError: the manifest breaks a rule, or does not agree with the payloads.
        SignatureError: the signatures break a rule of their structure.
    """
    view = memoryview(data).cast("B").toreadonly()
    manifest_entry, signatures_entry, *payload_entries = read_container(view, limits)
    if len(manifest_entry.data) > limits.manifest_size:
        raise ManifestError(
            "size", f"{len(manifest_entry.data)} bytes, more than {limits.manifest_size}"
        )
    if len(signatures_entry.data) > limits.signatures_size:
        raise SignatureError(
            f"signatures.cbor has {len(signatures_entry.data)} bytes, "
            f"more than {limits.signatures_size}"
        )
    manifest_bytes = bytes(manifest_entry.data)
    manifest = parse_manifest(manifest_bytes, limits)
    signatures = parse_signatures(bytes(signatures_entry.data), limits)

    expected = [PAYLOAD_PREFIX + name for name in manifest.payload_names]
    if [entry.name for entry in payload_entries] != expected:
        raise ContainerError("its payloads are not those of the manifest in the same order")
    sizes = [part.payload_size for part in manifest.partitions if part.payload_digest]
    for entry, size in zip(payload_entries, sizes, strict=True):
        if len(entry.data) != size:
            raise ContainerError(
                f"{entry.name} has {len(entry.data)} bytes, the manifest says {size}"
            )
    payloads = {
        name: entry.data
        for name, entry in zip(manifest.payload_names, payload_entries, strict=True)
    }
    return Package(manifest, signatures, len(view), manifest_bytes, payloads)


@dataclass(frozen=True, slots=True)
class Package:
    """A well-formed package that nobody vouches for."""

    manifest: Manifest
    """What the package says of itself; to show, not to act upon."""
    signatures: tuple[Signature, ...]
    """Who claims to have signed it."""
    size: int
    """The whole package, in bytes."""
    _manifest_bytes: bytes = field(repr=False)
    _payloads: Mapping[str, memoryview] = field(repr=False)

    def verify(self, trusted: Sequence[PublicKey]) -> VerifiedPackage:
        """Check the signatures, then the digest of every payload.

        Raises:
            SignatureError: no signature is by a key in *trusted*, or one that claims to
                be is wrong.
            DigestMismatchError: a payload is not the one that the manifest promises.
        """
        key_ids = verify_signatures(self._manifest_bytes, self.signatures, trusted)
        for part in self.manifest.partitions:
            if part.payload_digest is None:
                continue
            actual = hashlib.sha256(self._payloads[part.name]).digest()
            if actual != part.payload_digest.value:
                raise DigestMismatchError(
                    PAYLOAD_PREFIX + part.name, part.payload_digest.value, actual
                )
        return VerifiedPackage(self.manifest, key_ids, self.size, self._payloads)


@dataclass(frozen=True, slots=True)
class VerifiedPackage:
    """A package whose every byte a trusted key vouches for; only :meth:`Package.verify` makes it."""

    manifest: Manifest
    key_ids: tuple[bytes, ...]
    """The trusted keys that signed it."""
    size: int
    """The whole package, in bytes."""
    _payloads: Mapping[str, memoryview] = field(repr=False)

    def payload(self, name: str) -> memoryview:
        """The payload of the partition *name*: a patch or a compressed image.

        Raises:
            MisuseError: the package has no payload for it.
        """
        if name not in self._payloads:
            raise MisuseError(f"the package has no payload for the partition {name}")
        return self._payloads[name]

    def check_fits(
        self,
        model: str,
        hardware: str,
        revision: FirmwareVersion,
        release_digest: Digest,
        minimum_security_counter: int,
    ) -> None:
        """Check that the package is for a module with just this firmware.

        Raises:
            PackageMismatchError: it is for another model, hardware, revision or firmware digest.
            RollbackError: its security counter is too low, and no downgrade is allowed.
        """
        manifest = self.manifest
        facts = (
            ("model", manifest.model, model),
            ("hardware", manifest.hardware, hardware),
            ("revision", manifest.old_revision.text, revision.text),
            ("firmware digest", manifest.old_release.hex, release_digest.hex),
        )
        for what, expected, actual in facts:
            if expected != actual:
                raise PackageMismatchError(what, expected, actual)
        if manifest.security_counter < minimum_security_counter and not manifest.allows_downgrade:
            raise RollbackError(manifest.security_counter, minimum_security_counter)
