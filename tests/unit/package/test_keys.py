# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Keys: standard files, private ones private, foreign ones refused with the reason."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dfota.errors import FileUnreadableError, KeyFileError, MisuseError, OutputError
from dfota.package import PublicKey, SigningKey

PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
OPEN = serialization.NoEncryption()


def test_a_pair_comes_back_from_its_files(tmp_path: Path) -> None:
    key = SigningKey.generate()
    key.save(tmp_path / "k.key")
    key.public_key.save(tmp_path / "k.pub")
    assert SigningKey.load(tmp_path / "k.key") == key
    assert PublicKey.load(tmp_path / "k.pub") == key.public_key
    assert key.public_key.is_signature_of(b"message", key.sign(b"message"))
    assert not key.public_key.is_signature_of(b"massage", key.sign(b"message"))


def test_the_first_key_of_the_standard() -> None:
    """RFC 8032, 7.1, TEST 1."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = SigningKey(seed)
    assert key.public_key.raw.hex() == (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )
    assert key.key_id.hex() == "21fe31dfa154a261"
    assert key.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a")


def test_the_secret_is_never_shown() -> None:
    key = SigningKey(b"s" * 32)
    assert "ssss" not in repr(key)
    assert "ssss" not in str(key)


def test_a_private_key_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "k.key"
    old_umask = os.umask(0)
    try:
        SigningKey.generate().save(path)
    finally:
        os.umask(old_umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_existing_file_is_replaced_only_when_told(tmp_path: Path) -> None:
    path = tmp_path / "k.key"
    first, second = SigningKey.generate(), SigningKey.generate()
    first.save(path)
    with pytest.raises(OutputError):
        second.save(path)
    assert SigningKey.load(path) == first
    second.save(path, overwrite=True)
    assert SigningKey.load(path) == second
    with pytest.raises(OutputError):
        second.public_key.save(path)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl program is not here")
def test_openssl_reads_and_writes_the_same_files(tmp_path: Path) -> None:
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "ed25519", "-out", "k.key"], cwd=tmp_path, check=True
    )
    subprocess.run(
        ["openssl", "pkey", "-in", "k.key", "-pubout", "-out", "k.pub"], cwd=tmp_path, check=True
    )
    key = SigningKey.load(tmp_path / "k.key")
    assert PublicKey.load(tmp_path / "k.pub") == key.public_key
    key.save(tmp_path / "again.key")
    key.public_key.save(tmp_path / "again.pub")
    assert (tmp_path / "again.key").read_bytes() == (tmp_path / "k.key").read_bytes()
    assert (tmp_path / "again.pub").read_bytes() == (tmp_path / "k.pub").read_bytes()


def foreign_files() -> dict[str, tuple[bytes, str, str]]:
    """File → content, why it is no private key, why it is no public key."""
    ours = Ed25519PrivateKey.generate()
    other = ec.generate_private_key(ec.SECP256R1())
    wants_pub, wants_key = "give the .pub file", "signing takes the .key file"
    return {
        "empty": (b"", "not a PEM private key", "not a PEM public key"),
        "noise": (os.urandom(100), "not a PEM private key", "not a PEM public key"),
        "broken": (
            b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
            wants_key,
            "not a PEM public key",
        ),
        "large": (b"x" * 20000, "more than 16384 bytes", "more than 16384 bytes"),
        "other-private": (
            other.private_bytes(PEM, PKCS8, OPEN), "not an Ed25519 key", wants_pub,
        ),
        "other-public": (other.public_key().public_bytes(PEM, SPKI), wants_key, "not an Ed25519"),
        "encrypted": (
            ours.private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"secret")),
            "encrypted",
            wants_pub,
        ),
        "private": (ours.private_bytes(PEM, PKCS8, OPEN), "", wants_pub),
        "public": (ours.public_key().public_bytes(PEM, SPKI), wants_key, ""),
    }  # fmt: skip


@pytest.mark.parametrize("name", foreign_files())
def test_a_foreign_file_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    content, no_private, no_public = foreign_files()[name]
    path = tmp_path / name
    path.write_bytes(content)
    for load, reason in ((SigningKey.load, no_private), (PublicKey.load, no_public)):
        if reason:
            with pytest.raises(KeyFileError, match=reason):
                load(path)
        else:
            load(path)


def test_a_missing_file_a_directory_and_a_pipe_are_unreadable(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "nothing", tmp_path, tmp_path / "pipe", Path("nul\0byte")):
        with pytest.raises(FileUnreadableError):
            PublicKey.load(path)


@pytest.mark.parametrize("kind", [SigningKey, PublicKey])
@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_size_cannot_be_made(kind: type, size: int) -> None:
    with pytest.raises(MisuseError):
        kind(bytes(size))
