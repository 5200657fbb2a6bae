# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The releases that modules run and are upgraded to; it measures nothing."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

from dfota import delta
from dfota.package import Partition, Release, SigningKey, build
from dfota.values import FirmwareVersion

PAIR = "multi-bg96like-a"
"""The set of partitions of the corpus that is cut like a BG96's."""


def corpus_pair(corpus: Path) -> tuple[Release, Release] | None:
    """The two releases of the image set, or None where the corpus has it not."""
    folder = corpus / PAIR
    if not (folder / "manifest.json").is_file():
        return None
    partitions = json.loads((folder / "manifest.json").read_text())["partitions"]

    def release(which: str, revision: str) -> Release:
        image = lzma.decompress((folder / f"{which}.bin.xz").read_bytes())
        parts = tuple(
            Partition(
                part["name"],
                image[part["offset"] : part["offset"] + part[f"{which}_size"]],
                part["slot"],
            )
            for part in partitions
        )
        return Release("BG96", "BG96", FirmwareVersion(revision), parts)

    return (
        release("old", "BG96MAR02A07M1G_01.018.01.018"),
        release("new", "BG96MAR02A07M1G_01.019.01.019"),
    )


def package(old: Release, new: Release, key: SigningKey) -> bytes:
    return build(old, new, keys=[key], make_patch=delta.generate)
