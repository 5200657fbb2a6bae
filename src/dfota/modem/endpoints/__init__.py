# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The rim: serial ports of the module on this computer; they carry bytes and read none."""

from __future__ import annotations

from dfota.modem.endpoints.endpoint import Endpoint, Listener
from dfota.modem.endpoints.places import PortPlace
from dfota.modem.endpoints.pty import PtyEndpoint
from dfota.modem.endpoints.rfc2217 import Rfc2217Endpoint
from dfota.modem.endpoints.tcp import TcpEndpoint

__all__ = [
    "Endpoint",
    "Listener",
    "PortPlace",
    "PtyEndpoint",
    "Rfc2217Endpoint",
    "TcpEndpoint",
]
