# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota package``: build, show, verify and apply packages.

The only place where packages and patches meet: the package room is given the functions
that make and apply patches. No rule of the format is known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_args

import click

from dfota import delta
from dfota.atomic import write_atomically
from dfota.cli.console import Advance, Console
from dfota.cli.delta import SECTOR_MIN, SIZE_MAX, in_place_of, refuse_with_max
from dfota.cli.package_index import index, is_index, show_index, verify_index
from dfota.cli.sizes import byte_size
from dfota.errors import MisuseError
from dfota.package import (
    SINGLE_PARTITION,
    Manifest,
    PartitionChange,
    PublicKey,
    Release,
    SigningKey,
    VerifiedPackage,
    apply_package,
    build,
    load_package,
    load_release,
    parse,
    save_release,
)

_FILE = click.Path(path_type=Path)


@click.group()
def package() -> None:
    """Build, show, verify and apply packages.

    OLD and NEW are releases: a directory with a firmware.toml and one file per partition,
    or a single image file.
    """


package.add_command(index)


@package.command(name="build")
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.argument("output", type=_FILE)
@click.option("--key", "key_files", type=_FILE, multiple=True, required=True, metavar="FILE",
              help="Private key that signs; may be given several times.")  # fmt: skip
@click.option("--profile", type=click.Choice(get_args(delta.Profile)),
              help="Who applies the patches; max makes the smallest.  [default: max; embedded "
              "with --in-place]")  # fmt: skip
@click.option("--in-place", "sector_size", callback=byte_size(SECTOR_MIN, SIZE_MAX),
              metavar="SECTOR", help="For a module without a backup partition: new is written "
              "over old, in sectors of this size.")  # fmt: skip
@click.option("--spare", "spare_size", callback=byte_size(0, SIZE_MAX), metavar="SIZE",
              help="With --in-place: free space behind old in every slot that changes.  "
              "[default: one sector]")  # fmt: skip
@click.option("--allow-downgrade", is_flag=True,
              help="Let the package lower the module's security counter.")  # fmt: skip
@click.option("--model", help="Model of a single image file.  [default: BG96]")
@click.option("--hardware", help="Hardware of a single image file.  [default: BG96]")
@click.option("--old-revision", help="Revision of OLD if it is a single image file.")
@click.option("--new-revision", help="Revision of NEW if it is a single image file.")
@click.pass_obj
def build_command(  # noqa: PLR0917 - click passes each option by name
    console: Console,
    old: Path,
    new: Path,
    output: Path,
    key_files: tuple[Path, ...],
    profile: delta.Profile | None,
    sector_size: int | None,
    spare_size: int | None,
    allow_downgrade: bool,
    model: str | None,
    hardware: str | None,
    old_revision: str | None,
    new_revision: str | None,
) -> None:
    """Build OUTPUT, the signed package that turns the release OLD into NEW.

    A downgrade is just the package with OLD and NEW exchanged.

    For example:

    \b
        dfota package build release-1 release-2 update.zip --key release.key
        dfota package build old.bin new.bin update.zip --key release.key --new-revision R2
        dfota package build release-1 release-2 update.zip --key release.key --in-place 128k
    """  # noqa: D301 - click wants the backspace character itself
    in_place = in_place_of(sector_size, spare_size)
    profile = profile or ("max" if in_place is None else "embedded")
    refuse_with_max(profile, in_place=in_place is not None, memory=False)
    keys = [SigningKey.load(file) for file in key_files]
    identity = _IdentityOptions(old, new, model, hardware)
    old_release = identity.load(old, old_revision)
    new_release = identity.load(new, new_revision)
    _refuse_to_overwrite(output, old, new)
    built = _build(
        console,
        old_release,
        new_release,
        keys,
        profile=profile,
        in_place=in_place,
        allow_downgrade=allow_downgrade,
    )
    write_atomically(output, built)
    full_size = new_release.size
    facts = {
        "package": str(output),
        **_manifest_facts(parse(built).manifest, len(built)),
        "full_size": full_size,
        "signature": "signed",
        "key_ids": sorted(key.key_id.hex() for key in keys),
    }
    share = 100 * len(built) / full_size
    saved = f"{len(built):,} bytes, {share:.1f} % of the {full_size:,} of the whole new firmware"
    console.result(facts, text=f"{_describe(facts)}\n\n{output}: {saved}")


