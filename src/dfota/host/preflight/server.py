# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of URL, package server, TLS and certificates, from what was found out beforehand."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from dfota.host.dialogue import Procedure
from dfota.host.events import CheckResult
from dfota.host.pem import CA_FILE, CLIENT_CERTIFICATE_FILE, CLIENT_KEY_FILE
from dfota.host.preflight.scene import Scene, failed, listed, not_told, passed, warned
from dfota.host.surroundings import ServerFacts

RSA_MAX_BITS = 4096


def is_https(scene: Scene) -> bool:
    """Whether the download is by TLS."""
    return (scene.plan.url or "").lower().startswith("https:")


def has_answer(scene: Scene) -> bool:
    """Whether the server was asked and answered."""
    server = scene.plan.surroundings.server
    return server is not None and not server.failure


def judge_url(scene: Scene) -> CheckResult:
    """Whether AT+QFOTADL can take the URL; the plan has refused any other before."""
    url = scene.plan.url or ""
    return passed("url", f"{len(url)} of {scene.kind.url_max} bytes")


def judge_server(scene: Scene) -> CheckResult:
    """Whether the server has the package, as seen from this computer."""
    server = scene.plan.surroundings.server
    if server is None:
        return passed("server", "not asked", "Ask it from here with: dfota check")
    if server.failure:
        remedy = (
            "Check name, port and firewall of the server. If only the module's own network "
            "leads there: --skip server."
        )
        if is_private(server.url):
            return warned(
                "server",
                f"not reachable from here: {server.failure}",
                "That is right where only the module's own network leads there; otherwise check "
                "name, port and firewall of the server.",
            )
        return failed("server", server.failure, remedy)
    if 300 <= server.status < 400:
        return failed(
            "server",
            f"it redirects ({server.status}) to {server.location or 'another place'}",
            "The module follows no redirect: use the final URL, or another server.",
        )
    if server.status not in {200, 206}:
        what = "there is no such file" if server.status in {404, 410} else "it refuses"
        return failed(
            "server", f"{what} (status {server.status})", "Check the path, and the server's log."
        )
    return passed("server", f"status {server.status}")


def judge_length(scene: Scene) -> CheckResult:
    """Whether the server sends the package at its full length, and says so."""
    server, size = scene.plan.surroundings.server, scene.plan.package_size
    if server is None or server.is_chunked or server.content_length is None:
        return failed(
            "length",
            "the server does not tell the length"
            + (" (it sends in chunks)" if server is not None and server.is_chunked else ""),
            "Serve a plain file with Content-Length, e.g. with: dfota serve",
        )
    if size is not None and server.content_length != size:
        return failed(
            "length",
            f"the server has {server.content_length:,} bytes, the package {size:,}",
            "Put this very package on the server.",
        )
    return passed("length", f"{server.content_length:,} bytes")


def judge_tls(scene: Scene) -> CheckResult:
    """Whether module and server have a version and a cipher suite in common."""
    server = scene.plan.surroundings.server or ServerFacts(url="")
    found = f"{server.tls_version or 'unknown'}, {server.key_kind} {server.key_bits}"
    if not server.speaks_tls12_rsa:
        return failed(
            "tls",
            f"{found}: it agrees on no suite of TLS 1.2 with RSA",
            "Allow TLS 1.2, and give the server an RSA certificate: the module has no other.",
        )
    if server.key_kind == "RSA" and server.key_bits > RSA_MAX_BITS:
        return warned("tls", found, f"Keys of more than {RSA_MAX_BITS} bits may be too much.")
    return passed("tls", f"{found}; TLS 1.2 with RSA is possible")


def check_ca(scene: Scene) -> Procedure[CheckResult]:
    """Whether the module will check the server, and whether the server will pass."""
    server, ca = scene.plan.surroundings.server, scene.plan.surroundings.ca
    if ca is None and CA_FILE not in scene.plan.certificates:
        lines = yield from listed(CA_FILE)
        if lines is None:
            return not_told("ca")
        if lines:
            return passed("ca", "the module has a CA file of its own, which was not read")
        return warned(
            "ca",
            "the module has no CA file: it believes any server",
            "Give the CA with --ca, so that nobody can put himself in between.",
        )
    if server is None or server.failure:
        return passed("ca", "given; the server could not be tried with it from here")
    if server.ca_failure:
        return failed(
            "ca",
            f"the certificate of the server does not lead to this CA: {server.ca_failure}",
            "Give the CA file that issued it; the server must send its intermediates.",
        )
    return passed("ca", "the certificate of the server leads to this CA")


def judge_certificate_dates(scene: Scene) -> CheckResult:
    """When the server's certificate ends; a BG96 does not look at it, others do."""
    server = scene.plan.surroundings.server
    end = server.not_after if server is not None else None
    if end is None:
        return passed("certificate-dates", "not told")
    now = scene.plan.surroundings.now
    if now is not None and end < now:
        return warned(
            "certificate-dates",
            f"it ended on {end:%Y-%m-%d}",
            "A BG96 does not look at dates, other clients do: renew it.",
        )
    return passed("certificate-dates", f"until {end:%Y-%m-%d}")


def check_client_certificate(scene: Scene) -> Procedure[CheckResult]:
    """Whether certificate and key of the module are both there, or neither."""
    there = set(scene.plan.certificates)
    for name in (CLIENT_CERTIFICATE_FILE, CLIENT_KEY_FILE):
        if name not in there and (yield from listed(name)):
            there.add(name)
    pair = {CLIENT_CERTIFICATE_FILE, CLIENT_KEY_FILE} & there
    if len(pair) == 1:
        return failed(
            "client-certificate",
            f"{pair.pop()} is there, its counterpart is not",
            "Put both with: dfota cert put, or remove the one: dfota cert rm",
        )
    return passed("client-certificate", "both files" if pair else "none")


def is_private(url: str) -> bool:
    """Whether the host of *url* is an address that only some networks reach."""
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host.endswith((".local", ".internal", ".lan")) or "." not in host
