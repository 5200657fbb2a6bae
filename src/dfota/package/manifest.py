# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The signed description of a package, and its one encoding; nothing here trusts it.

Rule 1. Every field is critical: an unknown or missing key is an error, never ignored.
Rule 2. A field that follows from others is not repeated; what is repeated must agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, unique
from itertools import pairwise
from typing import TypeVar

from dfota.errors import ManifestError, MisuseError
from dfota.package import cbor
from dfota.package.limits import Limits
from dfota.package.release import IDENTITY, PARTITION_NAME, SECURITY_COUNTER_MAX
from dfota.values import Digest, FirmwareVersion

FORMAT_VERSION = 1

_T = TypeVar("_T")


@unique
class Action(Enum):
    """How a partition gets from old to new; the value is the one in the manifest."""

    PATCH = 1
    """The payload is a dfota patch from the old image to the new one."""
    IMAGE = 2
    """The payload is the whole new image, xz-compressed."""
    REMOVE = 3
    """The partition is not part of the new release; there is no payload."""


@dataclass(frozen=True, slots=True)
class PartitionChange:
    """What happens to one partition. Digests and sizes of what does not exist are None and 0."""

    name: str
    action: Action
    old_size: int
    old_digest: Digest | None
    new_size: int
    new_digest: Digest | None
    payload_size: int
    payload_digest: Digest | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """For whom the package is, what it starts from, what it leads to, and how."""

    model: str
    hardware: str
    old_revision: FirmwareVersion
    new_revision: FirmwareVersion
    old_release: Digest
    new_release: Digest
    security_counter: int
    allows_downgrade: bool
    partitions: tuple[PartitionChange, ...]
    """Only what changes, in ascending order of names."""

    @property
    def payload_names(self) -> tuple[str, ...]:
        """The partitions that have a payload, in the order of the payloads."""
        return tuple(part.name for part in self.partitions if part.action is not Action.REMOVE)


# -- the keys; docs/spec/package-format.md repeats them ------------------------------------

_FORMAT = 1
_MODEL = 2
_HARDWARE = 3
_OLD_REVISION = 4
_NEW_REVISION = 5
_OLD_RELEASE = 6
_NEW_RELEASE = 7
_SECURITY_COUNTER = 8
_ALLOWS_DOWNGRADE = 9
_PARTITIONS = 10

_FIELDS = {
    _FORMAT: "format",
    _MODEL: "model",
    _HARDWARE: "hardware",
    _OLD_REVISION: "old revision",
    _NEW_REVISION: "new revision",
    _OLD_RELEASE: "old release",
    _NEW_RELEASE: "new release",
    _SECURITY_COUNTER: "security counter",
    _ALLOWS_DOWNGRADE: "allows downgrade",
    _PARTITIONS: "partitions",
}

_NAME = 1
_ACTION = 2
_OLD_SIZE = 3
_OLD_DIGEST = 4
_NEW_SIZE = 5
_NEW_DIGEST = 6
_PAYLOAD_SIZE = 7
_PAYLOAD_DIGEST = 8

_PARTITION_FIELDS = {
    _NAME: "name",
    _ACTION: "action",
    _OLD_SIZE: "old size",
    _OLD_DIGEST: "old digest",
    _NEW_SIZE: "new size",
    _NEW_DIGEST: "new digest",
    _PAYLOAD_SIZE: "payload size",
    _PAYLOAD_DIGEST: "payload digest",
}

_OLD_KEYS = frozenset({_OLD_SIZE, _OLD_DIGEST})
_NEW_KEYS = frozenset({_NEW_SIZE, _NEW_DIGEST, _PAYLOAD_SIZE, _PAYLOAD_DIGEST})


# -- encode ----------------------------------------------------------------------------------


