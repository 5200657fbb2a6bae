# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import http.client
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dfota.errors import OutputError, TlsFilesError
from dfota.server import PackageServer, TlsFiles, auto_tls
from dfota.server import tls as tls_room


@pytest.fixture(scope="module")
def secure(tree, tls_files):
    with PackageServer(tree, tls=tls_files) as running:
        yield running


def handshake(server, context, server_hostname=None) -> ssl.SSLSocket:
    raw = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    try:
        return context.wrap_socket(raw, server_hostname=server_hostname)
    except BaseException:
        raw.close()
        raise


def lax(ciphers: str | None = None) -> ssl.SSLContext:
    """A module without a CA file: it accepts any server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    if ciphers:
        context.set_ciphers(ciphers)
    return context


def test_https_works_with_the_own_ca(secure, fetch, client_context, tls_files, package_bytes):
    answer = fetch(secure, "/update.zip", context=client_context(tls_files))

    assert answer.body == package_bytes
    assert secure.url_for("update.zip") == f"https://127.0.0.1:{secure.port}/update.zip"


@pytest.mark.parametrize(
    "suite",
    [
        "AES128-SHA",
        "AES256-SHA",
        "ECDHE-RSA-AES128-SHA",
        "ECDHE-RSA-AES256-SHA",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "AES128-SHA256",
        "AES256-SHA256",
    ],
)
def test_the_suites_of_modules_work_without_a_server_name(secure, suite, package_bytes):
    with handshake(secure, lax(suite + "@SECLEVEL=0")) as client:
        assert client.version() == "TLSv1.2"
        assert client.cipher()[0] == suite
        client.sendall(b"GET /update.zip HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.endswith(package_bytes)


@pytest.mark.parametrize("suite", ["aNULL", "DES-CBC3-SHA", "PSK"])
def test_weak_suites_do_not_work(secure, suite):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        # An OpenSSL that has dropped the suite cannot even offer it.
        handshake(secure, lax(suite + "@SECLEVEL=0"))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_tls_1_1_is_refused_and_reported(tree, tls_files, reports):
    context = lax("ALL@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with PackageServer(tree, tls=tls_files, on_handshake_failure=reports.failed) as server:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            handshake(server, context)
        reports.wait_for(lambda: reports.failures)
    assert reports.failures[0].reason == "it offered only TLS versions below 1.2"


def test_plain_http_to_the_https_port_is_reported_with_the_client(tree, tls_files, reports):
    with (
        PackageServer(tree, tls=tls_files, on_handshake_failure=reports.failed) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as client,
    ):
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        reports.wait_for(lambda: reports.failures)
        port = client.getsockname()[1]
    assert reports.failures[0].client == f"127.0.0.1:{port}"
    assert reports.failures[0].reason == "it spoke plain HTTP to an HTTPS port"


def test_a_client_that_does_not_trust_us_is_reported(tree, tls_files, reports):
    with PackageServer(tree, tls=tls_files, on_handshake_failure=reports.failed) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            handshake(server, ssl.create_default_context(), "localhost").close()
        reports.wait_for(lambda: reports.failures)
    assert "does not trust our CA" in reports.failures[0].reason


def test_a_half_open_handshake_does_not_hold_close(tree, tls_files):
    server = PackageServer(tree, tls=tls_files)
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as silent:
        # A second client goes through, so the first one has been accepted.
        handshake(server, lax()).close()

        server.close()

        with pytest.raises(ConnectionResetError):
            assert silent.recv(1) == b""
            raise ConnectionResetError  # an orderly end is as good


def test_client_certificates_are_demanded(tree, tls_files, tmp_path, reports, fetch):
    clients = auto_tls(tmp_path / "clients", ["module-1"])
    with PackageServer(
        tree, tls=tls_files, client_ca=clients.ca_path, on_handshake_failure=reports.failed
    ) as server:
        bare = ssl.create_default_context(cafile=tls_files.ca_path)
        bare.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((ssl.SSLError, ConnectionError)):
            fetch(server, "/update.zip", context=bare)
        reports.wait_for(lambda: reports.failures)
        assert reports.failures[0].reason == "it sent no client certificate"

        stranger = ssl.create_default_context(cafile=tls_files.ca_path)
        stranger.maximum_version = ssl.TLSVersion.TLSv1_2
        stranger.load_cert_chain(tls_files.cert_path, tls_files.key_path)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            fetch(server, "/update.zip", context=stranger)
        reports.wait_for(lambda: len(reports.failures) > 1)
        assert reports.failures[1].reason.startswith("its certificate was refused")


def test_a_known_client_certificate_is_let_in(tree, tls_files, tmp_path, fetch, client_context):
    clients = make_client_ca(tmp_path)
    context = client_context(tls_files)
    context.load_cert_chain(clients.cert_path, clients.key_path)
    with PackageServer(tree, tls=tls_files, client_ca=clients.ca_path) as server:
        assert fetch(server, "/update.zip", context=context).status == 200


def make_client_ca(directory) -> TlsFiles:
    """A self-signed client certificate is its own CA."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "module")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1)
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, tls_room.hashes.SHA256())
    )
    cert_path, key_path = directory / "c.pem", directory / "k.pem"
    cert_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return TlsFiles(cert_path, cert_path, key_path)


# -- auto_tls -----------------------------------------------------------------------------


