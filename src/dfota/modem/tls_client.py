# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""From the module's TLS rules to a context of the ssl module; no socket and no path here."""

from __future__ import annotations

import os
import re
import ssl
import tempfile
import warnings

from dfota.modem.network import TlsRules

_NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which the ssl module has no name for."""

_PEM = re.compile(rb"-----BEGIN [A-Z0-9 ]+-----[ -~\s]+?-----END [A-Z0-9 ]+-----")

_VERSIONS = {
    "SSLv3": ssl.TLSVersion.SSLv3,
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
}


def client_context(rules: TlsRules) -> ssl.SSLContext:
    """Make the context for one connection.

    Raises:
        OSError: a certificate or key that cannot be used, or versions or suites that the
            computer's OpenSSL has not (``ssl.SSLError`` is an ``OSError``).
        ValueError: a client certificate without its key, or text that is no PEM.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    oldest, newest = rules.versions
    with warnings.catch_warnings():
        # The module is as old as it is: TLS 1.0 is deprecated everywhere but there.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _VERSIONS[oldest]
        context.maximum_version = _VERSIONS[newest]
    context.set_ciphers(rules.ciphers)
    context.check_hostname = False
    if rules.ca is None:
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(cadata=_pem(rules.ca))
        context.check_hostname = rules.checks_name
        if not rules.checks_dates:
            context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
    if rules.client_cert is not None:
        if rules.client_key is None:
            raise ValueError("a client certificate without its key")
        _load_chain(context, rules.client_cert + b"\n" + rules.client_key)
    return context


def _pem(data: bytes) -> str:
    """The PEM blocks of *data*, without what people write between them."""
    blocks = _PEM.findall(data)
    if not blocks:
        raise ValueError("no PEM block")
    return b"\n".join(blocks).decode("ascii")


def _load_chain(context: ssl.SSLContext, chain: bytes) -> None:
    # The ssl module reads chain and key from a file only; nobody else can read this one.
    descriptor, path = tempfile.mkstemp(prefix="dfota-", suffix=".pem")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(chain)
        # The empty password keeps OpenSSL from asking for one on the terminal.
        context.load_cert_chain(path, password="")
    finally:
        os.unlink(path)
