# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota delta``: files in, one call of the delta room, one file or table out."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dfota.cli.console import Console
from dfota.cli.sizes import byte_size, readable
from dfota.errors import (
    FileUnreadableError,
    ImageTooLargeError,
    MisuseError,
    NothingToPatchError,
    PatchCorruptError,
    PatchFormatError,
)

if TYPE_CHECKING:
    from dfota.cli.delta_compare import Outcome
    from dfota.delta import Account, InPlace, PatchInfo, Profile

_FILE = click.Path(path_type=Path)
PROFILES = ("max", "balanced", "embedded")
SECTOR_MIN = 256
SIZE_MAX = 1 << 30


@click.group()
def delta() -> None:
    """Make, apply and look into patches.

    A patch turns one image into another. It carries the digests of both, so that it cannot
    be applied to the wrong image and never gives a wrong result.

    For example:

    \b
        dfota delta create firmware-1.0.bin firmware-1.1.bin update.patch
        dfota delta show update.patch --old firmware-1.0.bin --html update.html
        dfota delta apply firmware-1.0.bin update.patch firmware-1.1.bin
        dfota delta compare firmware-1.0.bin firmware-1.1.bin
    """  # noqa: D301 - click wants the backspace character itself


@delta.command()
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.argument("patch", type=_FILE)
@click.option("--profile", type=click.Choice(PROFILES),
              help="Who applies the patch.  [default: max; embedded with --in-place]")  # fmt: skip
@click.option("--in-place", "sector_size", callback=byte_size(SECTOR_MIN, SIZE_MAX),
              metavar="SECTOR", help="New is written over old, in sectors of this size.")  # fmt: skip
@click.option("--spare", "spare_size", callback=byte_size(0, SIZE_MAX), metavar="SIZE",
              help="With --in-place: free space behind old in its slot, rounded up to whole "
              "sectors.  [default: one sector]")  # fmt: skip
@click.option("--memory", "memory_size", callback=byte_size(1, SIZE_MAX), metavar="SIZE",
              help="Most memory that the device has for it (balanced, embedded).")  # fmt: skip
@click.pass_obj
def create(  # noqa: PLR0917 - click passes each option by name
    console: Console,
    old: Path,
    new: Path,
    patch: Path,
    profile: Profile | None,
    sector_size: int | None,
    spare_size: int | None,
    memory_size: int | None,
) -> None:
    """Make PATCH, which turns the image OLD into the image NEW.

    The profile is for the decoder: max makes the smallest patch and is for computers and
    modules (up to 16 MB of memory), balanced needs up to 1 MB, embedded up to 32 KB. max gives
    a patch of profile balanced where that one is smaller; every applier of max reads it.

    With --in-place, the spare should be at least the growth of the image plus one sector; more
    spare gives smaller patches.

    A PATCH that is there already is replaced. A patch that is larger than NEW is written too,
    with a warning. Sizes are written like 4096, 4k, 0x1000 or 1M.

    For example:

    \b
        dfota delta create firmware-1.0.bin firmware-1.1.bin update.patch
        dfota delta create old.bin new.bin update.patch --profile embedded
        dfota delta create old.bin new.bin update.patch --in-place 4k --spare 16k
    """  # noqa: D301 - click wants the backspace character itself
    from dfota.atomic import write_atomically  # noqa: PLC0415 - keeps --help fast
    from dfota.delta import generate, inspect  # noqa: PLC0415 - keeps --help fast

    in_place = in_place_of(sector_size, spare_size)
    profile = profile or ("max" if in_place is None else "embedded")
    refuse_with_max(profile, in_place=in_place is not None, memory=memory_size is not None)
    _refuse_overwriting(patch, old, new)
    old_image, new_image = _read_pair(old, new)
    started = time.perf_counter()
    with console.progress("comparing", 1.0) as advance:
        made = generate(
            old_image,
            new_image,
            profile=profile,
            in_place=in_place,
            memory_size=memory_size or 0,
            progress=lambda done, total: advance(done / max(total, 1)),
        )
    seconds = time.perf_counter() - started
    info = inspect(made)
    if memory_size is not None and info.memory_size > memory_size:
        raise MisuseError(
            f"the least that this patch can do with is {_bytes(info.memory_size)} of memory, "
            f"--memory allows {_bytes(memory_size)}",
            f"Give --memory {info.memory_size} or more.",
        )
    write_atomically(patch, made)
    smaller = info.patch_size < info.new_size
    if info.new_size and not smaller:
        console.warn("the patch is not smaller than the new image: send the image instead")
    console.result(
        {
            "patch": str(patch),
            **info.to_json(),
            "smaller_than_new": smaller,
            "seconds": round(seconds, 3),
        },
        text=f"{patch}: {_bytes(info.patch_size)}, {_share(info)}, made in {seconds:.1f} s",
    )


