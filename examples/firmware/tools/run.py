# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Boot a release directory in qemu, with this terminal as the serial port; it changes no file.

Usage: run.py [--qemu COMMAND] DIRECTORY
"""

from __future__ import annotations

import argparse
import os
import tomllib
from pathlib import Path

SLOT_SIZE = 0x20000
ORDER = ("boot", "modem", "apps", "config", "assets")
"""Partitions lie in this order, one slot each, from address 0 (src/include/partition.h)."""


def command(qemu: str, directory: Path) -> list[str]:
    """The command line that boots the release."""
    declared = tomllib.loads((directory / "firmware.toml").read_text(encoding="utf-8"))
    words = [
        qemu,
        "-machine",
        "mps2-an385",
        "-display",
        "none",
        "-monitor",
        "none",
        "-serial",
        "stdio",
    ]
    words += ["-semihosting-config", "enable=on,target=native"]
    for partition in declared["partition"]:
        file = directory / partition["file"]
        address = ORDER.index(partition["name"]) * SLOT_SIZE
        words += (
            ["-kernel", str(file)]
            if address == 0
            else ["-device", f"loader,file={file},addr={address:#x}"]
        )
    return words


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Boot a release directory in qemu.")
    parser.add_argument("--qemu", default="qemu-system-arm")
    parser.add_argument("directory", type=Path)
    options = parser.parse_args()
    words = command(options.qemu, options.directory)
    os.execvp(words[0], words)  # noqa: S606 - becoming qemu is the point: it gets the terminal