@package.command()
@click.argument("file", type=_FILE, metavar="PACKAGE")
@click.pass_obj
def show(console: Console, file: Path) -> None:
    """Print what PACKAGE says of itself. Needs no key, so nothing of it is verified.

    PACKAGE may also be an index of packages.

    For example:

    \b
        dfota package show update.zip
        dfota package show packages/index.cbor
    """  # noqa: D301 - click wants the backspace character itself
    if is_index(file):
        show_index(console, file)
        return
    parsed = load_package(file)
    facts = {
        "package": str(file),
        **_manifest_facts(parsed.manifest, parsed.size),
        "signature": "not verified",
        "key_ids": [signature.key_id.hex() for signature in parsed.signatures],
    }
    console.result(facts, text=_describe(facts))


@package.command()
@click.argument("file", type=_FILE, metavar="PACKAGE")
@click.option("--key", "key_files", type=_FILE, multiple=True, required=True, metavar="FILE",
              help="Public key that is trusted; may be given several times.")  # fmt: skip
@click.pass_obj
def verify(console: Console, file: Path, key_files: tuple[Path, ...]) -> None:
    """Check the structure, signatures and digests of PACKAGE.

    PACKAGE may also be an index: then the packages beside it are compared with it.

    For example:

    \b
        dfota package verify update.zip --key release.pub
        dfota package verify packages/index.cbor --key release.pub
    """  # noqa: D301 - click wants the backspace character itself
    if is_index(file):
        verify_index(console, file, key_files)
        return
    verified = _verify(file, key_files)
    facts = {
        "package": str(file),
        **_manifest_facts(verified.manifest, verified.size),
        "signature": "verified",
        "key_ids": [key_id.hex() for key_id in verified.key_ids],
    }
    console.result(facts, text=_describe(facts))


@package.command()
@click.argument("file", type=_FILE, metavar="PACKAGE")
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option("--key", "key_files", type=_FILE, multiple=True, required=True, metavar="FILE",
              help="Public key that is trusted; may be given several times.")  # fmt: skip
@click.pass_obj
def apply(console: Console, file: Path, old: Path, new: Path, key_files: tuple[Path, ...]) -> None:
    """Verify PACKAGE, apply it to the release OLD and write the release NEW.

    NEW is a directory, written whole or not at all; it is a file where OLD is a single
    image file.

    For example:

        dfota package apply update.zip release-1 release-2 --key release.pub
    """
    verified = _verify(file, key_files)
    manifest = verified.manifest
    if old.is_dir():
        old_release = load_release(old)
    else:
        # A single image has no identity of its own; its digest is checked all the same.
        old_release = load_release(
            old,
            model=manifest.model,
            hardware=manifest.hardware,
            revision=manifest.old_revision.text,
        )
    sizes = [part.new_size for part in manifest.partitions]
    with console.progress("Applying", sum(sizes)) as advance:
        apply_patch = _Counting(advance, max(sizes, default=0)).apply_patch
        new_release = apply_package(verified, old_release, apply_patch)
    names = [part.name for part in new_release.partitions]
    if not old.is_dir() and names == [SINGLE_PARTITION]:
        _refuse_to_overwrite(new, old, file)
        write_atomically(new, new_release.partitions[0].data)
    else:
        save_release(new_release, new)
    console.result(
        {
            "release": str(new),
            "model": new_release.model,
            "hardware": new_release.hardware,
            "revision": new_release.revision.text,
            "release_digest": new_release.digest.hex,
            "size": new_release.size,
        }
    )


class _IdentityOptions:
    """``--model`` and ``--hardware``, which identify single image files only."""

    def __init__(self, old: Path, new: Path, model: str | None, hardware: str | None) -> None:
        if old.is_dir() and new.is_dir() and not (model is None and hardware is None):
            raise MisuseError(
                "--model and --hardware are for single image files; "
                "a release directory says both in its firmware.toml"
            )
        self._model = model
        self._hardware = hardware

    def load(self, path: Path, revision: str | None) -> Release:
        """Load one release."""
        if path.is_dir():
            return load_release(path, revision=revision)
        return load_release(path, model=self._model, hardware=self._hardware, revision=revision)


