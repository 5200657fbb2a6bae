# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""An index of packages, signed, and its one encoding; nothing here opens a package or a file.

The format is specified in docs/spec/index-format.md.

Rule 1. Every field is critical: an unknown or missing key is an error, never ignored.
Rule 2. ``parse_index`` trusts nothing; only ``Index.verify`` says that a trusted key signed it.
Rule 3. A file is a plain name beside the index: no separator, no dot in front.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from dfota.errors import IndexFormatError, MisuseError, SignatureError
from dfota.package import cbor
from dfota.package.keys import PublicKey, SigningKey
from dfota.package.limits import LIMITS, Limits
from dfota.package.manifest import Manifest
from dfota.package.release import IDENTITY, SECURITY_COUNTER_MAX
from dfota.package.signatures import (
    INDEX_AAD,
    Signature,
    parse_signatures,
    sign_manifest,
    verify_signatures,
)
from dfota.values import Digest, FirmwareVersion

INDEX_VERSION = 1
INDEX_FILE = "index.cbor"
"""How an index is called in its folder, where nobody says another name."""

_FILE_NAME = re.compile(r"[A-Za-z0-9_+~-][A-Za-z0-9._+~-]*")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class PackagePromise:
    """What the manifest of an indexed package says beyond its revisions.

    Attributes:
        hardware: whom it is for.
        old_release: digest of the firmware it starts from.
        new_release: digest of the firmware it leads to.
        security_counter: of the new firmware.
        allows_downgrade: whether the counter of the module may fall.
    """

    hardware: str
    old_release: Digest
    new_release: Digest
    security_counter: int
    allows_downgrade: bool


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One package file.

    Attributes:
        file: its name beside the index.
        size: in bytes.
        digest: SHA-256 of the whole file.
        model: whom it is for.
        old_revision: what must run before.
        new_revision: what runs after.
        promise: what its manifest says; ``None`` for a package of another maker, which has
            none: its revisions are what whoever wrote the index says.
    """

    file: str
    size: int
    digest: Digest
    model: str
    old_revision: FirmwareVersion
    new_revision: FirmwareVersion
    promise: PackagePromise | None

    @classmethod
    def of(cls, file: str, size: int, digest: Digest, manifest: Manifest) -> IndexEntry:
        """The entry of a dfota package."""
        promise = PackagePromise(
            manifest.hardware,
            manifest.old_release,
            manifest.new_release,
            manifest.security_counter,
            manifest.allows_downgrade,
        )
        return cls(
            file,
            size,
            digest,
            manifest.model,
            manifest.old_revision,
            manifest.new_revision,
            promise,
        )

    @property
    def key(self) -> tuple[bytes, ...]:
        """What orders the entries, and what no two of them share."""
        hardware = self.promise.hardware if self.promise is not None else ""
        parts = (self.model, hardware, self.old_revision.text, self.new_revision.text)
        return tuple(part.encode() for part in parts)


@dataclass(frozen=True, slots=True)
class Index:
    """A well-formed index that nobody vouches for."""

    entries: tuple[IndexEntry, ...]
    signatures: tuple[Signature, ...]
    """Who claims to have signed it; may be empty."""
    _signed: bytes = field(repr=False)

    def verify(self, trusted: Sequence[PublicKey]) -> tuple[bytes, ...]:
        """Return the ids of the trusted keys that signed the index: at least one.

        Raises:
            SignatureError: no signature is by a key in *trusted*, or one that claims to be is
                wrong.
        """
        if not self.signatures:
            raise SignatureError("the index is not signed")
        return verify_signatures(self._signed, self.signatures, trusted, domain=INDEX_AAD)


def is_file_name(name: str, limits: Limits = LIMITS) -> bool:
    """Whether an index may name a file so."""
    return len(name) <= limits.file_name_size and _FILE_NAME.fullmatch(name) is not None


# -- the keys; docs/spec/index-format.md repeats them -------------------------------------------

_FORMAT = 1
_PACKAGES = 2
_FIELDS = {_FORMAT: "format", _PACKAGES: "packages"}

_FILE = 1
_SIZE = 2
_DIGEST = 3
_MODEL = 4
_OLD_REVISION = 5
_NEW_REVISION = 6
_HARDWARE = 7
_OLD_RELEASE = 8
_NEW_RELEASE = 9
_SECURITY_COUNTER = 10
_ALLOWS_DOWNGRADE = 11
_ENTRY_FIELDS = {
    _FILE: "file",
    _SIZE: "size",
    _DIGEST: "digest",
    _MODEL: "model",
    _OLD_REVISION: "old revision",
    _NEW_REVISION: "new revision",
    _HARDWARE: "hardware",
    _OLD_RELEASE: "old release",
    _NEW_RELEASE: "new release",
    _SECURITY_COUNTER: "security counter",
    _ALLOWS_DOWNGRADE: "allows downgrade",
}
_ALWAYS = frozenset({_FILE, _SIZE, _DIGEST, _MODEL, _OLD_REVISION, _NEW_REVISION})
_PROMISED = frozenset(_ENTRY_FIELDS) - _ALWAYS


# -- build ------------------------------------------------------------------------------------


def build_index(
    entries: Iterable[IndexEntry], *, keys: Sequence[SigningKey] = (), limits: Limits = LIMITS
) -> bytes:
    """Encode an index; without *keys* it is not signed. The same entries give the same bytes.

    Raises:
        IndexFormatError: the entries break a rule, or are too many.
        MisuseError: one key twice.
    """
    ordered = sorted(entries, key=lambda entry: entry.key)
    payload = cbor.encode({_FORMAT: INDEX_VERSION, _PACKAGES: [_encode(e) for e in ordered]})
    signatures = sign_manifest(payload, keys, domain=INDEX_AAD) if keys else b""
    data = cbor.encode([payload, signatures])
    parse_index(data, limits=limits)  # nothing is written that nobody would read
    return data


def _encode(entry: IndexEntry) -> dict[int, object]:
    fields: dict[int, object] = {
        _FILE: entry.file,
        _SIZE: entry.size,
        _DIGEST: entry.digest.value,
        _MODEL: entry.model,
        _OLD_REVISION: entry.old_revision.text,
        _NEW_REVISION: entry.new_revision.text,
    }
    if entry.promise is not None:
        fields |= {
            _HARDWARE: entry.promise.hardware,
            _OLD_RELEASE: entry.promise.old_release.value,
            _NEW_RELEASE: entry.promise.new_release.value,
            _SECURITY_COUNTER: entry.promise.security_counter,
            _ALLOWS_DOWNGRADE: entry.promise.allows_downgrade,
        }
    return fields


# -- parse ------------------------------------------------------------------------------------


def parse_index(data: bytes, *, limits: Limits = LIMITS) -> Index:
    """Parse an index; nothing in it is trusted yet.

    Raises:
        IndexFormatError: the encoding or a field is wrong, or over a limit.
        SignatureError: the signatures break a rule of their structure.
    """
    if len(data) > limits.index_size:
        raise IndexFormatError("size", f"more than {limits.index_size} bytes")
    outer = _decoded("the whole", data)
    if not isinstance(outer, list) or len(outer) != 2:
        raise IndexFormatError("the whole", "not an array of two")
    payload, signatures = outer
    if not isinstance(payload, bytes) or not isinstance(signatures, bytes):
        raise IndexFormatError("the whole", "not two byte strings")
    if len(signatures) > limits.signatures_size:
        raise SignatureError(f"the signatures have more than {limits.signatures_size} bytes")
    fields = _Fields("", _FIELDS, _decoded("the packages", payload))
    version = fields.integer(_FORMAT, 0, 2**64 - 1)
    if version != INDEX_VERSION:
        raise IndexFormatError("format", f"version {version}, this dfota reads {INDEX_VERSION}")
    fields.require(frozenset(_FIELDS))
    values = fields.typed(_PACKAGES, list)
    if len(values) > limits.index_count:
        raise IndexFormatError("packages", f"{len(values)}, more than {limits.index_count}")
    entries = tuple(
        _parse_entry(f"packages[{index}]", value, limits) for index, value in enumerate(values)
    )
    for index, (first, second) in enumerate(pairwise(entries)):
        if first.key >= second.key:
            raise IndexFormatError(
                f"packages[{index + 1}]",
                "not in strictly ascending order of model, hardware, old and new revision",
            )
    names = {entry.file for entry in entries}
    if len(names) != len(entries):
        raise IndexFormatError("packages", "a file is named twice")
    parsed = parse_signatures(signatures, limits) if signatures else ()
    return Index(entries, parsed, payload)


def _decoded(where: str, data: bytes) -> cbor.Value:
    try:
        return cbor.decode(data)
    except ValueError as error:
        raise IndexFormatError(where, str(error)) from None


def _parse_entry(where: str, value: cbor.Value, limits: Limits) -> IndexEntry:
    fields = _Fields(where, _ENTRY_FIELDS, value)
    has_promise = fields.has_any(_PROMISED)
    fields.require(_ALWAYS | (_PROMISED if has_promise else frozenset()))
    file = fields.typed(_FILE, str)
    if not is_file_name(file, limits):
        raise IndexFormatError(
            fields.path(_FILE),
            f"not 1 to {limits.file_name_size} of A-Z a-z 0-9 . _ + ~ -, or a dot in front",
        )
    entry = IndexEntry(
        file=file,
        size=fields.integer(_SIZE, 1, limits.package_size),
        digest=fields.digest(_DIGEST),
        model=fields.identity(_MODEL),
        old_revision=fields.revision(_OLD_REVISION),
        new_revision=fields.revision(_NEW_REVISION),
        promise=None
        if not has_promise
        else PackagePromise(
            hardware=fields.identity(_HARDWARE),
            old_release=fields.digest(_OLD_RELEASE),
            new_release=fields.digest(_NEW_RELEASE),
            security_counter=fields.integer(_SECURITY_COUNTER, 0, SECURITY_COUNTER_MAX),
            allows_downgrade=fields.typed(_ALLOWS_DOWNGRADE, bool),
        ),
    )
    promise = entry.promise
    if entry.old_revision == entry.new_revision and (
        promise is None or promise.old_release == promise.new_release
    ):
        raise IndexFormatError(fields.path(_NEW_REVISION), "old and new are the same")
    return entry


class _Fields:
    """One decoded map, asked for its fields by key; every error names the field."""

    def __init__(self, where: str, names: dict[int, str], value: cbor.Value) -> None:
        if not isinstance(value, dict):
            kind = cbor.type_name_of[type(value)]
            raise IndexFormatError(where or "the packages", f"a map wanted, not {kind}")
        self._where = where
        self._names = names
        self._map = value

    def path(self, key: int) -> str:
        """How an error message calls the field."""
        return f"{self._where} {self._names[key]}".lstrip()

    def has_any(self, keys: frozenset[int]) -> bool:
        """Whether one of *keys* is there."""
        return not keys.isdisjoint(self._map)

    def require(self, keys: frozenset[int]) -> None:
        """Refuse the map unless it has exactly *keys*."""
        for key in sorted(keys - self._map.keys()):
            raise IndexFormatError(self.path(key), "missing")
        for key in sorted(self._map.keys() - keys):
            name = self._names.get(key, str(key))
            raise IndexFormatError(self._where or "the packages", f"the field {name} is unknown")

    def integer(self, key: int, least: int, most: int) -> int:
        number = self.typed(key, int)
        if not least <= number <= most:
            raise IndexFormatError(self.path(key), f"{number} is not within {least} to {most}")
        return number

    def digest(self, key: int) -> Digest:
        value = self.typed(key, bytes)
        if len(value) != 32:
            raise IndexFormatError(self.path(key), f"a digest has 32 bytes, not {len(value)}")
        return Digest(value)

    def identity(self, key: int) -> str:
        text = self.typed(key, str)
        if not IDENTITY.fullmatch(text):
            raise IndexFormatError(self.path(key), "not 1 to 32 of A-Z a-z 0-9 . _ -")
        return text

    def revision(self, key: int) -> FirmwareVersion:
        try:
            return FirmwareVersion(self.typed(key, str))
        except MisuseError as error:
            raise IndexFormatError(self.path(key), error.rule) from None

    def typed(self, key: int, wanted: type[_T]) -> _T:
        if key not in self._map:
            raise IndexFormatError(self.path(key), "missing")
        value = self._map[key]
        if type(value) is not wanted:  # not isinstance: true is no integer here
            name, found = cbor.type_name_of[wanted], cbor.type_name_of[type(value)]
            raise IndexFormatError(self.path(key), f"{name} wanted, not {found}")
        return value