def load(path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_auto_tls_makes_a_ca_for_the_module_and_keeps_keys_private(tmp_path):
    files = auto_tls(tmp_path / "tls", ["fota.example.org", "192.0.2.7", "::1"])

    assert files.ca_path.name == "fota_cacert.pem"
    assert (tmp_path / "tls").stat().st_mode & 0o777 == 0o700
    for key in (files.key_path, tmp_path / "tls" / "ca_key.pem"):
        assert key.stat().st_mode & 0o777 == 0o600
        assert key.read_bytes().startswith(b"-----BEGIN RSA PRIVATE KEY-----")
    certificate, authority = load(files.cert_path), load(files.ca_path)
    certificate.verify_directly_issued_by(authority)
    assert certificate.public_key().key_size == authority.public_key().key_size == 2048
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["fota.example.org", "192.0.2.7", "::1"]
    # AT+QFUPL and small file systems: it must be small.
    assert files.ca_path.stat().st_size < 1500


def test_auto_tls_is_reused_while_names_match(tmp_path):
    def contents():
        return {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    auto_tls(tmp_path, ["a.example", "192.0.2.7"])
    first = contents()

    auto_tls(tmp_path, ["192.0.2.7"])
    assert contents() == first

    auto_tls(tmp_path, ["192.0.2.8"])
    second = contents()
    assert second["fota_cacert.pem"] == first["fota_cacert.pem"]
    assert second["ca_key.pem"] == first["ca_key.pem"]
    assert second["server_cert.pem"] != first["server_cert.pem"]


def test_auto_tls_renews_what_expires_soon(tmp_path, monkeypatch):
    monkeypatch.setattr(tls_room, "_SERVER_DAYS", 29)
    files = auto_tls(tmp_path, ["a.example"])
    soon, authority = files.cert_path.read_bytes(), files.ca_path.read_bytes()
    monkeypatch.undo()

    auto_tls(tmp_path, ["a.example"])
    assert files.cert_path.read_bytes() != soon
    assert files.ca_path.read_bytes() == authority


def test_auto_tls_replaces_a_ca_that_expires_and_what_it_signed(tmp_path, monkeypatch):
    monkeypatch.setattr(tls_room, "_CA_DAYS", 29)
    files = auto_tls(tmp_path, ["a.example"])
    authority = files.ca_path.read_bytes()
    monkeypatch.undo()

    auto_tls(tmp_path, ["a.example"])
    assert files.ca_path.read_bytes() != authority
    load(files.cert_path).verify_directly_issued_by(load(files.ca_path))


def test_auto_tls_mends_a_torn_or_foreign_server_certificate(tmp_path):
    other = auto_tls(tmp_path / "other", ["a.example"])
    files = auto_tls(tmp_path / "own", ["a.example"])
    for wrong in (b"torn", other.cert_path.read_bytes()):
        files.cert_path.write_bytes(wrong)
        auto_tls(tmp_path / "own", ["a.example"])
        load(files.cert_path).verify_directly_issued_by(load(files.ca_path))
    files.cert_path.write_bytes(other.cert_path.read_bytes())
    files.key_path.write_bytes(other.key_path.read_bytes())
    auto_tls(tmp_path / "own", ["a.example"])
    load(files.cert_path).verify_directly_issued_by(load(files.ca_path))


def test_auto_tls_never_overwrites_a_ca_that_it_cannot_read(tmp_path):
    files = auto_tls(tmp_path, ["a.example"])
    files.ca_path.write_bytes(b"damaged")

    with pytest.raises(TlsFilesError, match=r"fota_cacert\.pem"):
        auto_tls(tmp_path, ["a.example"])
    assert files.ca_path.read_bytes() == b"damaged"


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "a..b"])
def test_auto_tls_refuses_what_is_no_host_name(tmp_path, name):
    with pytest.raises(TlsFilesError, match="no host name"):
        auto_tls(tmp_path, [name])


def test_auto_tls_says_when_it_cannot_write(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        auto_tls(tmp_path / "file" / "tls", ["a.example"])


# -- files of the operator ------------------------------------------------------------------


def test_unusable_files_are_named(tree, tls_files, tmp_path):
    other = auto_tls(tmp_path / "other", ["a.example"])
    text = tmp_path / "text.pem"
    text.write_text("no pem at all")
    cases = [
        (TlsFiles(None, tmp_path / "absent", tls_files.key_path), "absent", "No such file"),
        (TlsFiles(None, tls_files.cert_path, tmp_path / "absent"), "absent", "No such file"),
        (TlsFiles(None, text, tls_files.key_path), "text.pem", "not a usable PEM"),
        (TlsFiles(None, tls_files.cert_path, text), "text.pem", "not a usable PEM"),
        (TlsFiles(None, tls_files.cert_path, other.key_path), "server_key.pem", "not the key of"),
    ]
    for files, name, reason in cases:
        with pytest.raises(TlsFilesError, match=reason) as caught:
            PackageServer(tree, tls=files)
        assert caught.value.path.endswith(name)
    with pytest.raises(TlsFilesError, match="no CA certificate"):
        PackageServer(tree, tls=tls_files, client_ca=text)


def test_an_encrypted_key_is_refused_instead_of_asked_for(tree, tls_files, tmp_path):
    key = serialization.load_pem_private_key(tls_files.key_path.read_bytes(), None)
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(TlsFilesError, match="encrypted"):
        PackageServer(tree, tls=TlsFiles(None, tls_files.cert_path, locked))


def test_keep_alive_works_over_https(secure, client_context, tls_files, package_bytes):
    connection = http.client.HTTPSConnection(
        "localhost", secure.port, timeout=10, context=client_context(tls_files)
    )
    try:
        for _ in range(3):
            connection.request("GET", "/update.zip")
            assert connection.getresponse().read() == package_bytes
    finally:
        connection.close()
