# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Judge the PEM files that a module is to trust or to show; pure: no port, no file, no clock.

A wrong file in a module shows as HTTPEND,702 in the field, without a word about the reason.
So everything that can be judged here is judged before a byte is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from dfota.errors import CertificateError
from dfota.host.plain_text import plain_text

CA_FILE = "fota_cacert.pem"
CLIENT_CERTIFICATE_FILE = "fota_client_cert.pem"
CLIENT_KEY_FILE = "fota_client_key.pem"

CERTIFICATE_FILES = (CA_FILE, CLIENT_CERTIFICATE_FILE, CLIENT_KEY_FILE)
"""The names under which a module looks for them (BG96 DFOTA guide, notes of 3.1.1)."""

PEM_MAX_BYTES = 16_384
"""Longest PEM file that is taken: far more than any chain a module needs."""

CERTIFICATES_MAX = 8
"""Most certificates in one file."""

EXPIRES_SOON = timedelta(days=30)

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_LABEL = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_NAME_MAX = 200


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What one certificate says.

    Attributes:
        subject: whom it is for, as RFC 4514 writes it.
        issuer: who signed it.
        not_before: first moment it is valid.
        not_after: last moment it is valid.
        fingerprint: SHA-256 of it, hexadecimal.
        key: kind and size of its public key, e.g. ``RSA 2048``.
        is_ca: whether it may sign others.
        is_self_signed: whether it signed itself.
    """

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    fingerprint: str
    key: str
    is_ca: bool
    is_self_signed: bool

    def to_facts(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "not_before": self.not_before.isoformat(),
            "not_after": self.not_after.isoformat(),
            "sha256": self.fingerprint,
            "key": self.key,
            "is_ca": self.is_ca,
        }


@dataclass(frozen=True, slots=True)
class PemFacts:
    """What one PEM file holds; a private key itself is never among the facts.

    Attributes:
        certificates: its certificates, in order.
        key: kind and size of its private key, or empty.
        public_key: what fits to the private key, SubjectPublicKeyInfo in DER.
    """

    certificates: tuple[CertificateFacts, ...] = ()
    key: str = ""
    public_key: bytes = field(default=b"", repr=False)


def read_certificates(name: str, data: bytes) -> PemFacts:
    """The certificates in *data*; *name* is for messages.

    Raises:
        CertificateError: it holds none, or what is no certificate.
    """
    return PemFacts(tuple(_facts(name, found) for found in _load(name, data)))


def read_key(name: str, data: bytes) -> PemFacts:
    """The private key in *data*; *name* is for messages.

    Raises:
        CertificateError: it holds none that a module can use.
    """
    labels = _labels(name, data)
    if any(b"ENCRYPTED" in label for label in labels) or b"Proc-Type: 4,ENCRYPTED" in data:
        raise CertificateError(
            name, "its private key is encrypted", "A module cannot ask for a password: decrypt it."
        )
    if len(labels) != 1 or not labels[0].endswith(b"PRIVATE KEY"):
        raise CertificateError(
            name, "it is not one private key (PEM)", "Give the key alone, without certificates."
        )
    try:
        key = load_pem_private_key(data, None)
        kind = _kind(key.public_key())
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateError(name, "its private key is damaged", "Export it anew.") from error
    _check_kind(name, kind)
    return PemFacts(key=kind, public_key=public)


def check_certificates(
    files: Mapping[str, bytes],
    *,
    now: datetime | None = None,
    names: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Judge what is to be placed: name in the module → content.

    Args:
        files: any of ``CERTIFICATE_FILES``.
        now: to tell what has expired; ``None`` where the time is not known.
        names: what a file is called in messages, e.g. its path here.

    Returns:
        What a person should know, a sentence each; nothing that makes it fail.

    Raises:
        CertificateError: a module could not use them.
    """
    unknown = files.keys() - set(CERTIFICATE_FILES)
    if unknown:
        raise CertificateError(
            min(unknown), "no module looks for this name", f"Use {', '.join(CERTIFICATE_FILES)}."
        )
    called = {name: (names or {}).get(name, name) for name in CERTIFICATE_FILES}
    _check_pair(files, called)
    notes: list[str] = []
    if CA_FILE in files:
        notes += _check_ca(called[CA_FILE], files[CA_FILE], now)
    if CLIENT_CERTIFICATE_FILE in files:
        notes += _check_client(files, called, now)
    return tuple(notes)


def _check_pair(files: Mapping[str, bytes], called: Mapping[str, str]) -> None:
    if (CLIENT_CERTIFICATE_FILE in files) == (CLIENT_KEY_FILE in files):
        return
    given = CLIENT_KEY_FILE if CLIENT_KEY_FILE in files else CLIENT_CERTIFICATE_FILE
    raise CertificateError(
        called[given],
        "a client certificate and its key go together",
        "Give both: with one alone the module cannot show who it is.",
    )