def _share(info: PatchInfo) -> str:
    if not info.new_size:
        return "the new image is empty"
    return f"{info.ratio:.2%} of the new image's {_bytes(info.new_size)}"


def refuse_with_max(profile: Profile, *, in_place: bool, memory: bool) -> None:
    """Refuse the options that profile max does not have.

    Raises:
        MisuseError: there is one.
    """
    if profile == "max" and in_place:
        raise MisuseError(
            "--in-place does not go with --profile max, which reads all of old: "
            "it cannot update in place",
            "Use --profile embedded or balanced.",
        )
    if profile == "max" and memory:
        raise MisuseError(
            "--memory goes with the profiles balanced and embedded",
            "Use --profile embedded or balanced.",
        )


def in_place_of(sector_size: int | None, spare_size: int | None) -> InPlace | None:
    """What --in-place and --spare mean together.

    Raises:
        MisuseError: --spare without --in-place, or too much of it.
    """
    from dfota.delta import InPlace  # noqa: PLC0415 - keeps --help fast

    if sector_size is None:
        if spare_size is not None:
            raise MisuseError(
                "--spare goes with --in-place", "Give --in-place SECTOR too, or leave --spare out."
            )
        return None
    if spare_size is None:
        return InPlace(sector_size, sector_size)
    whole = -(-spare_size // sector_size) * sector_size
    if whole > SIZE_MAX:
        raise MisuseError(
            f"--spare {spare_size} is over {SIZE_MAX:,} bytes in whole sectors",
            f"Give --spare {SIZE_MAX // sector_size * sector_size} or less.",
        )
    return InPlace(sector_size, whole)


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
        text=f"{new}: {_bytes(len(image)) if image else 'empty'}, SHA-256 {digest}",
    )


@delta.command()
@click.argument("patch", type=_FILE)
@click.option("--old", type=_FILE, metavar="FILE",
              help="The old image: tells what became of every byte.")  # fmt: skip
@click.option("--html", type=_FILE, metavar="FILE",
              help="Write a picture of old, new and the moves between them.")  # fmt: skip
@click.option("--map", "with_map", is_flag=True, help="List every move.")
@click.pass_obj
def show(
    console: Console, patch: Path, old: Path | None, html: Path | None, with_map: bool
) -> None:
    """Tell what PATCH is for and where its bytes went.

    Without the old image this is what the header and the map say. With it the patch is
    decoded, and each byte of new is copied (as it is in old), predicted (part of a reference
    that moved, and came out right), corrected, or literal (new).

    For example:

    \b
        dfota delta show update.patch
        dfota delta show update.patch --old firmware-1.0.bin
        dfota delta show update.patch --old firmware-1.0.bin --html update.html
    """  # noqa: D301 - click wants the backspace character itself
    from dfota.cli.delta_text import description  # noqa: PLC0415 - keeps --help fast
    from dfota.delta import inspect  # noqa: PLC0415 - keeps --help fast

    if html is not None:
        _refuse_overwriting(html, patch, *(() if old is None else (old,)))
    code = _read_patch(patch)
    account = None if old is None else _account(console, code, _read_image(old))
    info = inspect(code) if account is None else account.info
    text = description(str(patch), info, account, with_map=with_map)
    facts: dict[str, Any] = {"patch": str(patch), **(account or info).to_json()}
    if with_map:
        facts["blocks"] = [
            {"new": block.new_offset, "old": block.old_offset, "length": block.length}
            for block in info.blocks
        ]
    if html is not None:
        _draw(html, info, account, patch_name=patch.name, old_name=old.name if old else None)
        facts["html"] = str(html)
        text += f"\n\nthe picture is in {html}"
    console.result(facts, text=text)


def _account(console: Console, code: bytes, old_image: bytes) -> Account:
    from dfota.cli.delta_moves import BIN_COUNT  # noqa: PLC0415 - keeps --help fast
    from dfota.delta import account  # noqa: PLC0415 - keeps --help fast

    with console.progress("decoding", 1.0) as advance:
        return account(
            code,
            old_image,
            bin_count=BIN_COUNT,
            progress=lambda done, total: advance(done / max(total, 1)),
        )


