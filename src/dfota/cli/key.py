# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota key``: make and show keys; what they sign is not known here."""

from __future__ import annotations

import os
from pathlib import Path

import click

from dfota.cli.console import Console
from dfota.errors import KeyFileError, OutputError
from dfota.package import PublicKey, SigningKey


@click.group()
def key() -> None:
    """Make the keys that sign and verify packages."""


@key.command()
@click.argument("name", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace existing key files. They cannot be restored.")
@click.pass_obj
def new(console: Console, name: Path, force: bool) -> None:
    """Make a key pair: NAME.key (secret, signs) and NAME.pub (public, verifies).

    For example:

        dfota key new release
    """
    secret_path, public_path = _with_suffix(name, ".key"), _with_suffix(name, ".pub")
    if not force:
        for path in (secret_path, public_path):  # before either is written
            if os.path.lexists(path):
                raise OutputError(str(path), "the file exists already; --force replaces it")
    signing_key = SigningKey.generate()
    signing_key.save(secret_path, overwrite=force)
    signing_key.public_key.save(public_path, overwrite=force)
    console.note(f"Keep {secret_path} secret; give {public_path} to whoever verifies.")
    console.result(
        {
            "key_id": signing_key.key_id.hex(),
            "private_key": str(secret_path),
            "public_key": str(public_path),
        }
    )


@key.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def show(console: Console, file: Path) -> None:
    """Print the key id of FILE, a private or a public key. The secret is never printed.

    For example:

        dfota key show release.pub
    """
    kind = "public"
    try:
        public_key = PublicKey.load(file)
    except KeyFileError as not_public:
        try:
            public_key = SigningKey.load(file).public_key
        except KeyFileError as not_private:
            # Of two refusals the one that knows what kind of file it is says more.
            raise (not_public if "private" not in not_public.reason else not_private) from None
        kind = "private"
    console.result({"key_id": public_key.key_id.hex(), "kind": kind, "raw": public_key.raw.hex()})


def _with_suffix(name: Path, suffix: str) -> Path:
    """NAME.key also for a NAME that has a dot of its own."""
    return name.with_name(name.name + suffix)
