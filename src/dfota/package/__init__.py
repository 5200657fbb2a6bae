# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The package: container, manifest, signatures, payloads; the room that is audited alone.

It knows no module, no network and no flash, and takes the functions that make and apply
patches as arguments. The format is specified in docs/spec/package-format.md.
"""

from __future__ import annotations

from dfota.package.applying import apply_package
from dfota.package.building import build
from dfota.package.changes import PartitionFacts, changed_partitions
from dfota.package.images import ImageReader, open_image
from dfota.package.index import (
    INDEX_FILE,
    INDEX_VERSION,
    Index,
    IndexEntry,
    PackagePromise,
    build_index,
    is_file_name,
    parse_index,
)
from dfota.package.keys import PublicKey, SigningKey
from dfota.package.limits import LIMITS, Limits
from dfota.package.manifest import FORMAT_VERSION, Action, Manifest, PartitionChange
from dfota.package.opened import Package, VerifiedPackage, parse
from dfota.package.package_files import load_package
from dfota.package.release import Partition, Release, release_digest
from dfota.package.release_files import (
    DEFAULT_IDENTITY,
    RELEASE_FILE,
    SINGLE_PARTITION,
    load_release,
    save_release,
)

__all__ = [
    "DEFAULT_IDENTITY",
    "FORMAT_VERSION",
    "INDEX_FILE",
    "INDEX_VERSION",
    "LIMITS",
    "RELEASE_FILE",
    "SINGLE_PARTITION",
    "Action",
    "ImageReader",
    "Index",
    "IndexEntry",
    "Limits",
    "Manifest",
    "Package",
    "PackagePromise",
    "Partition",
    "PartitionChange",
    "PartitionFacts",
    "PublicKey",
    "Release",
    "SigningKey",
    "VerifiedPackage",
    "apply_package",
    "build",
    "build_index",
    "changed_partitions",
    "is_file_name",
    "load_package",
    "load_release",
    "open_image",
    "parse",
    "parse_index",
    "release_digest",
    "save_release",
]
