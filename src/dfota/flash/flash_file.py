# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The rim of this room: a flash in a memory-mapped file; the rules of flash are elsewhere."""

from __future__ import annotations

import contextlib
import mmap
import os
from pathlib import Path

from dfota.errors import FileUnreadableError, GeometryError, OutputError
from dfota.flash.geometry import Geometry
from dfota.flash.simulated import SimulatedFlash


def create_flash_file(path: Path, geometry: Geometry) -> SimulatedFlash:
    """Make an erased flash at *path* and open it.

    Its disk space is reserved first: a full disk is an error here, never a crash later.

    Raises:
        OutputError: it exists already, or cannot be made; nothing is left behind.
    """
    size = SimulatedFlash.size_of(geometry)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            os.posix_fallocate(descriptor, 0, size)
            return SimulatedFlash(mmap.mmap(descriptor, size), geometry)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(path)
            raise
        finally:
            os.close(descriptor)
    except OSError as error:
        raise OutputError(str(path), error.strerror or str(error)) from error


def open_flash_file(path: Path, geometry: Geometry | None = None) -> SimulatedFlash:
    """Open the flash at *path* as the last process left it, however that process ended.

    A file whose making was interrupted is an erased flash when *geometry* is given.

    Raises:
        FileUnreadableError: it is not there, or cannot be opened for reading and writing.
        GeometryError: it holds no flash, or one of another geometry.
    """
    try:
        # What a link leads to is not ours to write.
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            size = os.fstat(descriptor).st_size
            if size == 0:
                raise GeometryError(f"{path} is empty")
            memory = mmap.mmap(descriptor, size)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise FileUnreadableError(str(path), error.strerror or str(error)) from error
    try:
        return SimulatedFlash(memory, geometry or SimulatedFlash.geometry_of(memory))
    except BaseException:
        memory.close()
        raise
