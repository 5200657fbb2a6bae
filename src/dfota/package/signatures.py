# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Signatures over a manifest: COSE_Sign1 (RFC 9052) with Ed25519 and detached payload.

Nothing here looks into the manifest: it is the bytes that are signed. An index of packages is
signed the same way, in a domain of its own.

Rule 1. What is signed is ``["Signature1", protected, AAD, manifest]``; the AAD names the
domain, so that a signature for anything else is never one for a package.
Rule 2. Algorithm and key id lie in the protected header, which has exactly one encoding.
Rule 3. A wrong signature that claims a trusted key refuses the package, whatever the others say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dfota.errors import MisuseError, SignatureError
from dfota.package import cbor
from dfota.package.keys import KEY_ID_SIZE, SIGNATURE_SIZE, PublicKey, SigningKey
from dfota.package.limits import Limits

EXTERNAL_AAD = b"dfota-package-v1"
"""The domain: a key may sign other things with other external_aad without confusion."""

INDEX_AAD = b"dfota-index-v1"
"""The domain of an index of packages: see ``dfota.package.index``."""

_ALGORITHM, _KEY_ID = 1, 4  # COSE header parameters (RFC 9052, 3.1)
_EDDSA = -8  # COSE algorithm (RFC 9053, 2.2), here always with Ed25519


@dataclass(frozen=True, slots=True)
class Signature:
    """One parsed COSE_Sign1: who claims to have signed, and the 64 bytes."""

    key_id: bytes
    value: bytes


def sign_manifest(
    manifest: bytes, keys: Sequence[SigningKey], *, domain: bytes = EXTERNAL_AAD
) -> bytes:
    """Encode ``signatures.cbor``: one COSE_Sign1 per key, in ascending order of key ids.

    Raises:
        MisuseError: no key, or one key twice.
    """
    if not keys:
        raise MisuseError("a package is signed with at least one key")
    by_id = {key.key_id: key for key in keys}
    if len(by_id) != len(keys):
        raise MisuseError("the same key is given twice")
    return cbor.encode(
        [
            [
                _protected(key_id),
                {},
                None,
                by_id[key_id].sign(_signed_bytes(key_id, manifest, domain)),
            ]
            for key_id in sorted(by_id)
        ]
    )


def parse_signatures(data: bytes, limits: Limits) -> tuple[Signature, ...]:
    """Parse ``signatures.cbor``; nothing is verified.

    Raises:
        SignatureError: the structure is wrong, empty, or over a limit.
    """
    try:
        values = cbor.decode(data)
    except ValueError as error:
        raise SignatureError(f"signatures.cbor: {error}") from None
    if not isinstance(values, list) or not values:
        raise SignatureError("signatures.cbor is not an array with at least one signature")
    if len(values) > limits.signature_count:
        raise SignatureError(f"{len(values)} signatures, more than {limits.signature_count}")
    signatures = tuple(_parse_signature(index, value) for index, value in enumerate(values))
    ids = [signature.key_id for signature in signatures]
    if any(first >= second for first, second in pairwise(ids)):
        raise SignatureError("the signatures are not in strictly ascending order of key ids")
    return signatures


def verify_signatures(
    manifest: bytes,
    signatures: Sequence[Signature],
    trusted: Sequence[PublicKey],
    *,
    domain: bytes = EXTERNAL_AAD,
) -> tuple[bytes, ...]:
    """Return the ids of the trusted keys that signed *manifest*: at least one.

    Raises:
        SignatureError: no signature is by a trusted key, or one that claims to be is wrong.
        MisuseError: two different trusted keys have the same key id.
    """
    by_id = {key.key_id: key for key in trusted}
    if len(by_id) != len(set(trusted)):
        raise MisuseError("two different trusted keys have the same key id")
    if not by_id:
        raise SignatureError("no key is trusted")
    verified: list[bytes] = []
    for signature in signatures:
        key = by_id.get(signature.key_id)
        if key is None:
            continue
        if not key.is_signature_of(_signed_bytes(key.key_id, manifest, domain), signature.value):
            raise SignatureError(f"the one that claims the key {key.key_id.hex()} is wrong")
        verified.append(key.key_id)
    if not verified:
        signers = ", ".join(signature.key_id.hex() for signature in signatures)
        wanted = ", ".join(key_id.hex() for key_id in sorted(by_id))
        raise SignatureError(f"signed with {signers}, trusted is {wanted}")
    return tuple(verified)


def _protected(key_id: bytes) -> bytes:
    return cbor.encode({_ALGORITHM: _EDDSA, _KEY_ID: key_id})


def _signed_bytes(key_id: bytes, manifest: bytes, domain: bytes) -> bytes:
    """The Sig_structure of RFC 9052, 4.4."""
    return cbor.encode(["Signature1", _protected(key_id), domain, manifest])


def _parse_signature(index: int, value: cbor.Value) -> Signature:
    where = f"signature {index}"
    if not isinstance(value, list) or len(value) != 4:
        raise SignatureError(f"{where} is not an array of four")
    protected, unprotected, payload, signature = value
    if not isinstance(protected, bytes):
        raise SignatureError(f"{where}: the protected header is not a byte string")
    if unprotected != {}:
        raise SignatureError(f"{where}: the unprotected header is not an empty map")
    if payload is not None:
        raise SignatureError(f"{where}: the payload is not detached")
    if not isinstance(signature, bytes) or len(signature) != SIGNATURE_SIZE:
        raise SignatureError(f"{where} is not {SIGNATURE_SIZE} bytes long")
    # With its size fixed the protected header has one form, and the key id is its tail.
    key_id = protected[-KEY_ID_SIZE:]
    if len(key_id) != KEY_ID_SIZE or protected != _protected(key_id):
        raise SignatureError(f"{where}: the protected header is not EdDSA and a key id of 8 bytes")
    return Signature(key_id, signature)
