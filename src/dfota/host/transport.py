# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The port that leads to a module; bytes only, no AT language and no upgrade in here."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from typing import Protocol

import serialx

from dfota.errors import PortBusyError, PortError
from dfota.host.port_lock import PortLock
from dfota.host.ports import holders_of
from dfota.host.surroundings import PortHolder

BAUDRATE = 115_200
"""Factory speed of the main UART; USB and network ports do not care."""

READ_SIZE = 4096
WRITE_TIMEOUT_S = 10.0


class Transport(Protocol):
    """A byte stream in both directions that may break at any call."""

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at the latest after *timeout_s*; empty if nothing has.

        Raises:
            PortError: the port went away.
        """

    def write(self, data: bytes) -> None:
        """Send all of *data*.

        Raises:
            PortError: the port went away or takes no bytes.
        """

    def close(self) -> None:
        """Give the port back; never raises, may be called twice."""


OpenTransport = Callable[[], Transport]
"""Opens the port, and opens it again after it went away; raises ``PortError``."""


class SerialxTransport:
    """A serial device, a pseudo-terminal, ``socket://HOST:PORT`` or ``rfc2217://HOST:PORT``.

    A port is locked while it is open, so that two updaters never share one. When its name
    comes to mean another device (a module that was plugged in again, a link that was made
    anew), the port counts as gone: what is still open is not the module any more.

    Raises:
        PortBusyError: another program has it.
        PortError: the port cannot be opened.
    """

    def __init__(self, port: str, *, baudrate: int = BAUDRATE) -> None:
        self._port = port
        self._identity: tuple[int, int] | None = None
        with guarded(port) as lock:
            self._lock = lock
            self._serial = serialx.serial_for_url(
                port, baudrate, exclusive=True, write_timeout=WRITE_TIMEOUT_S
            )
            self._serial.open()
            if "://" not in port:
                self._identity = identity_of(port)

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at the latest after *timeout_s*; empty if nothing has.

        Raises:
            PortError: the port went away.
        """
        buffer = bytearray(READ_SIZE)
        try:
            size = self._serial.readinto(buffer, timeout=max(timeout_s, 0.0))
        except (OSError, ValueError, serialx.SerialException) as error:
            raise PortError(self._port, reason_of(error)) from error
        if size == 0 and self._identity is not None and identity_of(self._port) != self._identity:
            raise PortError(self._port, "the name leads to another device now")
        return bytes(buffer[:size])

    def write(self, data: bytes) -> None:
        """Send all of *data*.

        Raises:
            PortError: the port went away or takes no bytes.
        """
        try:
            self._serial.write(data)
        except (OSError, ValueError, serialx.SerialException) as error:
            raise PortError(self._port, reason_of(error)) from error

    def close(self) -> None:
        """Give the port back; never raises, may be called twice."""
        # A device that was unplugged cannot be closed in order, and need not be.
        with contextlib.suppress(OSError, ValueError, serialx.SerialException):
            self._serial.close()
        if self._lock is not None:
            self._lock.close()


@contextlib.contextmanager
def guarded(port: str) -> Iterator[PortLock | None]:
    """Open *port* in the block: its lock is taken before, and given back if opening fails.

    Raises:
        PortBusyError: another program has it.
        PortError: the port cannot be opened.
    """
    lock = PortLock(port) if "://" in port else None
    try:
        yield lock
    except BaseException as error:
        if lock is not None:
            lock.close()
        if not isinstance(error, (OSError, ValueError, serialx.SerialException)):
            raise
        if isinstance(error, OSError) and error.errno == errno.EBUSY:
            holder = next(iter(holders_of(port)), PortHolder(0, "", ""))
            raise PortBusyError(port, holder.name, holder.pid) from error
        raise PortError(port, reason_of(error)) from error


def identity_of(port: str) -> tuple[int, int] | None:
    """What tells one device from another, or ``None`` where the name leads nowhere."""
    try:
        status = os.stat(port)
    except OSError:
        return None
    return status.st_rdev, status.st_ino


def reason_of(error: Exception) -> str:
    """What went wrong, as a short phrase."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return str(error) or type(error).__name__
