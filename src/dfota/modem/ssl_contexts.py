# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The SSL contexts of a module, ``AT+QSSLCFG``, and the TLS rules that follow from one.

SSL manual V1.0, chapter 2.1.1. Kept until the module restarts; DFOTA does not use them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfota.at.catalog.ssl import ALL_SUITES, SSL_SUITES
from dfota.errors import FileSystemError
from dfota.modem.filesystem import FileSystem
from dfota.modem.network import TlsRules

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule
    from dfota.modem.profiles import Profile

_VERSIONS = (
    ("SSLv3", "SSLv3"),
    ("TLSv1", "TLSv1"),
    ("TLSv1.1", "TLSv1.1"),
    ("TLSv1.2", "TLSv1.2"),
    ("SSLv3", "TLSv1.2"),
)


@dataclass(slots=True)
class SslContext:
    """One context, under the manual's words."""

    sslversion: int
    seclevel: int
    ignorelocaltime: int
    ciphersuite: int = ALL_SUITES
    cacert: str = ""
    clientcert: str = ""
    clientkey: str = ""
    negotiatetime: int = 300

    def rules(self, files: FileSystem, profile: Profile) -> TlsRules:
        """What a connection of this context asks and shows.

        A certificate file that is missing or unreadable is as good as an empty one: no
        connection comes of it.
        """
        suites = list(SSL_SUITES.values())
        if self.ciphersuite != ALL_SUITES:
            suites = [SSL_SUITES[self.ciphersuite]]
        has_client = self.seclevel == 2 and bool(self.clientcert)
        return TlsRules(
            versions=_VERSIONS[self.sslversion],
            ciphers=":".join((*suites, "@SECLEVEL=0")),
            ca=_content(files, self.cacert) if self.seclevel else None,
            client_cert=_content(files, self.clientcert) if has_client else None,
            client_key=_content(files, self.clientkey) if has_client else None,
            checks_dates=not self.ignorelocaltime,
            sends_name=profile.tls_server_name,
            handshake_timeout_s=float(self.negotiatetime),
        )


class SslContexts:
    """The six contexts; a part of the module."""

    def __init__(self, module: VirtualModule) -> None:
        profile = module.profile
        self._contexts = tuple(
            SslContext(profile.ssl_version, profile.ssl_seclevel, profile.ssl_ignore_time)
            for _ in range(6)
        )

    def halt(self) -> None:
        """Nothing runs here."""

    def __getitem__(self, number: int) -> SslContext:
        """The context 0 to 5."""
        return self._contexts[number]


def _content(files: FileSystem, name: str) -> bytes:
    try:
        return files.read(name)
    except FileSystemError:
        return b""