def _draw(
    html: Path, info: PatchInfo, account: Account | None, *, patch_name: str, old_name: str | None
) -> None:
    from dfota.atomic import write_atomically  # noqa: PLC0415 - keeps --help fast
    from dfota.cli.delta_picture import page  # noqa: PLC0415 - keeps --help fast

    write_atomically(html, page(info, account, patch_name=patch_name, old_name=old_name))


@delta.command()
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option("--profile", "profiles", type=click.Choice(PROFILES), multiple=True,
              help="Only this profile; may be given several times.")  # fmt: skip
@click.option("--no-peers", is_flag=True, help="Only dfota, no other tools.")
@click.pass_obj
def compare(
    console: Console, old: Path, new: Path, profiles: tuple[str, ...], no_peers: bool
) -> None:
    """Make the patch from OLD to NEW with every profile, and with other tools.

    Whatever of bsdiff, xdelta3, zstd and the Python packages hdiffpatch, detools and bsdiff4
    is installed takes part, at its strongest setting. Every patch is applied and compared.
    Memory is the peak of applying, with both images; a decoder that reads them from flash
    needs only what the column "decoder" says.

    For example:

    \b
        dfota delta compare firmware-1.0.bin firmware-1.1.bin
        dfota delta compare old.bin new.bin --profile embedded --no-peers
    """  # noqa: D301 - click wants the backspace character itself
    from dfota.cli import delta_compare  # noqa: PLC0415 - keeps --help fast

    old_image, new_image = _read_pair(old, new)
    tools = [
        delta_compare.ours(profile) for profile in PROFILES if profile in (profiles or PROFILES)
    ]
    peers = () if no_peers else delta_compare.PEERS
    tools += [peer for peer in peers if peer.is_here]
    absent = [peer.name for peer in peers if not peer.is_here]
    if absent:
        console.note(f"not installed, so not compared: {', '.join(absent)}")
    with console.progress("comparing", len(tools)) as advance:
        outcomes = list(delta_compare.run(tools, old_image, new_image, advance))
    best = min(
        (o.size for o in outcomes if o.size is not None and not o.tool.is_ours), default=None
    )
    console.result(
        {
            "old_size": len(old_image),
            "new_size": len(new_image),
            "best_peer_size": best,
            "not_installed": absent,
            "results": [outcome.to_json(len(new_image), best) for outcome in outcomes],
        },
        text=_comparison(outcomes, len(new_image), best),
    )
    for outcome in outcomes:
        if outcome.tool.is_ours and outcome.failure:
            raise PatchCorruptError(f"{outcome.tool.name} {outcome.failure}")


def _comparison(outcomes: list[Outcome], new_size: int, best: int | None) -> str:
    from dfota.cli.delta_text import table  # noqa: PLC0415 - keeps --help fast

    rows = [
        [
            outcome.tool.name,
            "-" if outcome.size is None else f"{outcome.size:,}",
            "-" if outcome.size is None or not new_size else f"{outcome.size / new_size:.2%}",
            "-" if outcome.size is None or not best else f"{outcome.size / best:.3f}",
            _seconds(outcome.create_s),
            _seconds(outcome.apply_s),
            _peak(outcome.apply_memory),
            "-" if outcome.decoder_memory is None else readable(outcome.decoder_memory),
        ]
        for outcome in outcomes
    ]
    heads = ("tool", "bytes", "of new", "of best peer", "create", "apply", "memory", "decoder")
    failed = [f"  {o.tool.name}: {o.failure}" for o in outcomes if o.failure]
    size = _bytes(new_size) if new_size else "empty"
    lines = [f"from old to new ({size}), every patch applied and compared:"]
    return "\n".join([*lines, *table(heads, rows), *failed])


def _peak(size: int | None) -> str:
    """Under a megabyte it is noise."""
    if size is None:
        return "-"
    return "< 1 MiB" if size < 1 << 20 else readable(size)


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f} s"


def _read_pair(old: Path, new: Path) -> tuple[bytes, bytes]:
    """Both images.

    Raises:
        NothingToPatchError: they are the same.
    """
    old_image, new_image = _read_image(old), _read_image(new)
    if old_image == new_image:
        raise NothingToPatchError(str(old), str(new))
    return old_image, new_image


def _bytes(count: int) -> str:
    return f"{count:,} byte" if count == 1 else f"{count:,} bytes"


def _refuse_overwriting(output: Path, *inputs: Path) -> None:
    for given in inputs:
        try:
            same = output.samefile(given)
        except OSError:  # one of them is not there: reading will say so, or all is well
            same = False
        if same and output.is_file():
            raise MisuseError(f"{output} is an input", "Give another file for the output.")


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
