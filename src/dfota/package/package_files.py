# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Packages on disk; nothing is parsed or judged here but the size of the file."""

from __future__ import annotations

from pathlib import Path

from dfota.errors import ContainerError
from dfota.package.input_files import read_bounded
from dfota.package.limits import LIMITS, Limits
from dfota.package.opened import Package, parse


def load_package(path: Path, *, limits: Limits = LIMITS) -> Package:
    """Read and parse the package at *path*; nothing in it is trusted yet.

    Raises:
        FileUnreadableError: there is no such file, or it cannot be read.
        PackageError: as :func:`dfota.package.parse`.
    """
    data = read_bounded(path, limits.package_size)
    if data is None:
        raise ContainerError(f"{path.name} has more than {limits.package_size} bytes")
    return parse(data, limits=limits)