def _check_ca(name: str, data: bytes, now: datetime | None) -> list[str]:
    loaded = _load(name, data)
    found = [_facts(name, one) for one in loaded]
    notes = [note for one in found for note in _date_notes(name, one, now)]
    for index, (one, facts) in enumerate(zip(loaded, found, strict=True)):
        if index and not facts.is_self_signed and not _is_issued_by(loaded[index - 1], one):
            notes.append(f"{name}: {facts.subject} did not sign the certificate before it")
    first = found[0]
    if not first.is_ca and not first.is_self_signed:
        raise CertificateError(
            name,
            f"{first.subject} is no CA: {first.issuer} signed it",
            "Give the certificate of that issuer; the server shows its own by itself.",
        )
    if len(found) > 1 and not any(one.is_self_signed for one in found):
        notes.append(f"{name}: no root is among its certificates")
    if first.key.startswith("EC"):
        notes.append(f"{name}: {first.key} key; every suite of the SSL manual wants RSA")
    return notes


def _check_client(
    files: Mapping[str, bytes], called: Mapping[str, str], now: datetime | None
) -> list[str]:
    name, key_name = called[CLIENT_CERTIFICATE_FILE], called[CLIENT_KEY_FILE]
    loaded = _load(name, files[CLIENT_CERTIFICATE_FILE])
    facts = _facts(name, loaded[0])
    key = read_key(key_name, files[CLIENT_KEY_FILE])
    public = loaded[0].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if public != key.public_key:
        raise CertificateError(
            key_name,
            f"it is not the key of {facts.subject} ({name})",
            "Give the key from which the certificate was requested.",
        )
    notes = _date_notes(name, facts, now)
    if facts.is_ca:
        notes.append(f"{name}: {facts.subject} is a CA, not a module's certificate")
    if facts.key.startswith("EC"):
        notes.append(f"{name}: {facts.key} key; every suite of the SSL manual wants RSA")
    return notes


def _date_notes(name: str, facts: CertificateFacts, now: datetime | None) -> list[str]:
    if now is None:
        return []
    end = f"{facts.not_after:%Y-%m-%d}"
    if now > facts.not_after:
        return [f"{name}: {facts.subject} has expired on {end}"]
    if now < facts.not_before:
        return [f"{name}: {facts.subject} is not valid before {facts.not_before:%Y-%m-%d}"]
    if facts.not_after - now < EXPIRES_SOON:
        return [f"{name}: {facts.subject} expires on {end}"]
    return []


def _labels(name: str, data: bytes) -> list[bytes]:
    if len(data) > PEM_MAX_BYTES:
        raise CertificateError(
            name, f"it has more than {PEM_MAX_BYTES} bytes", "Keep what the module needs."
        )
    return _LABEL.findall(data)


def _load(name: str, data: bytes) -> list[x509.Certificate]:
    labels = _labels(name, data)
    if any(b"PRIVATE KEY" in label for label in labels):
        raise CertificateError(
            name, "a private key is in it", "Keep certificates and keys in files of their own."
        )
    if not 0 < labels.count(b"CERTIFICATE") <= CERTIFICATES_MAX:
        raise CertificateError(
            name,
            f"it holds {labels.count(b'CERTIFICATE')} certificates (PEM)",
            "DER becomes PEM with: openssl x509 -inform der -in FILE -out FILE.pem",
        )
    try:
        return x509.load_pem_x509_certificates(data)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateError(name, "a certificate in it is damaged", "Export it anew.") from error


def _facts(name: str, certificate: x509.Certificate) -> CertificateFacts:
    try:
        facts = CertificateFacts(
            _text(certificate.subject.rfc4514_string()) or "(no name)",
            _text(certificate.issuer.rfc4514_string()),
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
            certificate.fingerprint(hashes.SHA256()).hex(),
            _kind(certificate.public_key()),
            _is_ca(certificate),
            _is_issued_by(certificate, certificate),
        )
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateError(name, "a certificate in it is damaged", "Export it anew.") from error
    _check_kind(name, facts.key)
    return facts


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        # Before version 3 there was no such word; such roots are still about.
        is_old = certificate.version is x509.Version.v1
        return is_old and _is_issued_by(certificate, certificate)


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _kind(key: object) -> str:
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {_CURVES.get(key.curve.name, key.curve.name)}"
    return type(key).__name__.removesuffix("PublicKey").strip("_")


def _check_kind(name: str, kind: str) -> None:
    family, _, size = kind.partition(" ")
    if family == "EC" and size in {"P-256", "P-384"}:
        return
    if family == "RSA" and 1024 <= int(size) <= 4096:
        return
    raise CertificateError(
        name, f"no module can use a key of the kind {kind}", "Use RSA with 2048 bits."
    )


def _text(text: str) -> str:
    """A name that cannot play with a terminal, at a bearable length."""
    return plain_text(text, _NAME_MAX) + ("…" if len(text) > _NAME_MAX else "")