def encode_manifest(manifest: Manifest) -> bytes:
    """Encode *manifest*; it must keep the rules that :func:`parse_manifest` checks."""
    return cbor.encode(
        {
            _FORMAT: FORMAT_VERSION,
            _MODEL: manifest.model,
            _HARDWARE: manifest.hardware,
            _OLD_REVISION: manifest.old_revision.text,
            _NEW_REVISION: manifest.new_revision.text,
            _OLD_RELEASE: manifest.old_release.value,
            _NEW_RELEASE: manifest.new_release.value,
            _SECURITY_COUNTER: manifest.security_counter,
            _ALLOWS_DOWNGRADE: manifest.allows_downgrade,
            _PARTITIONS: [_encode_partition(part) for part in manifest.partitions],
        }
    )


def _encode_partition(part: PartitionChange) -> dict[int, object]:
    fields: dict[int, object] = {_NAME: part.name, _ACTION: part.action.value}
    if part.old_digest is not None:
        fields |= {_OLD_SIZE: part.old_size, _OLD_DIGEST: part.old_digest.value}
    if part.new_digest is not None and part.payload_digest is not None:
        fields |= {
            _NEW_SIZE: part.new_size,
            _NEW_DIGEST: part.new_digest.value,
            _PAYLOAD_SIZE: part.payload_size,
            _PAYLOAD_DIGEST: part.payload_digest.value,
        }
    return fields


# -- parse -----------------------------------------------------------------------------------


def parse_manifest(data: bytes, limits: Limits) -> Manifest:
    """Parse ``manifest.cbor``.

    Raises:
        ManifestError: the encoding, a field or the agreement of fields is wrong.
    """
    try:
        value = cbor.decode(data)
    except ValueError as error:
        raise ManifestError("encoding", str(error)) from None
    fields = _Fields("", _FIELDS, value)
    version = fields.integer(_FORMAT, 0, 2**64 - 1)
    if version != FORMAT_VERSION:
        raise ManifestError("format", f"version {version}, this dfota reads {FORMAT_VERSION}")
    fields.require(frozenset(_FIELDS))
    manifest = Manifest(
        model=fields.identity(_MODEL, limits),
        hardware=fields.identity(_HARDWARE, limits),
        old_revision=fields.revision(_OLD_REVISION),
        new_revision=fields.revision(_NEW_REVISION),
        old_release=fields.digest(_OLD_RELEASE),
        new_release=fields.digest(_NEW_RELEASE),
        security_counter=fields.integer(_SECURITY_COUNTER, 0, SECURITY_COUNTER_MAX),
        allows_downgrade=fields.boolean(_ALLOWS_DOWNGRADE),
        partitions=_parse_partitions(fields.array(_PARTITIONS), limits),
    )
    _check_agreement(manifest)
    return manifest


def _parse_partitions(values: list[cbor.Value], limits: Limits) -> tuple[PartitionChange, ...]:
    if len(values) > limits.partition_count:
        raise ManifestError("partitions", f"{len(values)}, more than {limits.partition_count}")
    return tuple(
        _parse_partition(f"partitions[{index}]", value, limits)
        for index, value in enumerate(values)
    )


def _parse_partition(where: str, value: cbor.Value, limits: Limits) -> PartitionChange:
    fields = _Fields(where, _PARTITION_FIELDS, value)
    name = fields.text(_NAME)
    if len(name) > limits.name_size or not PARTITION_NAME.fullmatch(name):
        raise ManifestError(fields.path(_NAME), "not 1 to 32 of a-z 0-9 _ -")
    number = fields.integer(_ACTION, 0, 2**64 - 1)
    try:
        action = Action(number)
    except ValueError:
        raise ManifestError(fields.path(_ACTION), f"unknown action {number}") from None
    has_old = action is not Action.IMAGE or fields.has_any(_OLD_KEYS)
    has_new = action is not Action.REMOVE
    fields.require(
        frozenset({_NAME, _ACTION})
        | (_OLD_KEYS if has_old else frozenset())
        | (_NEW_KEYS if has_new else frozenset())
    )
    limit = limits.image_size
    return PartitionChange(
        name=name,
        action=action,
        old_size=fields.integer(_OLD_SIZE, 1, limit) if has_old else 0,
        old_digest=fields.digest(_OLD_DIGEST) if has_old else None,
        new_size=fields.integer(_NEW_SIZE, 1, limit) if has_new else 0,
        new_digest=fields.digest(_NEW_DIGEST) if has_new else None,
        payload_size=fields.integer(_PAYLOAD_SIZE, 1, limits.package_size) if has_new else 0,
        payload_digest=fields.digest(_PAYLOAD_DIGEST) if has_new else None,
    )


