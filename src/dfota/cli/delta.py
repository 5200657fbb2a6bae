# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota delta``: files in, one call of the delta room, one file or table out."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dfota.cli.console import Console
from dfota.errors import FileUnreadableError, ImageTooLargeError, PatchFormatError

if TYPE_CHECKING:
    from dfota.delta import PatchInfo

_FILE = click.Path(path_type=Path)


@click.group()
def delta() -> None:
    """Make, apply and look into patches.

    A patch turns one image into another. It carries the digests of both, so that it cannot
    be applied to the wrong image and never gives a wrong result.
    """


@delta.command()
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.argument("patch", type=_FILE)
@click.pass_obj
def create(console: Console, old: Path, new: Path, patch: Path) -> None:
    """Make PATCH, which turns the image OLD into the image NEW.

    For example:

        dfota delta create firmware-1.0.bin firmware-1.1.bin update.patch
    """
    from dfota.atomic import write_atomically  # noqa: PLC0415 - keeps --help fast
    from dfota.delta import generate, inspect  # noqa: PLC0415 - keeps --help fast

    _refuse_overwriting(patch, old, new)
    old_image, new_image = _read_image(old), _read_image(new)
    with console.progress("comparing", len(old_image) + 2 * len(new_image)) as advance:
        made = generate(old_image, new_image, progress=lambda done, _total: advance(done))
    write_atomically(patch, made)
    info = inspect(made)
    if info.is_identical:
        console.note(f"{old} and {new} are the same image; the patch says only that.")
    elif info.patch_size >= info.new_size:
        console.warn("the patch is not smaller than the new image: send the image instead")
    console.result(
        {"patch": str(patch), **info.to_json()},
        text=f"{patch}: {_bytes(info.patch_size)}, {info.ratio:.2%} of the new image's "
        f"{_bytes(info.new_size)}",
    )


@delta.command()
@click.argument("old", type=_FILE)
@click.argument("patch", type=_FILE)
@click.argument("new", type=_FILE)
@click.pass_obj
def apply(console: Console, old: Path, patch: Path, new: Path) -> None:
    """Apply PATCH to the image OLD and write the image NEW.

    NEW is written whole, after its digest was verified, or not at all.

    For example:

        dfota delta apply firmware-1.0.bin update.patch firmware-1.1.bin
    """
    from dfota import delta as room  # noqa: PLC0415 - keeps --help fast
    from dfota.atomic import write_atomically  # noqa: PLC0415 - keeps --help fast
    from dfota.values import Digest  # noqa: PLC0415 - keeps --help fast

    _refuse_overwriting(new, old, patch)
    code, old_image = _read_patch(patch), _read_image(old)
    size = room.PatchReader(io.BytesIO(code).read, lambda _offset, _size: b"").new_size
    with console.progress("applying", size) as advance:
        image = room.apply(old_image, code, progress=lambda done, _total: advance(done))
    write_atomically(new, image)
    digest = Digest.of(image)
    console.result(
        {"new": str(new), "size": len(image), "digest": digest.hex},
        text=f"{new}: {_bytes(len(image))}, SHA-256 {digest}",
    )


@delta.command()
@click.argument("patch", type=_FILE)
@click.pass_obj
def show(console: Console, patch: Path) -> None:
    """Tell what PATCH is for and where the bytes of the new image come from.

    For example:

        dfota delta show update.patch
    """
    from dfota.delta import inspect  # noqa: PLC0415 - keeps --help fast

    info = inspect(_read_patch(patch))
    console.result({"patch": str(patch), **info.to_json()}, text=_describe(patch, info))


def _describe(patch: Path, info: PatchInfo) -> str:
    def share(label: str, count: int, meaning: str) -> str:
        percent = count / info.new_size if info.new_size else 0.0
        return f"  {label:<10} {count:>12,} {percent:>7.2%}  {meaning}"

    lines = [
        f"{patch}: dfota patch, format version {info.format_version}, "
        f"{_bytes(info.patch_size)}" + (f", {info.ratio:.2%} of new" if info.new_size else ""),
        f"  old  {_bytes(info.old_size):>16}  {info.old_digest.hex()}…",
        f"  new  {_bytes(info.new_size):>16}  {info.new_digest.hex()}…",
    ]
    if info.is_identical:
        lines.append("  old and new are the same image")
    stretches = "one stretch" if info.copies == 1 else f"{info.copies:,} stretches"
    lines += [
        "where the bytes of new come from:",
        share("copied", info.copied, f"from old as they are, in {stretches}"),
        share("literal", info.literal, "spelled out in the patch"),
    ]
    return "\n".join(lines)


def _bytes(count: int) -> str:
    return f"{count:,} byte" if count == 1 else f"{count:,} bytes"


def _refuse_overwriting(output: Path, *inputs: Path) -> None:
    for given in inputs:
        try:
            same = output.samefile(given)
        except OSError:  # one of them is not there: reading will say so, or all is well
            same = False
        if same and output.is_file():
            raise click.UsageError(f"{output} is an input; give another file for the output.")


def _read_bounded(path: Path, limit: int) -> bytes:
    """The content of *path*, or its first *limit* + 1 bytes where it is longer."""
    try:
        with path.open("rb") as stream:
            return stream.read(limit + 1)
    except OSError as error:
        raise FileUnreadableError(str(path), error.strerror or str(error)) from error


def _read_image(path: Path) -> bytes:
    from dfota.delta import IMAGE_SIZE_MAX  # noqa: PLC0415 - keeps --help fast

    _refuse_longer(path, IMAGE_SIZE_MAX)
    image = _read_bounded(path, IMAGE_SIZE_MAX)
    if len(image) > IMAGE_SIZE_MAX:
        raise ImageTooLargeError(len(image), IMAGE_SIZE_MAX)
    return image


def _refuse_longer(path: Path, limit: int) -> None:
    """Look at the size before reading, where the file has one."""
    try:
        size = path.stat().st_size if path.is_file() else 0
    except OSError as error:
        raise FileUnreadableError(str(path), error.strerror or str(error)) from error
    if size > limit:
        raise ImageTooLargeError(size, limit)


def _read_patch(path: Path) -> bytes:
    """The patch at *path*; a foreign file is refused by its first bytes, however long it is."""
    from dfota.delta import PATCH_SIZE_MAX, PatchReader  # noqa: PLC0415 - keeps --help fast

    if path.is_file():
        head = io.BytesIO(_read_bounded(path, 4096))
        PatchReader(head.read, lambda _offset, _size: b"")
    code = _read_bounded(path, PATCH_SIZE_MAX)
    if len(code) > PATCH_SIZE_MAX:
        raise PatchFormatError(f"it is longer than {PATCH_SIZE_MAX} bytes")
    return code
