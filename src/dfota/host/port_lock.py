# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The lock of a port that is no device, so that two updaters never share one; no port is opened.

A device is locked by ``flock`` on itself. ``socket://`` and ``rfc2217://`` have nothing to
lock, so a file in the user's runtime folder stands for them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import socket
import stat
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dfota.errors import PortBusyError, PortError

_PID_MAX_BYTES = 16

Resolve = Callable[[str, None], Sequence[tuple[Any, ...]]]
"""Addresses of a host name, as ``socket.getaddrinfo``."""


def lock_folder() -> Path:
    """Where the locks of this user are: ``$XDG_RUNTIME_DIR/dfota``, else one in the temp folder."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and os.path.isabs(runtime) and os.access(runtime, os.W_OK):
        return Path(runtime) / "dfota"
    return Path(tempfile.gettempdir()) / f"dfota-{os.getuid()}"


def lock_name(url: str, resolve: Resolve = socket.getaddrinfo) -> str:
    """The file of *url*: the same for every spelling of one host and port.

    A name and its address are one, as far as this computer can tell.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    with contextlib.suppress(OSError, UnicodeError):
        host = min(str(found[4][0]) for found in resolve(host, None))
    key = f"{host}:{parts.port or ''}{parts.path.rstrip('/')}"
    return f"port-{hashlib.sha256(key.encode()).hexdigest()[:20]}.lock"


def open_lock(path: Path) -> int:
    """The descriptor of the lock file at *path*, for its owner only; a link is not followed.

    Raises:
        OSError: it cannot be opened.
    """
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


class PortLock:
    """Holds the lock of one URL, or the one called *name*, until it is closed.

    Raises:
        PortBusyError: another process has it.
        PortError: the lock file cannot be made.
    """

    def __init__(self, url: str, *, folder: Path | None = None, name: str = "") -> None:
        folder = lock_folder() if folder is None else folder
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            status = os.lstat(folder)
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
                raise PortError(url, f"{folder} is not a folder of yours, so it cannot hold a lock")
            self._descriptor = open_lock(folder / (name or lock_name(url)))
        except OSError as error:
            raise PortError(url, f"no lock: {error.strerror or error}") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError as error:
            pid = _pid(os.pread(self._descriptor, _PID_MAX_BYTES, 0))
            self.close()
            raise PortBusyError(url, "dfota", pid) from error
        except OSError as error:
            self.close()
            raise PortError(url, f"no lock: {error.strerror or error}") from error

    def close(self) -> None:
        """Give it back; may be called twice. The file stays: removing it would be a race."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _pid(data: bytes) -> int:
    text = data.decode("ascii", "replace").strip()
    return int(text) if text.isascii() and text.isdigit() else 0