class _Counting:
    """Applies patches and tells a progress bar how many new bytes there are."""

    def __init__(self, advance: Advance, image_size_max: int) -> None:
        self._advance = advance
        self._image_size_max = image_size_max
        self._done = 0

    def apply_patch(self, old: bytes, patch: bytes) -> bytes:
        """Apply one patch."""
        new = delta.apply(old, patch, image_size_max=self._image_size_max)
        self._done += len(new)
        self._advance(self._done)
        return new


def _build(
    console: Console,
    old: Release,
    new: Release,
    keys: Sequence[SigningKey],
    *,
    profile: delta.Profile,
    in_place: delta.InPlace | None,
    allow_downgrade: bool,
) -> bytes:
    done_before = 0
    generate = partial(delta.generate, in_place=in_place) if in_place else delta.generate
    with console.progress("Building", new.size) as advance:

        def within(size: int) -> Callable[[int, int], None]:
            return lambda done, total: advance(done_before + size * done / max(total, 1))

        def make_patch(old_image: bytes, new_image: bytes) -> bytes:
            return generate(old_image, new_image, profile=profile, progress=within(len(new_image)))

        def progress(done: int, _total: int) -> None:
            nonlocal done_before
            done_before = done
            advance(done)

        return build(
            old,
            new,
            keys=keys,
            make_patch=make_patch,
            allow_downgrade=allow_downgrade,
            progress=progress,
        )


def _verify(file: Path, key_files: Sequence[Path]) -> VerifiedPackage:
    trusted = [PublicKey.load(key_file) for key_file in key_files]
    return load_package(file).verify(trusted)


def _refuse_to_overwrite(output: Path, *inputs: Path) -> None:
    for path in inputs:
        if output.exists() and path.exists() and output.samefile(path):
            raise MisuseError(f"{output} is an input of this command; choose another output")


def _manifest_facts(manifest: Manifest, size: int) -> dict[str, Any]:
    return {
        "size": size,
        "model": manifest.model,
        "hardware": manifest.hardware,
        "old_revision": manifest.old_revision.text,
        "new_revision": manifest.new_revision.text,
        "old_release_digest": manifest.old_release.hex,
        "new_release_digest": manifest.new_release.hex,
        "security_counter": manifest.security_counter,
        "allows_downgrade": manifest.allows_downgrade,
        "partitions": [_partition_facts(part) for part in manifest.partitions],
    }


def _partition_facts(part: PartitionChange) -> dict[str, Any]:
    return {
        "name": part.name,
        "action": part.action.name.lower(),
        "old_size": part.old_size,
        "new_size": part.new_size,
        "payload_size": part.payload_size,
        "old_digest": part.old_digest.hex if part.old_digest else None,
        "new_digest": part.new_digest.hex if part.new_digest else None,
        "payload_digest": part.payload_digest.hex if part.payload_digest else None,
    }


def _describe(facts: dict[str, Any]) -> str:
    """The facts of a package for a person."""
    downgrade = "allows a downgrade" if facts["allows_downgrade"] else "allows no downgrade"
    lines = [
        f"package           {facts['package']} ({facts['size']:,} bytes)",
        f"for               {facts['model']}, hardware {facts['hardware']}",
        f"old revision      {facts['old_revision']}",
        f"new revision      {facts['new_revision']}",
        f"old release       {facts['old_release_digest']}",
        f"new release       {facts['new_release_digest']}",
        f"security counter  {facts['security_counter']}, {downgrade}",
        f"signature         {facts['signature']}, key {', '.join(facts['key_ids'])}",
    ]
    parts = facts["partitions"]
    if not parts:
        return "\n".join([*lines, "", "No partition changes."])
    width = max(len("partition"), *(len(part["name"]) for part in parts))
    lines += [
        "",
        f"{'partition':<{width}}  action {'old bytes':>12} {'new bytes':>12} {'sent':>12}",
    ]
    lines += [
        f"{part['name']:<{width}}  {part['action']:<6} {part['old_size']:>12,} "
        f"{part['new_size']:>12,} {part['payload_size']:>12,}"
        for part in parts
    ]
    return "\n".join(lines)