def _check_agreement(manifest: Manifest) -> None:
    names = [part.name for part in manifest.partitions]
    if any(first >= second for first, second in pairwise(names)):
        raise ManifestError("partitions", "not in strictly ascending order of names")
    for index, part in enumerate(manifest.partitions):
        if part.old_digest == part.new_digest:
            raise ManifestError(f"partitions[{index}]", "old and new image are the same")
    if (manifest.old_release == manifest.new_release) != (not manifest.partitions):
        raise ManifestError("partitions", "the release digests and the list disagree on change")
    if (
        manifest.old_release == manifest.new_release
        and manifest.old_revision == manifest.new_revision
    ):
        raise ManifestError("new revision", "old and new release are the same")


class _Fields:
    """One decoded map, asked for its fields by key; every error names the field."""

    def __init__(self, where: str, names: Mapping[int, str], value: cbor.Value) -> None:
        if not isinstance(value, dict):
            raise ManifestError(where or "the whole", f"a map wanted, not {_kind(value)}")
        self._where = where
        self._names = names
        self._map = value

    def path(self, key: int) -> str:
        """How an error message calls the field."""
        name = self._names[key]
        return f"{self._where} {name}".lstrip()

    def has_any(self, keys: frozenset[int]) -> bool:
        """Whether one of *keys* is there."""
        return not keys.isdisjoint(self._map)

    def require(self, keys: frozenset[int]) -> None:
        """Refuse the map unless it has exactly *keys*."""
        for key in sorted(keys - self._map.keys()):
            raise ManifestError(self.path(key), "missing")
        for key in sorted(self._map.keys() - keys):
            place = self._where or "the whole"
            raise ManifestError(place, f"the field {self._names.get(key, key)} must not be there")

    def integer(self, key: int, least: int, most: int) -> int:
        number = self._typed(key, int)
        if not least <= number <= most:
            raise ManifestError(self.path(key), f"{number} is not within {least} to {most}")
        return number

    def boolean(self, key: int) -> bool:
        return self._typed(key, bool)

    def text(self, key: int) -> str:
        return self._typed(key, str)

    def array(self, key: int) -> list[cbor.Value]:
        return self._typed(key, list)

    def digest(self, key: int) -> Digest:
        value = self._typed(key, bytes)
        if len(value) != 32:
            raise ManifestError(self.path(key), f"a digest has 32 bytes, not {len(value)}")
        return Digest(value)

    def identity(self, key: int, limits: Limits) -> str:
        text = self.text(key)
        if len(text) > limits.identity_size or not IDENTITY.fullmatch(text):
            raise ManifestError(self.path(key), "not 1 to 32 of A-Z a-z 0-9 . _ -")
        return text

    def revision(self, key: int) -> FirmwareVersion:
        try:
            return FirmwareVersion(self.text(key))
        except MisuseError as error:
            raise ManifestError(self.path(key), error.rule) from None

    def _typed(self, key: int, wanted: type[_T]) -> _T:
        if key not in self._map:
            raise ManifestError(self.path(key), "missing")
        value = self._map[key]
        if type(value) is not wanted:  # not isinstance: true is no integer here
            raise ManifestError(
                self.path(key), f"{cbor.type_name_of[wanted]} wanted, not {_kind(value)}"
            )
        return value


def _kind(value: cbor.Value) -> str:
    return cbor.type_name_of[type(value)]
