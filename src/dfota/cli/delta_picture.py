# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""One HTML page about one patch: picture, bars and tables; no script, nothing from elsewhere."""

from __future__ import annotations

from html import escape

from dfota.cli.delta_moves import KINDS, Colours, picture, what
from dfota.cli.delta_text import COST_WORDS, KIND_WORDS, costs
from dfota.delta import Account, PatchInfo, Share

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_STYLE = """
:root { color-scheme: light dark; --paper: #fbfbf9; --ink: #1d2430; --soft: #667085;
  --line: #d9dce1; --card: #fff;
  --copied: #a9b8c9; --predicted: #1f9e78; --corrected: #e8a33d; --literal: #d6455d;
  --kept: #a9b8c9; --header: #5f6b7a; --map: #8d6fc4; --content: #a9b8c9;
  --c0: #9aa1ab; --c1: #3f74b5; --c2: #2f9fa8; --c3: #8a63b8; --c4: #b07d3c; --c5: #6b9a3a;
  --c6: #c06a9c; --c7: #5b6fd0; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171c; --ink: #e6e8eb;
  --soft: #98a2b3; --line: #333a44; --card: #1b1f26;
  --copied: #5b6b7f; --predicted: #2fb98f; --corrected: #e5a84b; --literal: #e8606f;
  --kept: #5b6b7f; --header: #98a2b3; --map: #a48add; --content: #5b6b7f;
  --c0: #767d88; --c1: #5b93d6; --c2: #45b5bd; --c3: #a27fd0; --c4: #c99552; --c5: #86b653;
  --c6: #d384b3; --c7: #7f90e8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.35rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 1rem; overflow-x: auto; }
svg { display: block; width: 100%; min-width: 40rem; height: auto; }
.c0 { fill: var(--c0) } .c1 { fill: var(--c1) } .c2 { fill: var(--c2) } .c3 { fill: var(--c3) }
.c4 { fill: var(--c4) } .c5 { fill: var(--c5) } .c6 { fill: var(--c6) } .c7 { fill: var(--c7) }
.copied { fill: var(--copied) } .predicted { fill: var(--predicted) }
.corrected { fill: var(--corrected) } .literal { fill: var(--literal) }
.pale { fill-opacity: .3 } .still { pointer-events: none }
.r { fill-opacity: .3 } .r:hover { fill-opacity: .85 }
.ghost { fill: transparent } .ghost:hover { fill: var(--ink); fill-opacity: .2 }
.label { fill: #fff; font: 600 12px system-ui, sans-serif; text-anchor: middle }
.tick { fill: var(--soft); font: 10px ui-monospace, monospace }
.heading { fill: var(--ink); font: 600 12px system-ui, sans-serif }
.halo { paint-order: stroke; stroke: var(--card); stroke-width: 5px; stroke-linejoin: round }
.bar { display: flex; height: 1.75rem; border-radius: 5px; overflow: hidden; gap: 1px }
.bar span { min-width: 1px }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; margin: .6rem 0 0; padding: 0;
  list-style: none }
.legend b { font-variant-numeric: tabular-nums }
i { display: inline-block; width: .75em; height: .75em; border-radius: 2px; margin-right: .4em }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums;
  font-size: .9rem }
th, td { padding: .3rem .5rem; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap }
th { color: var(--soft); font-weight: 600 } td.text, th.text { text-align: left }
tfoot td { font-weight: 600; border-bottom: 0 }
"""


def page(
    info: PatchInfo, account: Account | None, *, patch_name: str, old_name: str | None = None
) -> bytes:
    """The page as UTF-8; the names are shown, whatever they contain."""
    colours = Colours(info.segments)
    ratio = f", {info.ratio:.2%} of new" if info.new_size else ""
    facts = (
        f"{info.patch_size:,} bytes{ratio}. Profile <b>{escape(info.profile)}</b>; "
        f"the decoder needs {info.memory_size:,} bytes of memory.{_in_place(info)}"
    )
    old = _image(info.old_size, info.old_digest, old_name)
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(patch_name)}: where the bytes went</title>",
        f"<style>{_STYLE}</style></head><body>",
        f"<h1>{escape(patch_name)}</h1>",
        f"<p>{facts}</p>",
        f'<p class="soft">old {old}<br>new {_image(info.new_size, info.new_digest, None)}</p>',
        "<h2>Where the patch went</h2>",
        _bar(costs(info, account), COST_WORDS),
    ]
    if info.new_size:
        parts += _old_and_new(info, account, colours)
    return "\n".join([*parts, "</body></html>\n"]).encode("utf-8", "replace")


