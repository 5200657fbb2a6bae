# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Write a file whole or not at all; it must know nothing of what it writes."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import IO

from dfota.errors import OutputError


def write_atomically(
    path: Path, data: bytes | bytearray | memoryview, *, mode: int = 0o644
) -> None:
    """Put *data* at *path* so that a reader, a crash or Ctrl-C never sees a part of it.

    The bytes go to a temporary file in the same directory, are flushed to the disk and
    renamed over *path*; on any failure the temporary file is removed and what stood at
    *path* before stays. ``/dev/stdout`` and other non-regular files are written directly.

    Args:
        path: where; its directory must exist.
        data: the whole content.
        mode: permission bits of the new file, before the umask.

    Raises:
        OutputError: the file cannot be written (full disk, permissions, no directory).
    """
    try:
        if path.exists() and not path.is_file():
            if path.is_dir():
                raise OutputError(str(path), "it is a directory")
            path.write_bytes(data)
            return
        # Follow a symbolic link, so that the link stays and its target is replaced.
        target = Path(os.path.realpath(path))
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                _fill(stream, data)
                os.fchmod(stream.fileno(), mode & ~current_umask())
            os.replace(name, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except FileNotFoundError as error:
        reason = error.strerror or str(error)
        raise OutputError(str(path), reason, "Make the folder first.") from error
    except OSError as error:
        raise OutputError(str(path), error.strerror or str(error)) from error


def current_umask() -> int:
    """The umask, where the system tells it without a change that other threads would see."""
    told = _told_umask()
    return _UMASK_AT_IMPORT if told is None else told


def _told_umask() -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/self/status").read_bytes().splitlines():
            if line.startswith(b"Umask:"):
                return int(line.split()[1], 8)
    return None


def _toggled_umask() -> int:
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


# While a module is imported, hardly any other thread makes files.
_UMASK_AT_IMPORT = 0o077 if _told_umask() is not None else _toggled_umask()


def _fill(stream: IO[bytes], data: bytes | bytearray | memoryview) -> None:
    stream.write(data)
    stream.flush()
    os.fsync(stream.fileno())
