# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The directory in which a virtual module lives; two processes never share one.

``flash.bin`` (memory-mapped), ``efs/`` (real files), ``nv.json``, ``module.json`` (format
and geometry, written last, so that a directory without it is not a module yet), ``lock``.
Killing the process at any moment is a power cut: whatever is here is what the module has
at its next start.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from dfota.atomic import write_atomically
from dfota.errors import (
    FileUnreadableError,
    GeometryError,
    OutputError,
    StateDirectoryError,
)
from dfota.flash import Geometry, SimulatedFlash, create_flash_file, open_flash_file
from dfota.modem.directory_storage import DirectoryStorage
from dfota.modem.factory_flash import factory_geometry, program
from dfota.modem.facts_file import load_facts
from dfota.modem.filesystem import FileSystem
from dfota.modem.nv import Nv, load_nv, save_nv
from dfota.modem.profiles import BG96, Profile
from dfota.package import Release
from dfota.values import Imei

STATE_FORMAT = 1
"""Version of the directory; rises when an older dfota would misread it."""

TYPE_ALLOCATION_CODE = "86642503"
"""The first eight digits of the IMEI of virtual modules (3GPP TS 23.003, 6.2.1)."""

_LOCK = "lock"
_FLASH = "flash.bin"
_FACTS = "module.json"
_NV = "nv.json"
_EFS = "efs"
_TOKEN = "control.token"  # noqa: S105 - the name of a file
_OURS = {_TOKEN, _LOCK, _FLASH, _FACTS, _NV, _EFS}


class ModuleState(Protocol):
    """Where a module lives: everything that it keeps without power."""

    nv: Nv

    @property
    def flash(self) -> SimulatedFlash:
        """Its flash."""

    @property
    def files(self) -> FileSystem:
        """Its file system."""

    def save_nv(self) -> None:
        """Keep a change of ``nv``."""


class StateDirectory:
    """An open state directory; a context manager, ``close`` lets it go.

    Attributes:
        path: the directory.
        flash: the module's flash.
        files: its file system.
        nv: its non-volatile settings; ``save_nv`` after a change.
        is_new: whether this call made the module.
    """

    def __init__(
        self,
        path: Path,
        *,
        firmware: Release | Callable[[], Release] | None = None,
        profile: Profile = BG96,
    ) -> None:
        """Open the module in *path*, or make a factory-new one there.

        Args:
            path: the directory; made if it is not there.
            firmware: what a factory-new module runs (or a function that loads it, called
                only for a new module); ignored where there is a module already.
            profile: sizes and factory settings.

        Raises:
            StateDirectoryError: in use, not a module's directory, damaged, or new and no
                firmware was given.
            OutputError: files cannot be made there.
        """
        self.path = path
        self._lock: int | None = None
        self._flash: SimulatedFlash | None = None
        try:
            self.is_new = not (path / _FACTS).exists()
            if self.is_new and firmware is None:
                raise StateDirectoryError(
                    str(path),
                    "there is no module in it yet, and no firmware was given",
                    "Give the firmware of a factory-new module with --firmware.",
                )
            # Before anything is made: firmware that cannot be loaded leaves no trace.
            release = firmware() if self.is_new and callable(firmware) else firmware
            path.mkdir(parents=True, exist_ok=True)
            foreign = sorted(entry.name for entry in path.iterdir() if entry.name not in _OURS)
            if self.is_new and any(not name.startswith(".") for name in foreign):
                raise StateDirectoryError(
                    str(path),
                    f"it holds other files ({foreign[0]}) and no module",
                    "Choose another --state directory; a new one is made.",
                )
            self._lock = _locked(path)
            # Somebody else may have made a module while we did not hold the lock.
            self.is_new = not (path / _FACTS).exists()
        except OSError as error:
            raise StateDirectoryError(str(path), error.strerror or str(error)) from error
        try:
            self._files = FileSystem.of(profile, DirectoryStorage(path / _EFS))
            if self.is_new and isinstance(release, Release):
                self._create(release, profile)
            else:
                self._open()
        except OSError as error:
            self.close()
            raise StateDirectoryError(str(path), error.strerror or str(error)) from error
        except BaseException:
            self.close()
            raise

    @property
    def flash(self) -> SimulatedFlash:
        """The module's flash.

        Raises:
            StateDirectoryError: the directory was closed.
        """
        if self._flash is None:
            raise StateDirectoryError(str(self.path), "it was closed")
        return self._flash

    @property
    def files(self) -> FileSystem:
        """The module's file system."""
        return self._files

    def save_nv(self) -> None:
        """Write ``nv`` to its file.

        Raises:
            OutputError: the file cannot be written.
        """
        save_nv(self.path / _NV, self.nv)

    def close(self) -> None:
        """Let the flash and the lock go; harmless twice."""
        if self._flash is not None:
            self._flash.close()
            self._flash = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _create(self, release: Release, profile: Profile) -> None:
        geometry = factory_geometry(release, profile.flash_layout, profile.flash_spare_sectors)
        (self.path / _FLASH).unlink(missing_ok=True)
        self._flash = create_flash_file(self.path / _FLASH, geometry)
        program(self._flash, release, profile.flash_layout, profile.flash_spare_sectors)
        self.nv = Nv(imei=profile.imei or _own_imei(self.path), urc_port=profile.urc_port)
        self.save_nv()
        facts = {
            "format": STATE_FORMAT,
            "page_size": geometry.page_size,
            "sector_size": geometry.sector_size,
            "sector_count": geometry.sector_count,
        }
        write_atomically(self.path / _FACTS, (json.dumps(facts, indent=2) + "\n").encode())

    def _open(self) -> None:
        try:
            self._flash = open_flash_file(self.path / _FLASH, self._geometry())
        except (FileUnreadableError, GeometryError, OutputError) as error:
            raise StateDirectoryError(str(self.path), str(error)) from error
        self.nv = load_nv(self.path / _NV)

    def _geometry(self) -> Geometry:
        facts = load_facts(self.path / _FACTS, STATE_FORMAT)
        sizes = [facts.get(name) for name in ("page_size", "sector_size", "sector_count")]
        page_size, sector_size, sector_count = (
            size if type(size) is int else 0
            for size in sizes  # 0: the geometry refuses it
        )
        return Geometry(page_size, sector_size, sector_count)


def _own_imei(path: Path) -> str:
    """An IMEI that differs from directory to directory, so that hosts can tell modules apart."""
    number = int.from_bytes(hashlib.sha256(os.fsencode(path.resolve())).digest()[:8], "big")
    return Imei.with_check_digit(f"{TYPE_ALLOCATION_CODE}{number % 1_000_000:06d}").digits


def _locked(path: Path) -> int:
    descriptor = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StateDirectoryError(
            str(path),
            "another process runs the module in it",
            "Stop that process (its number is in the file lock), or choose another directory.",
        ) from error
    # For people who want to kill it; nothing here reads it.
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