def _old_and_new(info: PatchInfo, account: Account | None, colours: Colours) -> list[str]:
    """What there is to draw and tell of a new image that is not empty."""
    parts = [
        "<h2>Old and new</h2>",
        f'<div class="card">{picture(info, account, colours)}{_legend(info, colours)}</div>',
    ]
    if account is not None:
        made_of = {kind: getattr(account.total, kind) for kind in KINDS}
        parts += ["<h2>Where the bytes of new come from</h2>", _bar(made_of, KIND_WORDS)]
    parts += ["<h2>Regions of old</h2>", _region_table(info, account, colours)]
    if account is not None:
        parts += ["<h2>Architectures</h2>", _architecture_table(account)]
    return parts


def _in_place(info: PatchInfo) -> str:
    if not info.sector_size:
        return ""
    return f" In place, in sectors of {info.sector_size:,} bytes with {info.spare_size:,} to spare."


def _image(size: int, digest: bytes, name: str | None) -> str:
    called = f"{escape(name)}, " if name else ""
    amount = f"{size:,} bytes" if size else "empty"
    return f"{called}{amount}, SHA-256 <code>{digest.hex()}…</code>"


def _bar(amounts: dict[str, int], words: dict[str, str]) -> str:
    """Amounts as one bar and its legend."""
    total = sum(amounts.values()) or 1
    shown = {name: amount for name, amount in amounts.items() if amount}
    pieces = "".join(
        f'<span style="flex:{amount} 0 0;background:var(--{name})" '
        f'title="{name}: {amount:,} bytes, {amount / total:.1%}"></span>'
        for name, amount in shown.items()
    )
    entries = "".join(
        f'<li><i style="background:var(--{name})"></i>{name} <b>{amount:,}</b> '
        f'<span class="soft">{amount / total:.1%}, {words[name]}</span></li>'
        for name, amount in amounts.items()
    )
    return f'<div class="bar">{pieces}</div><ul class="legend">{entries}</ul>'


def _legend(info: PatchInfo, colours: Colours) -> str:
    """What the colours of strips and ribbons mean."""
    if colours.by_region:
        named = [
            (colours.of_region[index], f"{index + 1} {region.isa}")
            for index, region in enumerate(info.segments)
        ]
    else:
        of_name = {
            region.isa: colours.of_region[index] for index, region in enumerate(info.segments)
        }
        named = [(of_name[name], name) for name in colours.architectures]
    entries = [_entry(f"c{colour}", name) for colour, name in named]
    entries += [_entry("c0", "in no region"), _entry("literal", "new bytes")]
    pale = '<span class="soft">pale: not in new any more</span>'
    return f'<ul class="legend">{"".join(entries)}<li>{pale}</li></ul>'


def _entry(colour: str, name: str) -> str:
    return f'<li><i style="background:var(--{colour})"></i>{escape(name)}</li>'


_SHARE_HEADS = (*KINDS, "patch bytes")


def _heads(*names: str) -> str:
    cells = "".join(f"<th>{name}</th>" for name in names[1:])
    return f'<thead><tr><th class="text">{names[0]}</th>{cells}</tr></thead>'


def _share_cells(share: Share | None) -> str:
    if share is None:
        return ""
    amounts = [f"{getattr(share, kind):,}" for kind in KINDS]
    return "".join(f"<td>{text}</td>" for text in (*amounts, f"{share.cost:,.0f}"))


def _region_table(info: PatchInfo, account: Account | None, colours: Colours) -> str:
    columns = _SHARE_HEADS if account is not None else ()
    shares = account.shares if account is not None else (None,) * len(info.segments)
    rows = [
        f'<tr><td class="text"><i style="background:var(--c{colours.of_region[index]})"></i>'
        f"{index + 1} {escape(what(region))}</td>"
        f"<td>0x{region.begin:x}</td><td>0x{region.end:x}</td>"
        f"<td>0x{region.old_address:08x}</td>{_share_cells(share)}</tr>"
        for index, (region, share) in enumerate(zip(info.segments, shares, strict=True))
    ]
    none = "<td></td>" * 3
    foot = ""
    if account is None or account.elsewhere.size or not info.segments:
        rows.append(
            '<tr><td class="text"><i style="background:var(--c0)"></i>in no region</td>'
            f"{none}{_share_cells(account.elsewhere if account else None)}</tr>"
        )
    if account is not None:
        cells = f"{none}{_share_cells(account.total)}"
        foot = f'<tfoot><tr><td class="text">all</td>{cells}</tr></tfoot>'
    head = _heads("region", "from", "to", "runs at", *columns)
    body = "".join(rows)
    return f'<div class="card"><table>{head}<tbody>{body}</tbody>{foot}</table></div>'


def _architecture_table(account: Account) -> str:
    rows = "".join(
        f'<tr><td class="text">{escape(name)}</td>{_share_cells(share)}</tr>'
        for name, share in account.by_architecture.items()
    )
    head = _heads("architecture", *_SHARE_HEADS)
    return f'<div class="card"><table>{head}<tbody>{rows}</tbody></table></div>'
