# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What ``dfota delta show`` prints for a person; it decides nothing and reads no file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dfota.delta import Account, PatchInfo, Share

COST_WORDS = {
    "header": "sizes, digests and parameters",
    "map": "regions and moves",
    "kept": "saying that bytes came out right",
    "corrected": "what references and bytes became instead",
    "literal": "new bytes, spelled out",
    "content": "all the rest; --old FILE tells more",
}

KIND_WORDS = {
    "copied": "as they are in old",
    "predicted": "moved references that came out right",
    "corrected": "in old, and changed",
    "literal": "new",
}


def costs(info: PatchInfo, account: Account | None) -> dict[str, int]:
    """What the patch is spent on; ``content`` is all behind the map, without *account*."""
    if account is not None:
        return account.costs
    content = info.patch_size - info.header_size - info.map_size
    return {"header": info.header_size, "map": info.map_size, "content": content}


def description(
    name: str, info: PatchInfo, account: Account | None, *, with_map: bool = False
) -> str:
    """Everything about one patch, in lines."""
    lines = [
        f"{name}: dfota patch, format version {info.format_version}, profile {info.profile}, "
        f"{count(info.patch_size)}" + (f", {info.ratio:.2%} of new" if info.new_size else ""),
        f"  old  {_image(info.old_size):>18}  {info.old_digest.hex()}…",
        f"  new  {_image(info.new_size):>18}  {info.new_digest.hex()}…",
        f"  the decoder needs {count(info.memory_size)} of memory",
    ]
    if info.sector_size:
        lines.append(
            f"  in place: sectors of {count(info.sector_size)}, {count(info.spare_size)} to spare"
        )
    if info.is_identical:
        lines.append("  old and new are the same image")
    lines += ["", "where the patch went:"]
    spent = costs(info, account)
    lines += _amounts(spent, COST_WORDS, info.patch_size)
    if not info.new_size:
        return "\n".join(lines)
    lines += ["", "where the bytes of new come from:"]
    if account is None:
        from_old = {"old": info.copied, "literal": info.literal}
        words = {"old": "copied, predicted or corrected; --old FILE tells", "literal": "new"}
        lines += _amounts(from_old, words, info.new_size)
    else:
        made_of = {kind: getattr(account.total, kind) for kind in KIND_WORDS}
        lines += _amounts(made_of, KIND_WORDS, info.new_size)
    lines += ["", *_regions(info, account)]
    if account is not None:
        lines += ["", *_architectures(account)]
    if with_map:
        lines += ["", *_map(info)]
    return "\n".join(lines)


def count(size: int) -> str:
    """A number of bytes, in words."""
    return "1 byte" if size == 1 else f"{size:,} bytes"


def _image(size: int) -> str:
    return count(size) if size else "empty"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Columns as wide as they need to be; the first *left* of them to the left."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if index < left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (heads, *rows)
    ]


def _amounts(amounts: dict[str, int], words: dict[str, str], total: int) -> Iterator[str]:
    for name, amount in amounts.items():
        percent = amount / total if total else 0.0
        yield f"  {name:<10} {amount:>12,} {percent:>7.2%}  {words[name]}"


_SHARE_HEADS = (*KIND_WORDS, "patch bytes")


def _cells(share: Share) -> list[str]:
    return [*(f"{getattr(share, kind):,}" for kind in KIND_WORDS), f"{share.cost:,.0f}"]


def _regions(info: PatchInfo, account: Account | None) -> Iterator[str]:
    yield f"regions of old ({len(info.segments)}) and {len(info.blocks):,} moves:"
    rows = []
    for index, segment in enumerate(info.segments):
        words = f", {segment.words}" if segment.words else ""
        rows.append(
            [
                f"{index + 1} {segment.isa}{words}",
                f"{segment.begin:#x}",
                f"{segment.end:#x}",
                f"{segment.old_address:#010x}",
                *(_cells(account.shares[index]) if account else ()),
            ]
        )
    if account is not None and (account.elsewhere.size or not rows):
        rows.append(["in no region", "", "", "", *_cells(account.elsewhere)])
    if rows:
        heads = ("region", "from", "to", "runs at", *(_SHARE_HEADS if account else ()))
        yield from table(heads, rows)


def _architectures(account: Account) -> Iterator[str]:
    yield "architectures:"
    rows = [[name, *_cells(share)] for name, share in account.by_architecture.items()]
    yield from table(("architecture", *_SHARE_HEADS), rows)


def _map(info: PatchInfo) -> Iterator[str]:
    yield "the map, in order of new:"
    rows = [
        [
            f"{block.new_offset:#x}",
            f"{block.old_offset:#x}",
            f"{block.length:,}",
            f"{block.new_offset - block.old_offset:+,}",
            "plain" if block.is_plain else "",
        ]
        for block in info.blocks
    ]
    yield from table(("new", "old", "bytes", "moved by", ""), rows, left=0)
