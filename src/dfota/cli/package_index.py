# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota package index``, and what ``show`` and ``verify`` say of an index; no rule is here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from dfota.atomic import write_atomically
from dfota.cli.console import Console
from dfota.cli.input_file import read_input
from dfota.cli.updates import printable
from dfota.errors import (
    ContainerError,
    DfotaError,
    DigestMismatchError,
    FileUnreadableError,
    MisuseError,
)
from dfota.host import plain_text, revisions_in_name
from dfota.package import (
    INDEX_FILE,
    LIMITS,
    Index,
    IndexEntry,
    PublicKey,
    SigningKey,
    build_index,
    is_file_name,
    parse,
    parse_index,
)
from dfota.values import Digest

_FILE = click.Path(path_type=Path)
_SUFFIXES = {".zip", ".bin"}


@click.command()
@click.argument("folder", type=_FILE)
@click.option("--key", "key_files", type=_FILE, multiple=True, metavar="FILE",
              help="Private key that signs the index; may be given several times.")  # fmt: skip
@click.option("--trust", "trust_files", type=_FILE, multiple=True, metavar="PUB",
              help="List only packages that are signed by this public key.")  # fmt: skip
@click.option("--others", "others_model", metavar="MODEL",
              help="Also list files of other makers for this model, by the revisions in their "
              "names.")  # fmt: skip
@click.option("-o", "--output", type=_FILE, metavar="FILE",
              help="Where to.  [default: index.cbor in FOLDER]")  # fmt: skip
@click.pass_obj
def index(
    console: Console,
    *,
    folder: Path,
    key_files: tuple[Path, ...],
    trust_files: tuple[Path, ...],
    others_model: str | None,
    output: Path | None,
) -> None:
    """Write an index of the packages in FOLDER, with which updates are found.

    It lists revisions, size and SHA-256 digest of each package, and is signed with --key.
    Nothing is listed twice: of two packages for the same step the smaller one is. What is
    left out is told, with the reason.

    Packages of another maker (<old>-TO-<new>.zip, <old>-<new>.bin) have no manifest that
    could be read. With --others the index vouches for them.

    For example:

    \b
        dfota package index packages --key release.key
        dfota package index packages --key release.key --trust release.pub --others BG96
        dfota package show packages/index.cbor
        dfota package verify packages/index.cbor --key release.pub
    """  # noqa: D301 - click wants the backspace character itself
    keys = [SigningKey.load(file) for file in key_files]
    trusted = [PublicKey.load(file) for file in trust_files]
    target = output if output is not None else folder / INDEX_FILE
    entries: list[IndexEntry] = []
    skipped: list[tuple[str, str]] = []
    for path in _files_in(folder):
        try:
            entries.append(_entry(path, trusted, others_model))
        except DfotaError as error:
            skipped.append((path.name, str(error)))
    if not entries:
        for name, reason in skipped:
            console.warn(f"{plain_text(name)} is left out: {printable(reason)}")
        raise FileUnreadableError(str(folder), "there is no package in it")
    chosen = _smallest(entries, skipped)
    write_atomically(target, build_index(chosen, keys=keys))
    for name, reason in skipped:
        console.warn(f"{plain_text(name)} is left out: {printable(reason)}")
    facts = {
        "index": str(target),
        "packages": [entry_facts(entry) for entry in chosen],
        "skipped": [{"file": name, "reason": reason} for name, reason in skipped],
        "signature": "signed" if keys else "not signed",
        "key_ids": sorted(key.key_id.hex() for key in keys),
    }
    console.result(facts, text=_describe(facts))
    if not keys:
        console.note("The index is not signed: whoever can change it can hide and rename packages.")


