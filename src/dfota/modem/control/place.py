# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Where a control channel is, and who may use it; nothing is opened here.

Any page in a browser on the same computer can send requests to a TCP port. So a channel
on TCP wants a token that only its owner can read, a Host that is an address of this
computer, and no Origin. A Unix socket has the permissions of its file.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dfota.errors import FileUnreadableError, MisuseError, OutputError
from dfota.modem.endpoints.places import parse_address

_UNIX = "unix:"
UNIX_PATH_MAX_BYTES = 100
"""What every system has room for."""


@dataclass(frozen=True, slots=True)
class ControlPlace:
    """A Unix socket, or an address of TCP.

    Attributes:
        path: of the socket.
        host: of TCP.
        port: of TCP.
    """

    path: Path | None = None
    host: str = ""
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``unix:PATH`` or ``HOST:PORT``.

        Raises:
            MisuseError: it is neither.
        """
        if text.startswith(_UNIX):
            path = text.removeprefix(_UNIX)
            if not path or len(os.fsencode(path)) > UNIX_PATH_MAX_BYTES:
                raise MisuseError(
                    f"a control socket has a path of 1 to {UNIX_PATH_MAX_BYTES} bytes: {text!r}"
                )
            return cls(path=Path(path))
        try:
            host, port = parse_address(text, "--control")
        except MisuseError:
            raise MisuseError(f"--control wants unix:PATH or HOST:PORT, not {text!r}") from None
        return cls(host=host, port=port)

    @property
    def is_loopback(self) -> bool:
        """Whether only this computer reaches it."""
        return self.path is not None or is_loopback(self.host)

    def __str__(self) -> str:
        if self.path is not None:
            return f"{_UNIX}{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Whether *host* names this computer and no other."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def write_token(path: Path) -> str:
    """Make a new token in a file that only its owner can read.

    Raises:
        OutputError: the file cannot be written.
    """
    token = secrets.token_urlsafe(24)
    try:
        path.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(f"{token}\n")
    except OSError as error:
        raise OutputError(str(path), error.strerror or str(error)) from error
    return token


def read_token(path: Path) -> str:
    """The token in *path*.

    Raises:
        FileUnreadableError: it cannot be read.
    """
    try:
        return path.read_text("ascii")[:200].strip()
    except (OSError, UnicodeError) as error:
        raise FileUnreadableError(
            str(path), getattr(error, "strerror", "") or str(error)
        ) from error
