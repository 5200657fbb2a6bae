# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Ed25519 keys (RFC 8032) in their standard files; nothing here knows what is signed.

Private keys are PEM PKCS#8 (RFC 5958, RFC 8410), public ones PEM SubjectPublicKeyInfo: what
``openssl genpkey -algorithm ed25519`` and ``openssl pkey -pubout`` write.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from dfota.atomic import write_atomically
from dfota.errors import KeyFileError, MisuseError, OutputError
from dfota.package.input_files import read_bounded

KEY_SIZE = 32
KEY_ID_SIZE = 8
SIGNATURE_SIZE = 64

_FILE_SIZE_MAX = 16 * 1024


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies. *raw* are the 32 bytes of RFC 8032.

    Raises:
        MisuseError: *raw* has not 32 bytes.
    """

    raw: bytes

    def __post_init__(self) -> None:
        _check_size(self.raw)

    @property
    def key_id(self) -> bytes:
        """The first 8 bytes of the SHA-256 of the raw key."""
        return hashlib.sha256(self.raw).digest()[:KEY_ID_SIZE]

    def is_signature_of(self, message: bytes, signature: bytes) -> bool:
        """Whether *signature* is this key's over *message*."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    @classmethod
    def load(cls, path: Path) -> PublicKey:
        """Read a ``.pub`` file.

        Raises:
            FileUnreadableError: there is no such file, or it cannot be read.
            KeyFileError: it is not the PEM file of an Ed25519 public key.
        """
        data = _read_pem(path)
        if b"PRIVATE KEY" in data:
            raise KeyFileError(str(path), "it is a private key; give the .pub file beside it")
        try:
            key = serialization.load_pem_public_key(data)
        except (ValueError, UnsupportedAlgorithm):
            raise KeyFileError(str(path), "it is not a PEM public key") from None
        if not isinstance(key, Ed25519PublicKey):
            raise KeyFileError(str(path), "it is not an Ed25519 key")
        return cls(key.public_bytes_raw())

    def save(self, path: Path, *, overwrite: bool = False) -> None:
        """Write a ``.pub`` file.

        Raises:
            OutputError: the file exists and *overwrite* is false, or it cannot be written.
        """
        pem = Ed25519PublicKey.from_public_bytes(self.raw).public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        _write_new(path, pem, mode=0o644, overwrite=overwrite)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs; its *seed* (32 bytes, RFC 8032) is the secret and is never printed.

    Raises:
        MisuseError: *seed* has not 32 bytes.
    """

    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_size(self.seed)

    @classmethod
    def generate(cls) -> SigningKey:
        """Make a new key from the operating system's random numbers."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def public_key(self) -> PublicKey:
        """The key that verifies what this one signs."""
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        return PublicKey(private.public_key().public_bytes_raw())

    @property
    def key_id(self) -> bytes:
        """The key id of the public key."""
        return self.public_key.key_id

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over *message*; always the same for the same message."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """Read a ``.key`` file.

        Raises:
            FileUnreadableError: there is no such file, or it cannot be read.
            KeyFileError: it is not the unencrypted PEM file of an Ed25519 private key.
        """
        data = _read_pem(path)
        if b"PUBLIC KEY" in data:
            raise KeyFileError(str(path), "it is a public key; signing takes the .key file")
        try:
            key = serialization.load_pem_private_key(data, password=None)
        except TypeError:
            raise KeyFileError(str(path), "it is encrypted; decrypt it first") from None
        except (ValueError, UnsupportedAlgorithm):
            raise KeyFileError(str(path), "it is not a PEM private key") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyFileError(str(path), "it is not an Ed25519 key")
        return cls(key.private_bytes_raw())

    def save(self, path: Path, *, overwrite: bool = False) -> None:
        """Write a ``.key`` file that only its owner may read.

        Raises:
            OutputError: the file exists and *overwrite* is false, or it cannot be written.
        """
        pem = Ed25519PrivateKey.from_private_bytes(self.seed).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _write_new(path, pem, mode=0o600, overwrite=overwrite)


def _check_size(key: bytes) -> None:
    if len(key) != KEY_SIZE:
        raise MisuseError(f"an Ed25519 key has {KEY_SIZE} bytes, not {len(key)}")


def _read_pem(path: Path) -> bytes:
    data = read_bounded(path, _FILE_SIZE_MAX)
    if data is None:
        raise KeyFileError(str(path), f"it has more than {_FILE_SIZE_MAX} bytes")
    return data


def _write_new(path: Path, data: bytes, *, mode: int, overwrite: bool) -> None:
    if os.path.lexists(path) and not overwrite:
        raise OutputError(
            str(path), "the file exists already", "Choose another name, or add --force."
        )
    write_atomically(path, data, mode=mode)
