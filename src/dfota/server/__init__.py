# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Host packages over HTTP and HTTPS, the way modules can download them.

Needs the extra ``dfota[server]``. This room knows neither module nor host nor packages: to
it, a package is a file.
"""

from __future__ import annotations

from dfota.server.access_log import AccessLog, describe_end, describe_failure
from dfota.server.addresses import is_wildcard, lan_address
from dfota.server.downloads import Download
from dfota.server.hosted_files import HostedFile
from dfota.server.package_server import PackageServer
from dfota.server.tls import TlsFiles, auto_tls
from dfota.server.tls_gate import HandshakeFailure

__all__ = [
    "AccessLog",
    "Download",
    "HandshakeFailure",
    "HostedFile",
    "PackageServer",
    "TlsFiles",
    "auto_tls",
    "describe_end",
    "describe_failure",
    "is_wildcard",
    "lan_address",
]
