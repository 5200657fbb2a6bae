# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Write the applier as one pair of files to copy; it changes no meaning, only where things stand.

Usage: amalgamate.py SOURCES TARGET   (`make single` in c/ calls it)
"""

# ruff: noqa: INP001 - make runs it, nothing imports it
from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

HEADERS = ("sha256", "isa", "predict", "range", "adaptive", "content", "patch", "inplace")
INNER_HEADERS = ("map", "isa_internal", "checkpoint")
SOURCES = (
    "sha256",
    "isa",
    "isa_*",
    "predict",
    "adaptive",
    "map",
    "content",
    "checkpoint",
    "patch",
    "inplace",
)

LICENSE = """\
/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
"""
HEADER_INTRODUCTION = (
    LICENSE
    + """\
 * dfota for microcontrollers: apply a patch of profile `embedded` or `balanced`, also in place.
 * Copy this file and dfota_embedded.c, nothing else; c/README.md tells how to use them.
 *
 * Made by `make -C c single` from c/src: change it there.
 *
 * Choose what is compiled, with the same settings for all your files:
 *   DFOTA_ISAS               instruction sets, one bit each (DFOTA_ISA_... below); all by default
 *   DFOTA_WITH_INPLACE       0 leaves out what updates a device without a second slot
 *   DFOTA_PATCH_BUFFER_SIZE  bytes of the patch that are fetched at once
 *   DFOTA_PATCH_WINDOW_SIZE  bytes of old that are fetched at once
 */
#ifndef DFOTA_EMBEDDED_H
#define DFOTA_EMBEDDED_H

#include <stddef.h>
#include <stdint.h>

#ifndef DFOTA_WITH_INPLACE
#define DFOTA_WITH_INPLACE 1
#endif
"""
)
SOURCE_INTRODUCTION = (
    LICENSE
    + """\
 * The sources of dfota_embedded.h in one file: no heap, no globals, no libc but mem*.
 *
 * Made by `make -C c single` from c/src: change it there.
 */
#include "dfota_embedded.h"

#include <string.h>
"""
)

TOKEN = re.compile(r"/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|(?:\.|->)\s*\w+|\w+", re.DOTALL)
STATIC = re.compile(r"^static (?:inline )?(?:const )?[\w ]*?\**(\w+)(?=\(|\[| =|;)", re.MULTILINE)
OWN_TYPE = re.compile(r"^\} (\w+);$", re.MULTILINE)


def without_mixing(text: str) -> str:
    """The text with DFOTA_PATCH_WITH_MIXING taken for 0, conditions on it dissolved."""
    kept: list[str] = []
    nest: list[tuple[bool, bool]] = []  # (this condition is on mixing, its lines are kept)
    for line in text.splitlines(keepends=True):
        word = re.match(r"\s*#\s*(if|ifdef|ifndef|else|endif)\b(.*)", line)
        ours = False
        if word and word[1] in ("if", "ifdef", "ifndef"):
            ours = "DFOTA_PATCH_WITH_MIXING" in word[2]
            negated = word[1] == "ifndef" or "!" in word[2]
            nest.append((ours, negated and word[1] == "if"))
        elif word:
            ours, keep = nest.pop()
            if word[1] == "else":
                nest.append((ours, not keep))
        if not ours and all(keep for on_mixing, keep in nest if on_mixing):
            kept.append(line)
    return "".join(kept)


def bare(text: str) -> str:
    """Without license, includes, include guard and the words for C++ compilers."""
    text = without_mixing(text)
    text = text.replace(LICENSE, "/*\n", 1)
    text = re.sub(r"^#include .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"#ifdef __cplusplus\n.*?#endif\n", "", text, flags=re.DOTALL)
    guard = re.search(r"^#ifndef (DFOTA_\w+_H)\n#define \1\n", text, re.MULTILINE)
    if guard:
        text = text.replace(guard[0], "", 1).rstrip()
        text = text.removesuffix("#endif") + "\n"
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def renamed(text: str, names: set[str], suffix: str) -> str:
    """Names of this file alone get a suffix where another file uses the same."""
    return TOKEN.sub(lambda token: token[0] + suffix if token[0] in names else token[0], text)


def source_files(folder: Path) -> list[Path]:
    """What the one source file consists of, in order."""
    files: list[Path] = []
    for name in SOURCES:
        for path in sorted(folder.glob(f"dfota_{name}.c")):
            if path not in files:
                files.append(path)
    return files


def titled(name: str, text: str) -> str:
    """The text of a file under a line with its name."""
    return f"\n/* == {name} {'=' * (84 - len(name))} */\n\n{text}"


def make_header(folder: Path) -> str:
    """All public headers as one."""
    parts = [HEADER_INTRODUCTION, '\n#ifdef __cplusplus\nextern "C" {\n#endif\n']
    for name in HEADERS:
        text = titled(f"dfota_{name}.h", bare((folder / f"dfota_{name}.h").read_text()))
        if name == "inplace":
            text = f"\n#if DFOTA_WITH_INPLACE\n{text}\n#endif\n"
        parts.append(text)
    parts.append("\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n")
    return "".join(parts)


def make_source(folder: Path) -> str:
    """All sources as one."""
    texts = {path.stem: bare(path.read_text()) for path in source_files(folder)}
    uses = Counter(
        name
        for text in texts.values()
        for name in set(STATIC.findall(text)) | set(OWN_TYPE.findall(text))
    )
    shared = {name for name, count in uses.items() if count > 1}
    parts = [SOURCE_INTRODUCTION]
    parts += [
        titled(f"dfota_{name}.h", bare((folder / f"dfota_{name}.h").read_text()))
        for name in INNER_HEADERS
    ]
    for stem, text in texts.items():
        suffix = "_of_" + stem.removeprefix("dfota_")
        mine = shared & (set(STATIC.findall(text)) | set(OWN_TYPE.findall(text)))
        macros = dict.fromkeys(re.findall(r"^#define (\w+)", text, re.MULTILINE))
        gone = set(re.findall(r"^#undef (\w+)", text, re.MULTILINE))
        own = renamed(text, mine, suffix)
        own += "".join(f"#undef {name}\n" for name in macros if name not in gone)
        if stem == "dfota_inplace":
            own = f"#if DFOTA_WITH_INPLACE\n{own}#endif\n"
        parts.append(titled(f"{stem}.c", own))
    return "".join(parts)


if __name__ == "__main__":
    sources, target = Path(sys.argv[1]), Path(sys.argv[2])
    (target / "dfota_embedded.h").write_text(make_header(sources))
    (target / "dfota_embedded.c").write_text(make_source(sources))
