# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of TLS connections, ``+QSSLCFG``, as data only.

References are chapters of the BG96 SSL AT Commands Manual V1.0. Every setting is one of an
SSL context; without a value its write form is a question.
"""

from __future__ import annotations

from dfota.at.command import Command, Saving
from dfota.at.parameters import Hexadecimal, Integer, Parameter, String

SSL_SUITES = {
    0x0035: "AES256-SHA",
    0x002F: "AES128-SHA",
    0x0005: "RC4-SHA",
    0x0004: "RC4-MD5",
    0x000A: "DES-CBC3-SHA",
    0x003D: "AES256-SHA256",
    0xC011: "ECDHE-RSA-RC4-SHA",
    0xC012: "ECDHE-RSA-DES-CBC3-SHA",
    0xC013: "ECDHE-RSA-AES128-SHA",
    0xC014: "ECDHE-RSA-AES256-SHA",
    0xC027: "ECDHE-RSA-AES128-SHA256",
    0xC028: "ECDHE-RSA-AES256-SHA384",
    0xC02F: "ECDHE-RSA-AES128-GCM-SHA256",
}
"""Number of a cipher suite → its name in OpenSSL; the manual's table 2, in its order."""

ALL_SUITES = 0xFFFF

_PATH_MAX_BYTES = 80
_CONTEXT = Integer("sslctxid", 0, 5)


def _setting(word: str, summary: str, parameter: Parameter) -> Command:
    return Command(
        name=f'+QSSLCFG="{word}"',
        summary=summary,
        reference="SSL 2.1.1",
        write=(_CONTEXT, parameter),
        saving=Saving.VOLATILE,
    )


def _path(name: str) -> String:
    return String(name, _PATH_MAX_BYTES, optional=True)


QSSLCFG_SSLVERSION = _setting(
    "sslversion",
    "Version: 0 SSL 3.0, 1 TLS 1.0, 2 TLS 1.1, 3 TLS 1.2, 4 all of them.",
    Integer("sslversion", 0, 4, optional=True),
)
QSSLCFG_CIPHERSUITE = _setting(
    "ciphersuite",
    "Cipher suite, e.g. 0XC02F; 0XFFFF: all that the module has.",
    Hexadecimal("ciphersuites", ALL_SUITES, optional=True),
)
QSSLCFG_CACERT = _setting("cacert", "File of the trusted CA certificate.", _path("cacertpath"))
QSSLCFG_CLIENTCERT = _setting(
    "clientcert", "File of the client certificate.", _path("client_cert_path")
)
QSSLCFG_CLIENTKEY = _setting("clientkey", "File of the client's key.", _path("client_key_path"))
QSSLCFG_SECLEVEL = _setting(
    "seclevel",
    "Who proves itself: 0 nobody, 1 the server, 2 the server, and the client if asked.",
    Integer("seclevel", 0, 2, optional=True),
)
QSSLCFG_IGNORELOCALTIME = _setting(
    "ignorelocaltime",
    "Whether the dates of certificates do not matter.",
    Integer("ignoreltime", 0, 1, optional=True),
)
QSSLCFG_NEGOTIATETIME = _setting(
    "negotiatetime",
    "Patience with the handshake, seconds.",
    Integer("negotiate_time", 10, 300, optional=True),
)

_SUITES = ",".join(f"0X{number:04X}" for number in (*SSL_SUITES, ALL_SUITES))
QSSLCFG = Command(
    name="+QSSLCFG",
    summary="Configure an SSL context.",
    reference="SSL 2.1.1",
    test='+QSSLCFG: "sslversion",(0-5),(0-4)\n'
    f'+QSSLCFG: "ciphersuite",(0-5),({_SUITES})\n'
    '+QSSLCFG: "cacert",(0-5),<cacertpath>\n'
    '+QSSLCFG: "clientcert",(0-5),<client_cert_path>\n'
    '+QSSLCFG: "clientkey",(0-5),<client_key_path>\n'
    '+QSSLCFG: "seclevel",(0-5),(0-2)\n'
    '+QSSLCFG: "ignorelocaltime",(0-5),(0,1)\n'
    '+QSSLCFG: "negotiatetime",(0-5),(10-300)',
)

SSL = (
    QSSLCFG,
    QSSLCFG_SSLVERSION,
    QSSLCFG_CIPHERSUITE,
    QSSLCFG_CACERT,
    QSSLCFG_CLIENTCERT,
    QSSLCFG_CLIENTKEY,
    QSSLCFG_SECLEVEL,
    QSSLCFG_IGNORELOCALTIME,
    QSSLCFG_NEGOTIATETIME,
)
