# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Finish partition images: fill in size and CRC-32, or pack files into a data partition.

Usage: image.py seal RAW IMAGE
       image.py pack NAME REVISION ADDRESS IMAGE FILE...
The layout is that of struct partition_header in src/include/partition.h.
"""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path

MAGIC = 0x54504644
LAYOUT = 1
SLOT_SIZE = 0x20000
HEADER = struct.Struct("<II12s36sIIII")
ENTRY = struct.Struct("<24sII")
SIZE_OFFSET = 60
CRC_OFFSET = 64
HEADER_OFFSETS = (0, 0x100)
"""Where a header may lie: first, or behind the vectors of the boot partition."""


class ImageError(Exception):
    """The image cannot be finished; the message says why."""


def header_offset(image: bytes) -> int:
    """Find the header."""
    for offset in HEADER_OFFSETS:
        if image[offset : offset + 4] == MAGIC.to_bytes(4, "little"):
            return offset
    raise ImageError("no partition header at 0 or 0x100")


def seal(raw: bytes) -> bytes:
    """The image with its size and CRC-32."""
    image = bytearray(raw + bytes(-len(raw) % 4))
    if len(image) > SLOT_SIZE:
        raise ImageError(f"{len(image)} bytes do not fit a slot of {SLOT_SIZE}")
    offset = header_offset(image)
    struct.pack_into("<II", image, offset + SIZE_OFFSET, len(image), 0)
    struct.pack_into("<I", image, offset + CRC_OFFSET, zlib.crc32(image))
    return bytes(image)


def pack(name: str, revision: str, address: int, files: list[tuple[str, bytes]]) -> bytes:
    """A data partition with these files."""
    header = HEADER.pack(MAGIC, LAYOUT, name.encode(), revision.encode(), address, 0, 0, 0)
    index = [struct.pack("<I", len(files))]
    body = b""
    start = len(header) + 4 + ENTRY.size * len(files)
    for file_name, data in files:
        index.append(ENTRY.pack(file_name.encode("ascii"), start + len(body), len(data)))
        body += data + bytes(-len(data) % 4)
    return seal(header + b"".join(index) + body)


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    match arguments:
        case ["seal", raw, image]:
            Path(image).write_bytes(seal(Path(raw).read_bytes()))
        case ["pack", name, revision, address, image, *files]:
            content = [
                (Path(file).name, Path(file).read_bytes())
                for file in sorted(files, key=lambda f: Path(f).name)
            ]
            Path(image).write_bytes(pack(name, revision, int(address, 0), content))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ImageError as error:
        raise SystemExit(f"image.py: {error}") from None
