# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The state file of an upgrade on the disk: durable, private, one writer; it decides no step.

Rule 1. A record is on the disk, with its name, before ``save`` returns.
Rule 2. A disk that fails stops an upgrade before AT+QFOTADL, never after it: what lies on the
disk then says "started", which is all that a later ``resume`` has to know.
Rule 3. One module has at most one open record, whatever its port is called today.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from dfota.atomic import write_atomically
from dfota.errors import CheckFailedError, OutputError, PortError, RecordError
from dfota.host.port_lock import PortLock, open_lock
from dfota.host.records import RECORD_MAX_BYTES, UpgradeRecord

SUFFIX = ".json"
_ELSEWHERE = "Name another place with --state-file."
_IMEI_MAX = 32
_FILES_MAX = 10_000
"""So many files of the folder are looked at; a gateway has some ports, a rack some dozens."""


def record_folder(environment: Mapping[str, str]) -> Path:
    """Where state files lie by default (XDG base directories, ``XDG_STATE_HOME``).

    Raises:
        OutputError: neither that nor a home directory is known.
    """
    state = environment.get("XDG_STATE_HOME", "")
    # The specification: a path that is not absolute is to be ignored.
    if os.path.isabs(state):
        return Path(state) / "dfota" / "upgrades"
    try:
        return Path.home() / ".local" / "state" / "dfota" / "upgrades"
    except RuntimeError as error:
        raise OutputError("the state file", "there is no home directory", _ELSEWHERE) from error


def record_path(folder: Path, port: str) -> Path:
    """The state file of the upgrade at *port*; two ports never share one."""
    name = port if "://" in port else os.path.abspath(port)
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:80]
    return folder / f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}{SUFFIX}"


def read_record(path: Path) -> UpgradeRecord | None:
    """The record at *path*, or ``None`` where there is none.

    Raises:
        RecordError: what lies there is no record, or cannot be read.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(RECORD_MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RecordError(str(path), error.strerror or str(error)) from error
    return UpgradeRecord.decode(data, str(path))


def list_records(folder: Path) -> Iterator[tuple[Path, UpgradeRecord | RecordError]]:
    """Every state file of *folder* in the order of the names, with what is wrong with it."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX))
    except OSError:
        return
    for name in names[:_FILES_MAX]:
        if name.startswith("."):
            continue
        path = folder / name
        try:
            record = read_record(path)
        except RecordError as error:
            yield path, error
            continue
        if record is not None:
            yield path, record


class RecordFile:
    """The state file at *path*; give ``save`` to a ``Session`` as its keeper.

    A context manager: while it is entered, no other process enters the same file.

    Args:
        path: where; folders that are not there are made, for their owner only.
        port: of the module, for messages.

    Attributes:
        failure: why the disk took no more, after AT+QFOTADL was sent.
        record: what was loaded or saved last.

    Raises:
        PortError: on entering: another process holds it.
        OutputError: on entering: the folder or the lock cannot be made.
    """

    def __init__(self, path: Path, *, port: str = "") -> None:
        self.path = path
        self.record: UpgradeRecord | None = None
        self.failure: OutputError | None = None
        self._port = port
        self._lock: int | None = None
        self._module_lock: PortLock | None = None
        self._others_are_ended = False
        self._start_is_kept = False

    def __enter__(self) -> Self:
        lock = self.path.with_name(self.path.name + ".lock")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = open_lock(lock)
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError(str(lock), reason, _ELSEWHERE) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise PortError(
                self._port or str(self.path), "another dfota is upgrading the module there"
            ) from error
        self._lock = descriptor
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)  # unlocks; the file stays, so that nobody locks a removed one
            self._lock = None
        if self._module_lock is not None:
            self._module_lock.close()
            self._module_lock = None

    def load(self) -> UpgradeRecord | None:
        """What lies on the disk; ``None`` where nothing does.

        Raises:
            RecordError: it is no record.
        """
        self.record = read_record(self.path)
        return self.record

    def save(self, record: UpgradeRecord) -> None:
        """Put *record* on the disk, whole or not at all.

        Raises:
            CheckFailedError: another state file says that this module is being upgraded.
            PortBusyError: another process upgrades this module at another port.
            OutputError: the disk does not take it, and AT+QFOTADL was not sent yet.
        """
        self._lock_module(record.imei)
        self._check_others(record)
        try:
            write_atomically(self.path, record.encode(), mode=0o600)
            _sync_folder(self.path.parent)
        except OutputError as error:
            if not self._start_is_kept:
                raise
            self.failure = error
        else:
            self._start_is_kept = record.is_started
        self.record = record

    def _lock_module(self, imei: str) -> None:
        """One module has one updater, whatever its ports are called: two look at once, too."""
        if self._module_lock is not None or self._start_is_kept:
            return
        if not (imei.isascii() and imei.isdigit() and len(imei) <= _IMEI_MAX):
            return
        port = f"{self._port or self.path} (IMEI {imei})"
        self._module_lock = PortLock(port, name=f"imei-{imei}.lock")

    def _check_others(self, record: UpgradeRecord) -> None:
        """Look once, as soon as it is known which module this is."""
        if self._others_are_ended or not record.imei:
            return
        self._others_are_ended = True
        for path, other in list_records(self.path.parent):
            if path == self.path or not isinstance(other, UpgradeRecord):
                continue
            if other.imei == record.imei and other.is_started and not other.is_ended:
                raise CheckFailedError(
                    "unfinished",
                    f"an upgrade of this module (IMEI {record.imei}) was started at "
                    f"{other.port} and its outcome is not known",
                    f"Go on with that one: --resume --state-file {path}",
                )


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk, too; some file systems cannot, and need not."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