def _files_in(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as found:
            names = sorted(one.name for one in found if not one.name.startswith("."))
    except OSError as error:
        raise FileUnreadableError(str(folder), error.strerror or str(error)) from error
    return [folder / name for name in names if Path(name).suffix.lower() in _SUFFIXES]


def _entry(path: Path, trusted: Sequence[PublicKey], others_model: str | None) -> IndexEntry:
    """The entry of one file.

    Raises:
        DfotaError: it cannot be listed.
    """
    if not is_file_name(path.name):
        raise MisuseError("its name has characters that an index does not take")
    if not path.is_file():
        raise MisuseError("it is not a regular file")
    data = read_input(path, LIMITS.package_size)
    digest = Digest.of(data)
    try:
        package = parse(data)
    except ContainerError:
        # A damaged package of ours must not slip in as one that nobody can read.
        if others_model is None or b"signatures.cbor" in data[: 64 * 1024]:
            raise
        return _other(path.name, len(data), digest, others_model)
    if trusted:
        package.verify(trusted)
    return IndexEntry.of(path.name, len(data), digest, package.manifest)


def _other(name: str, size: int, digest: Digest, model: str) -> IndexEntry:
    revisions = revisions_in_name(name)
    if revisions is None:
        raise MisuseError("it is no dfota package, and its name tells no two revisions")
    return IndexEntry(name, size, digest, model, *revisions, promise=None)


def _smallest(
    entries: Sequence[IndexEntry], skipped: list[tuple[str, str]]
) -> tuple[IndexEntry, ...]:
    """One entry for each step."""
    chosen: dict[tuple[bytes, ...], IndexEntry] = {}
    for entry in sorted(entries, key=lambda one: (one.size, one.file)):
        first = chosen.setdefault(entry.key, entry)
        if first is not entry:
            skipped.append((entry.file, f"{first.file} does the same and is no larger"))
    return tuple(sorted(chosen.values(), key=lambda one: one.key))


# -- show and verify ----------------------------------------------------------------------------


def is_index(path: Path) -> bool:
    """Whether the file at *path* looks like an index, and not like a package."""
    try:
        with path.open("rb") as stream:
            return stream.read(1) == b"\x82"
    except OSError:
        return False


def load_index(path: Path) -> Index:
    """Read the index at *path*.

    Raises:
        FileUnreadableError: it cannot be read.
        PackageError: it is none.
    """
    return parse_index(read_input(path, LIMITS.index_size))


def show_index(console: Console, path: Path) -> None:
    """Print what the index at *path* says; nothing of it is verified."""
    parsed = load_index(path)
    facts = {
        "index": str(path),
        "packages": [entry_facts(entry) for entry in parsed.entries],
        "signature": "not verified" if parsed.signatures else "not signed",
        "key_ids": [signature.key_id.hex() for signature in parsed.signatures],
    }
    console.result(facts, text=_describe(facts))


def verify_index(console: Console, path: Path, key_files: Sequence[Path]) -> None:
    """Check the signature of the index at *path*, and every package that lies beside it.

    Raises:
        SignatureError: no trusted key signed it.
        DigestMismatchError: a package is another one than the index says.
    """
    parsed = load_index(path)
    key_ids = parsed.verify([PublicKey.load(file) for file in key_files])
    rows = []
    for entry in parsed.entries:
        beside = path.parent / entry.file
        if beside.is_file():
            actual = Digest.of(read_input(beside, LIMITS.package_size))
            if actual != entry.digest:
                raise DigestMismatchError(entry.file, entry.digest.value, actual.value)
        else:
            console.warn(f"{entry.file} is not beside the index: not checked")
        rows.append(entry_facts(entry) | {"is_there": beside.is_file()})
    facts = {
        "index": str(path),
        "packages": rows,
        "signature": "verified",
        "key_ids": [key_id.hex() for key_id in key_ids],
    }
    console.result(facts, text=_describe(facts))


def entry_facts(entry: IndexEntry) -> dict[str, Any]:
    """An entry for JSON."""
    facts: dict[str, Any] = {
        "file": entry.file,
        "size": entry.size,
        "digest": entry.digest.hex,
        "model": entry.model,
        "old_revision": entry.old_revision.text,
        "new_revision": entry.new_revision.text,
    }
    if entry.promise is not None:
        facts |= {
            "hardware": entry.promise.hardware,
            "old_release_digest": entry.promise.old_release.hex,
            "new_release_digest": entry.promise.new_release.hex,
            "security_counter": entry.promise.security_counter,
            "allows_downgrade": entry.promise.allows_downgrade,
        }
    return facts


def _describe(facts: dict[str, Any]) -> str:
    rows = facts["packages"]
    keys = f", key {', '.join(facts['key_ids'])}" if facts["key_ids"] else ""
    count = f"{len(rows)} package" + ("" if len(rows) == 1 else "s")
    lines = [f"{facts['index']}: {count}, {facts['signature']}{keys}"]
    if not rows:
        return lines[0]
    width = max(len(row["old_revision"]) for row in rows)
    new_width = max(len(row["new_revision"]) for row in rows)
    size_width = max(len(f"{row['size']:,}") for row in rows)
    for row in rows:
        counter = f"counter {row['security_counter']}" if "hardware" in row else "no manifest"
        down = ", may go down" if row.get("allows_downgrade") else ""
        lines.append(
            f"  {row['old_revision']:<{width}} → {row['new_revision']:<{new_width}}  "
            f"{row['size']:>{size_width},} bytes  {counter}{down}  {row['file']}"
        )
    return "\n".join(lines)
