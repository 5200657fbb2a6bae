# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Certificates and TLS settings that cellular modules can work with; no sockets here.

Modules of the BG96 kind speak TLS 1.2 with RSA certificates, some only with the CBC suites,
and many send no server name. So: RSA 2048, one certificate for every connection, TLS 1.2 as
the lowest version with those suites allowed last.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dfota.atomic import write_atomically
from dfota.errors import OutputError, TlsFilesError

# Last come those that BG96-like modules offer beside ECDHE-RSA-AES256-GCM-SHA384: CBC, and RSA
# key exchange without forward secrecy. The content of a package has a signature of its own.
_CIPHERS = (
    "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:"
    "AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA256:AES256-SHA256:AES128-SHA:AES256-SHA:"
    "!aNULL:!PSK:!SRP"
)

_CA_FILE = "fota_cacert.pem"  # the name that the module wants
_CA_KEY_FILE = "ca_key.pem"
_CERT_FILE = "server_cert.pem"
_KEY_FILE = "server_key.pem"
_CA_DAYS = 3650
_SERVER_DAYS = 825
_RENEW_BEFORE = timedelta(days=30)
# A module without a clock starts in 1980 or 2020, and many others are some hours behind.
_BACKDATED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The PEM files of an HTTPS server; *ca_path* is what the module gets, where we know it."""

    ca_path: Path | None
    cert_path: Path
    key_path: Path


def auto_tls(directory: Path, names: Sequence[str]) -> TlsFiles:
    """Make, or find again, an own CA and a server certificate for *names* in *directory*.

    The CA stays as long as it is valid, so that modules that have it keep working; the
    server certificate is made anew when a name is missing or it expires within 30 days.

    Args:
        directory: is made where absent, readable by its owner only. Never serve it.
        names: host names and IP addresses, as they stand in the URLs.

    Raises:
        TlsFilesError: what lies there cannot be used, or a name is no host name.
        OutputError: the files cannot be written.
    """
    files = TlsFiles(directory / _CA_FILE, directory / _CERT_FILE, directory / _KEY_FILE)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(str(directory), error.strerror or str(error)) from error
    wanted = [_general_name(name, directory) for name in names]
    authority = _load_authority(directory)
    if authority is None:
        authority = _make_authority()
        # The key first: a CA file without its key would otherwise look whole.
        _save_key(directory / _CA_KEY_FILE, authority.key)
        _save_certificate(directory / _CA_FILE, authority.certificate)
    if not _serves(files, authority, wanted):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        _save_key(files.key_path, key)
        _save_certificate(files.cert_path, _issue(authority, key, wanted))
    return files


def server_context(files: TlsFiles, client_ca: Path | None) -> ssl.SSLContext:
    """The TLS settings of the server; with *client_ca*, clients must show a certificate.

    Raises:
        TlsFilesError: a file is missing, not PEM, or key and certificate do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    for path in (files.cert_path, files.key_path):
        _must_be_readable(path)
    try:
        context.load_cert_chain(files.cert_path, files.key_path, password=_no_password)
    except _PasswordWantedError as error:
        raise TlsFilesError(str(files.key_path), "the key is encrypted") from error
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TlsFilesError(
                str(files.key_path), f"it is not the key of {files.cert_path}"
            ) from error
        which = _not_pem(files)
        raise TlsFilesError(str(which), "it is not a usable PEM file") from error
    if client_ca is not None:
        _must_be_readable(client_ca)
        try:
            context.load_verify_locations(client_ca)
        except ssl.SSLError as error:
            raise TlsFilesError(str(client_ca), "it holds no CA certificate") from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


# -- making and finding certificates -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Authority:
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


