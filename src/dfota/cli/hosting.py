# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Host packages for as long as an upgrade takes; what the module does with them is not seen here.

Each module gets a name of its own in the path, so that the server's progress says whose it is.
"""

from __future__ import annotations

import os
import re
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import click

from dfota.errors import FileUnreadableError, OutputError
from dfota.server import Download, PackageServer, TlsFiles, auto_tls

PACKAGE_NAME = "update.zip"
_ADDRESS = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?"
)
_CA_MAX_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """Where the package is hosted, and how.

    Attributes:
        host: the name or address that the module uses.
        port: 0 takes a free one.
        tls: HTTPS with a certificate that is thrown away afterwards.
        cert: HTTPS with this certificate.
        key: and this key.
    """

    host: str
    port: int = 0
    tls: bool = False
    cert: Path | None = None
    key: Path | None = None


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of ``ADDRESS[:PORT]``; an IPv6 address stands in brackets.

    Raises:
        click.UsageError: it is none.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"] or 0) > 65535:
        raise click.UsageError(
            f"--serve {text}: write ADDRESS or ADDRESS:PORT, an IPv6 address in brackets."
        )
    return match["v6"] or match["host"], int(match["port"] or 0)


@dataclass(frozen=True, slots=True)
class Hosted:
    """Packages that can be downloaded now.

    Attributes:
        urls: name → URL for ``AT+QFOTADL``.
        ca: the CA (PEM) of a throw-away certificate, which the module needs; else ``None``.
    """

    urls: Mapping[str, str]
    ca: bytes | None


@contextmanager
def host_packages(
    options: ServeOptions,
    packages: Mapping[str, bytes],
    on_progress: Callable[[str, Download], None],
) -> Iterator[Hosted]:
    """Serve *packages* (name → content) until the block ends.

    What is served are the bytes that were read and verified, not the file that they came from.
    *on_progress* is told the name and the state of each download, from the server's thread.

    Raises:
        ServerExtraError: the libraries of the server are not installed.
        BindError: the address cannot be listened on.
        TlsFilesError: certificate or key cannot be used.
        LocationError: the module could not take the URL.
        OutputError: the temporary folder cannot be filled.
    """
    with tempfile.TemporaryDirectory(prefix="dfota-upgrade-") as folder:
        served = Path(folder) / "packages"
        _fill(served, packages)

        def tell(download: Download) -> None:
            name, _, rest = download.path.removeprefix("/").partition("/")
            if rest == PACKAGE_NAME and name in packages and download.method == "GET":
                on_progress(name, download)

        tls = _tls_files(options, Path(folder) / "tls")
        server = PackageServer(
            served,
            host=options.host if _is_ours(options.host) else _wildcard(options.host),
            port=options.port,
            tls=tls,
            public_host=options.host,
            on_progress=tell,
        )
        with server:
            urls = {name: server.url_for(f"{name}/{PACKAGE_NAME}") for name in packages}
            yield Hosted(urls, _read_ca(tls))


def _fill(served: Path, packages: Mapping[str, bytes]) -> None:
    written: dict[bytes, Path] = {}
    try:
        for name, data in packages.items():
            (served / name).mkdir(parents=True)
            path = served / name / PACKAGE_NAME
            if data in written:
                with suppress(OSError):  # a file system without links
                    os.link(written[data], path)
                    continue
            path.write_bytes(data)
            written[data] = path
    except OSError as error:
        raise OutputError(str(served), error.strerror or str(error)) from error


def _tls_files(options: ServeOptions, folder: Path) -> TlsFiles | None:
    if options.cert is not None and options.key is not None:
        return TlsFiles(None, options.cert, options.key)
    return auto_tls(folder, [options.host]) if options.tls else None


def _read_ca(tls: TlsFiles | None) -> bytes | None:
    if tls is None or tls.ca_path is None:
        return None
    try:
        return tls.ca_path.read_bytes()[:_CA_MAX_BYTES]
    except OSError as error:
        raise FileUnreadableError(str(tls.ca_path), error.strerror or str(error)) from error


def _is_ours(host: str) -> bool:
    """Whether *host* is an address of this machine; behind a port forward it is not."""
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(address)
    except (OSError, UnicodeError):
        return False
    return True


def _wildcard(host: str) -> str:
    return "::" if ":" in host else "0.0.0.0"  # noqa: S104 - the module comes from outside
