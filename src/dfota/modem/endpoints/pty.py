# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A port as a pseudo-terminal, with a symbolic link of a stable name; Linux and macOS.

Rule 1. The link never replaces anything but a link to another pseudo-terminal, and only
our own link is removed at the end.
Rule 2. While no host has the port open, output is lost, as on a cable that hangs loose:
a host never reads what was said before it came.
Rule 3. That a host has it open is DTR; a pseudo-terminal has no other lines.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import termios
import tty
from pathlib import Path

from dfota.errors import EndpointError
from dfota.modem.endpoints.endpoint import UNATTENDED, Listener
from dfota.modem.lines import HostLines, ModuleLines

PENDING_MAX_BYTES = 16 * 1024 * 1024
"""What a slow host may leave unread; more is lost."""

_READ_BYTES = 65536
_POLL_S = 0.02
_PTS = "/dev/pts/"
_SPEEDS = {
    getattr(termios, name): int(name[1:])
    for name in dir(termios)
    if name[0] == "B" and name[1:].isdigit() and name != "B0"
}
"""The constants of termios in bits per second."""


class PtyEndpoint:
    """A pseudo-terminal in raw mode.

    Args:
        link: where a symbolic link to it is made; ``None`` for none.
        tells_speed: take the speed that the host sets on it for that of a UART.
    """

    def __init__(self, link: Path | None = None, *, tells_speed: bool = False) -> None:
        self._link = link
        self._tells_speed = tells_speed
        self._master: int | None = None
        self._name = ""
        self._is_linked = False
        self._has_host = False
        self._pending = bytearray()
        self._poll: asyncio.TimerHandle | None = None
        self._listener: Listener | None = None
        self._lines = UNATTENDED

    @property
    def address(self) -> str:
        """The link, or the terminal itself."""
        return self._name if self._link is None else str(self._link)

    async def open(self, listener: Listener) -> None:
        """Make the terminal and its link.

        Raises:
            EndpointError: no terminal can be had, or the link's place is taken.
        """
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        try:
            self._master, slave = os.openpty()
        except OSError as error:
            raise EndpointError("a pseudo-terminal", error.strerror or str(error)) from error
        try:
            tty.setraw(slave)
            self._name = os.ttyname(slave)
        finally:
            os.close(slave)
        os.set_blocking(self._master, False)
        try:
            self._make_link()
        except BaseException:
            await self.close()
            raise
        listener.change_lines(self._lines)
        self._look_for_host()

    def write(self, data: bytes) -> None:
        """Send to the host that has the port open."""
        if self._master is None:
            return
        if not self._has_host and not self._detect_host():
            return
        if len(self._pending) + len(data) <= PENDING_MAX_BYTES:
            was_idle = not self._pending
            self._pending += data
            if was_idle:
                self._flush()

    def show(self, lines: ModuleLines) -> None:
        """A pseudo-terminal has no lines."""

    async def close(self) -> None:
        """Remove the link, if it is ours, and the terminal."""
        if self._is_linked and self._link is not None:
            with contextlib.suppress(OSError):
                if os.readlink(self._link) == self._name:
                    self._link.unlink()
            self._is_linked = False
        if self._poll is not None:
            self._poll.cancel()
        if self._master is not None:
            self._loop.remove_reader(self._master)
            self._loop.remove_writer(self._master)
            os.close(self._master)
            self._master = None
        self._pending.clear()
        self._has_host = False
        self._change_lines(UNATTENDED)

    def _make_link(self) -> None:
        if self._link is None:
            return
        try:
            if self._link.is_symlink() and os.readlink(self._link).startswith(_PTS):
                self._link.unlink()
            elif self._link.is_symlink() or self._link.exists():
                raise EndpointError(str(self._link), "something else has that name")
            os.symlink(self._name, self._link)
        except OSError as error:
            raise EndpointError(str(self._link), error.strerror or str(error)) from error
        self._is_linked = True

    # -- a host comes and goes -----------------------------------------------------------

    def _detect_host(self) -> bool:
        """Whether a host has the port open now; starts reading when one has just come."""
        if self._master is None:
            return False
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        hung_up = any(events & select.POLLHUP for _, events in poll.poll(0))
        has_input = any(events & select.POLLIN for _, events in poll.poll(0))
        if hung_up and not has_input:
            return False
        self._has_host = True
        if self._poll is not None:
            self._poll.cancel()
            self._poll = None
        self._loop.add_reader(self._master, self._read)
        self._change_lines(HostLines(baud=self._speed()))
        return True

    def _look_for_host(self) -> None:
        if not self._detect_host():
            self._poll = self._loop.call_later(_POLL_S, self._look_for_host)

    def _read(self) -> None:
        if self._master is None:
            return
        try:
            data = os.read(self._master, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # EIO: the host has closed the port
        if data:
            if self._tells_speed:
                self._change_lines(HostLines(baud=self._speed()))
            if self._listener is not None:
                self._listener.receive(data)
        else:
            self._lose_host()

    def _lose_host(self) -> None:
        if self._master is None:
            return
        self._has_host = False
        self._pending.clear()
        self._loop.remove_reader(self._master)
        self._loop.remove_writer(self._master)
        with contextlib.suppress(OSError, termios.error):
            # What the host left unread must not reach the next one.
            slave = os.open(self._name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            try:
                termios.tcflush(slave, termios.TCIOFLUSH)
            finally:
                os.close(slave)
        self._change_lines(UNATTENDED)
        self._poll = self._loop.call_later(_POLL_S, self._look_for_host)

    def _change_lines(self, lines: HostLines) -> None:
        before, self._lines = self._lines, lines
        if lines != before and self._listener is not None:
            self._listener.change_lines(lines)

    def _speed(self) -> int | None:
        """The speed that the host has set, where it counts and is a known one."""
        if not self._tells_speed or self._master is None:
            return None
        try:
            return _SPEEDS.get(termios.tcgetattr(self._master)[5])
        except termios.error:
            return None

    def _flush(self) -> None:
        if self._master is None:
            return
        try:
            count = os.write(self._master, self._pending)
            del self._pending[:count]
        except BlockingIOError:
            pass
        except OSError:
            self._pending.clear()
        if self._pending:
            self._loop.add_writer(self._master, self._flush)
        else:
            self._loop.remove_writer(self._master)