def _make_authority() -> _Authority:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    # The serial number in the name: a renewed CA is not mistaken for the one before.
    name = _name(f"dfota package server CA {x509.random_serial_number() & 0xFFFFFFFF:08x}")
    usage = _key_usage(key_cert_sign=True, crl_sign=True)
    certificate = (
        _certificate(name, name, key.public_key(), days=_CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _Authority(certificate, key)


def _issue(
    authority: _Authority, key: rsa.RSAPrivateKey, names: list[x509.GeneralName]
) -> x509.Certificate:
    usage = _key_usage(digital_signature=True, key_encipherment=True)
    subject = _name(str(names[0].value)[:64] if names else "dfota")
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    return (
        _certificate(subject, authority.certificate.subject, key.public_key(), days=_SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(identifier, critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def _load_authority(directory: Path) -> _Authority | None:
    """The CA of *directory*; None where there is none or it has expired."""
    cert_path, key_path = directory / _CA_FILE, directory / _CA_KEY_FILE
    if not (cert_path.exists() and key_path.exists()):
        return None
    certificate = _load_certificate(cert_path)
    key = _load_key(key_path)
    if certificate.public_key() != key.public_key():
        raise TlsFilesError(str(key_path), f"it is not the key of {cert_path}")
    return _Authority(certificate, key) if _is_fresh(certificate) else None


def _serves(files: TlsFiles, authority: _Authority, wanted: list[x509.GeneralName]) -> bool:
    """Whether the server certificate that is there will do."""
    if not (files.cert_path.exists() and files.key_path.exists()):
        return False
    try:
        certificate = _load_certificate(files.cert_path)
        if certificate.public_key() != _load_key(files.key_path).public_key():
            return False
        certificate.verify_directly_issued_by(authority.certificate)
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (TlsFilesError, ValueError, TypeError, x509.ExtensionNotFound):
        return False  # made anew
    except Exception as error:
        if type(error).__name__ != "InvalidSignature":
            raise
        return False
    return _is_fresh(certificate) and set(wanted) <= set(held.value)


def _is_fresh(certificate: x509.Certificate) -> bool:
    now = datetime.now(UTC)
    return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - _RENEW_BEFORE


def _general_name(name: str, directory: Path) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name.encode("idna").decode("ascii"))
    except UnicodeError as error:
        raise TlsFilesError(str(directory / _CERT_FILE), f"{name!r} is no host name") from error


def _certificate(
    subject: x509.Name, issuer: x509.Name, public_key: rsa.RSAPublicKey, *, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + timedelta(days=days))
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(
    *,
    digital_signature: bool = False,
    key_encipherment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


# -- files -------------------------------------------------------------------------------


def _save_key(path: Path, key: rsa.RSAPrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        # "BEGIN RSA PRIVATE KEY": the form that modules and old tools read.
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    write_atomically(path, pem, mode=0o600)


def _save_certificate(path: Path, certificate: x509.Certificate) -> None:
    write_atomically(path, certificate.public_bytes(serialization.Encoding.PEM))


def _load_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise TlsFilesError(str(path), error.strerror or str(error)) from error
    except ValueError as error:
        raise TlsFilesError(str(path), "it is not a PEM certificate") from error


def _load_key(path: Path) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise TlsFilesError(str(path), error.strerror or str(error)) from error
    except (ValueError, TypeError) as error:
        raise TlsFilesError(str(path), "it is not a plain PEM key") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TlsFilesError(str(path), "it is not an RSA key")
    return key


class _PasswordWantedError(Exception):
    """Inside of ``load_cert_chain`` only: the key is encrypted."""


def _no_password() -> str:
    """Stand where OpenSSL would ask the terminal, and hang a server that has none."""
    raise _PasswordWantedError


def _must_be_readable(path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise TlsFilesError(str(path), error.strerror or str(error)) from error


def _not_pem(files: TlsFiles) -> Path:
    """Which of the two files is the one that cannot be read."""
    try:
        x509.load_pem_x509_certificates(files.cert_path.read_bytes())
    except (OSError, ValueError):
        return files.cert_path
    return files.key_path
