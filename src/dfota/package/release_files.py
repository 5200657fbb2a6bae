# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Releases on disk: a directory with ``firmware.toml``, or one image file; no packages here.

Rule 1. A release directory is untrusted: it names no file outside itself, and every file
has a size limit before it is read.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from dfota.atomic import current_umask, write_atomically
from dfota.errors import MisuseError, OutputError, ReleaseError
from dfota.package.input_files import read_bounded
from dfota.package.limits import LIMITS
from dfota.package.release import Partition, Release
from dfota.values import Digest, FirmwareVersion

RELEASE_FILE = "firmware.toml"

SINGLE_PARTITION = "firmware"
"""The name of the partition that a single image file becomes."""

DEFAULT_IDENTITY = "BG96"
"""Model and hardware of a single image file, unless the caller knows better."""

_RELEASE_FILE_SIZE_MAX = 64 * 1024

_T = TypeVar("_T")


def load_release(
    path: Path,
    *,
    model: str | None = None,
    hardware: str | None = None,
    revision: str | None = None,
) -> Release:
    """Read a release: a directory with ``firmware.toml``, or a single image file.

    A single image becomes the partition ``firmware``; its identity is what the keyword
    arguments say, else BG96 and the revision ``image-`` with twelve digits of the digest.

    Raises:
        FileUnreadableError: a file is missing or cannot be read.
        ReleaseError: what is there is not a release.
        MisuseError: an identity is given for a directory, or is not a possible one.
    """
    if path.is_dir():
        if not (model is None and hardware is None and revision is None):
            raise MisuseError(
                f"model, hardware and revision of {path} stand in its {RELEASE_FILE}; "
                "they can be given for a single image file only"
            )
        return _load_directory(path)
    data = _read_image(path, path)
    return Release(
        model=DEFAULT_IDENTITY if model is None else model,
        hardware=DEFAULT_IDENTITY if hardware is None else hardware,
        revision=FirmwareVersion(
            f"image-{Digest.of(data).hex[:12]}" if revision is None else revision
        ),
        partitions=(Partition(SINGLE_PARTITION, data),),
    )


def save_release(release: Release, directory: Path) -> None:
    """Write *release* as a new directory, whole or not at all.

    Raises:
        OutputError: *directory* exists and is not an empty directory, or cannot be written.
    """
    try:
        _check_free(directory)
        parent = directory.absolute().parent
        temporary = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=parent))
        try:
            for part in release.partitions:
                write_atomically(temporary / f"{part.name}.bin", part.data)
            write_atomically(temporary / RELEASE_FILE, _release_file(release).encode())
            temporary.chmod(0o777 & ~current_umask())
            os.rename(temporary, directory)
        except BaseException:
            with contextlib.suppress(OSError):
                shutil.rmtree(temporary)
            raise
    except OutputError as error:
        # The temporary name tells the person nothing.
        raise OutputError(str(directory), error.reason) from None
    except OSError as error:
        raise OutputError(str(directory), error.strerror or str(error)) from None


def _check_free(directory: Path) -> None:
    if not os.path.lexists(directory):
        return
    if directory.is_symlink() or not directory.is_dir() or any(directory.iterdir()):
        raise OutputError(str(directory), "it exists already", "Choose another name.")


def _release_file(release: Release) -> str:
    # No value needs escaping: identities, revisions and names are plain ASCII words.
    lines = [
        f'model = "{release.model}"',
        f'hardware = "{release.hardware}"',
        f'revision = "{release.revision}"',
        f"security_counter = {release.security_counter}",
    ]
    for part in release.partitions:
        lines += ["", "[[partition]]", f'name = "{part.name}"', f'file = "{part.name}.bin"']
        if part.slot_size is not None:
            lines.append(f"slot = {part.slot_size}")
    return "\n".join(lines) + "\n"


def _load_directory(path: Path) -> Release:
    file = path / RELEASE_FILE
    if not os.path.lexists(file):
        raise ReleaseError(str(path), f"it has no {RELEASE_FILE}")
    data = read_bounded(file, _RELEASE_FILE_SIZE_MAX)
    if data is None:
        raise ReleaseError(str(file), f"it has more than {_RELEASE_FILE_SIZE_MAX} bytes")
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, or an absurd number
        raise ReleaseError(str(file), str(error)) from None
    try:
        return _build_release(path, file, table)
    except MisuseError as error:
        raise ReleaseError(str(file), error.rule) from None


def _build_release(path: Path, file: Path, table: dict[str, Any]) -> Release:
    _check_keys(file, "", table, {"model", "hardware", "revision", "security_counter", "partition"})
    rows = _get(file, "", table, "partition", list)
    if len(rows) > LIMITS.partition_count:
        raise ReleaseError(
            str(file), f"it lists {len(rows)} partitions, more than {LIMITS.partition_count}"
        )
    return Release(
        model=_get(file, "", table, "model", str),
        hardware=_get(file, "", table, "hardware", str),
        revision=FirmwareVersion(_get(file, "", table, "revision", str)),
        security_counter=_get(file, "", table, "security_counter", int, default=0),
        partitions=tuple(
            _load_partition(path, file, f"partition {index + 1}: ", row)
            for index, row in enumerate(rows)
        ),
    )


def _load_partition(path: Path, file: Path, where: str, row: object) -> Partition:
    if not isinstance(row, dict):
        raise ReleaseError(str(file), f"{where}it is not a [[partition]] table")
    _check_keys(file, where, row, {"name", "file", "slot"})
    name = _get(file, where, row, "name", str)
    image = path / _get(file, where, row, "file", str)
    slot_size = _get(file, where, row, "slot", int, default=0) if "slot" in row else None
    try:
        is_inside = image.resolve().is_relative_to(path.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of symbolic links, a NUL byte
        is_inside = False
    if not is_inside:
        raise ReleaseError(str(file), f"{where}the file lies outside of the release directory")
    return Partition(name, _read_image(image, file), slot_size)


def _read_image(image: Path, blamed: Path) -> bytes:
    data = read_bounded(image, LIMITS.image_size)
    if data is None:
        raise ReleaseError(str(blamed), f"{image.name} has more than {LIMITS.image_size} bytes")
    if not data:
        raise ReleaseError(str(blamed), f"{image.name} is empty")
    return data


def _check_keys(file: Path, where: str, table: dict[str, Any], known: set[str]) -> None:
    for key in table:
        if key not in known:
            raise ReleaseError(str(file), f"{where}unknown key {key!r}")


def _get(  # noqa: PLR0917 - where to look, then what for
    file: Path,
    where: str,
    table: dict[str, Any],
    key: str,
    wanted: type[_T],
    default: _T | None = None,
) -> _T:
    if key not in table:
        if default is not None:
            return default
        raise ReleaseError(str(file), f"{where}the key {key!r} is missing")
    value = table[key]
    if type(value) is not wanted:  # not isinstance: true is no integer here
        name = {str: "a string", int: "an integer", list: "[[partition]] tables"}[wanted]
        raise ReleaseError(str(file), f"{where}the key {key!r} must be {name}")
    return value
