# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Whose packages the module installs; the checking itself is the package room's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dfota.package import PublicKey, parse

KEY_ID_SIZE = 8


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys that a module trusts.

    Attributes:
        keys: accepted signers; without any, every package is refused with ``END,506``.
        any_signer: accept every signature unseen. For trying things out only: it makes the
            module as careless as one without signed packages.
    """

    keys: tuple[PublicKey, ...] = ()
    any_signer: bool = False

    def keys_for(self, package: bytes) -> Sequence[PublicKey]:
        """The keys to hand to the engine for *package*.

        Raises:
            PackageError: with ``any_signer``, if the package cannot be taken apart.
        """
        if not self.any_signer:
            return self.keys
        return [
            _UnseenKey(signature.key_id.ljust(32, b"\0")) for signature in parse(package).signatures
        ]


class _UnseenKey(PublicKey):
    """Claims to be whoever signed; what should be a key begins with the signer's id."""

    __slots__ = ()

    @property
    def key_id(self) -> bytes:
        """The id that the signature names."""
        return self.raw[:KEY_ID_SIZE]

    def is_signature_of(self, message: bytes, signature: bytes) -> bool:
        """Always."""
        return True
