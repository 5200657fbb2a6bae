# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, right and wrong ones; never for a real server (that is auto_tls).

Keys are made in the run and forgotten with its temporary directory.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

_Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Certificates:
    """A certificate with its key, and the CA that signed it; PEM files."""

    ca_path: Path
    cert_path: Path
    key_path: Path


_CA_USAGE = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def make_certificates(
    directory: Path,
    names: Sequence[str] = ("localhost", "127.0.0.1"),
    *,
    expired: bool = False,
    elliptic: bool = False,
) -> Certificates:
    """Make a CA and a certificate that it signed, for a server or for a client.

    Two calls give two CAs: the one does not trust the other's certificates.

    Args:
        directory: where ``ca.pem``, ``cert.pem`` and ``key.pem`` are written; made if absent.
        names: host names and addresses of a server.
        expired: it ended yesterday; a module without a clock does not care.
        elliptic: an EC key instead of RSA, which some modules cannot use.
    """
    directory.mkdir(parents=True, exist_ok=True)
    files = Certificates(directory / "ca.pem", directory / "cert.pem", directory / "key.pem")
    ca_key, key = _make_key(elliptic=elliptic), _make_key(elliptic=elliptic)
    ca_name = _name(f"dfota test CA {x509.random_serial_number() & 0xFFFFFFFF:08x}")
    now = datetime.now(UTC)
    end = now + timedelta(days=-1 if expired else 7)
    authority = (
        _builder(ca_name, ca_name, ca_key, now + timedelta(days=7))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        # Python 3.13 and newer insist on these (RFC 5280, 4.2.1.1 to 4.2.1.3).
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False
        )
        .add_extension(_CA_USAGE, critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    certificate = (
        _builder(_name(names[0]), ca_name, key, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .add_extension(
            x509.SubjectAlternativeName([_alternative(n) for n in names]), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    files.ca_path.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    files.cert_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files.key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return files


def _make_key(*, elliptic: bool) -> _Key:
    if elliptic:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: _Key, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=30))
        .not_valid_after(end)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
