# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``AT+QSSLCFG``: SSL manual V1.0, 2.1.1. A refusal is plain ``ERROR``."""

from __future__ import annotations

from dfota.at import Form
from dfota.at.catalog.ssl import (
    ALL_SUITES,
    QSSLCFG_CACERT,
    QSSLCFG_CIPHERSUITE,
    QSSLCFG_CLIENTCERT,
    QSSLCFG_CLIENTKEY,
    QSSLCFG_IGNORELOCALTIME,
    QSSLCFG_NEGOTIATETIME,
    QSSLCFG_SECLEVEL,
    QSSLCFG_SSLVERSION,
    SSL_SUITES,
)
from dfota.modem.port import Port
from dfota.modem.reply import ERROR, OK, Reply, handles, information
from dfota.modem.ssl_contexts import SslContexts


@handles(QSSLCFG_SSLVERSION, Form.WRITE)
def set_version(port: Port, sslctxid: int, sslversion: int | None) -> Reply:
    """SSL and TLS versions."""
    return _setting(port, sslctxid, "sslversion", sslversion)


@handles(QSSLCFG_CIPHERSUITE, Form.WRITE)
def set_suite(port: Port, sslctxid: int, ciphersuites: int | None) -> Reply:
    """Cipher suites."""
    if ciphersuites is not None and ciphersuites not in (*SSL_SUITES, ALL_SUITES):
        return ERROR
    return _setting(port, sslctxid, "ciphersuite", ciphersuites)


@handles(QSSLCFG_CACERT, Form.WRITE)
def set_ca(port: Port, sslctxid: int, cacertpath: str | None) -> Reply:
    """File of the CA certificate."""
    return _setting(port, sslctxid, "cacert", cacertpath)


@handles(QSSLCFG_CLIENTCERT, Form.WRITE)
def set_client_certificate(port: Port, sslctxid: int, client_cert_path: str | None) -> Reply:
    """File of the client certificate."""
    return _setting(port, sslctxid, "clientcert", client_cert_path)


@handles(QSSLCFG_CLIENTKEY, Form.WRITE)
def set_client_key(port: Port, sslctxid: int, client_key_path: str | None) -> Reply:
    """File of the client's key."""
    return _setting(port, sslctxid, "clientkey", client_key_path)


@handles(QSSLCFG_SECLEVEL, Form.WRITE)
def set_level(port: Port, sslctxid: int, seclevel: int | None) -> Reply:
    """Who proves itself to whom."""
    return _setting(port, sslctxid, "seclevel", seclevel)


@handles(QSSLCFG_IGNORELOCALTIME, Form.WRITE)
def set_dates(port: Port, sslctxid: int, ignoreltime: int | None) -> Reply:
    """Whether dates are ignored."""
    return _setting(port, sslctxid, "ignorelocaltime", ignoreltime)


@handles(QSSLCFG_NEGOTIATETIME, Form.WRITE)
def set_patience(port: Port, sslctxid: int, negotiate_time: int | None) -> Reply:
    """Patience with the handshake."""
    return _setting(port, sslctxid, "negotiatetime", negotiate_time)


def _setting(port: Port, number: int, word: str, value: int | str | None) -> Reply:
    """Set *word* of a context, or tell what it is."""
    context = port.module.part(SslContexts)[number]
    if value is not None:
        setattr(context, word, value)
        return OK
    now = getattr(context, word)
    if word == "ciphersuite":
        text = f"0X{now:04X}"
    else:
        text = f'"{now}"' if isinstance(now, str) else str(now)
    return information(f'+QSSLCFG: "{word}",{number},{text}')
