# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Read a file that a person named, at most so many bytes of it; nothing is parsed here."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from dfota.errors import FileUnreadableError


def read_bounded(path: Path, size_limit: int) -> bytes | None:
    """Read the regular file at *path*; None if it has more than *size_limit* bytes.

    Raises:
        FileUnreadableError: there is no such file, it is a directory, a device or a pipe,
            or it cannot be read.
    """
    try:
        # O_NONBLOCK: opening a named pipe must not wait for somebody to write into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(stream.fileno())
            if stat.S_ISDIR(status.st_mode):
                raise FileUnreadableError(str(path), "it is a directory")
            if not stat.S_ISREG(status.st_mode):
                raise FileUnreadableError(str(path), "it is not a regular file")
            if status.st_size > size_limit:
                return None
            data = stream.read(size_limit + 1)
    except OSError as error:
        raise FileUnreadableError(str(path), error.strerror or str(error)) from None
    except ValueError:  # a NUL byte in the name
        raise FileUnreadableError(str(path), "that is no file name") from None
    return data if len(data) <= size_limit else None
