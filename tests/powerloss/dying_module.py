# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A module in a process that kills itself in the middle of a store to its flash file.

Usage: ``dying_module.py FLASH PACKAGE KEY STORE PART``. In store number STORE the first
PART per cent of its bytes land; then the process is gone as with ``kill -9``.
"""

from __future__ import annotations

import mmap
import os
import signal
import sys
from pathlib import Path

from dfota.engine import Engine, Running, Unfinished
from dfota.flash import SimulatedFlash
from dfota.package import PublicKey


class DyingMap(mmap.mmap):
    """Mapped memory that takes its process with it."""

    kill_at = -1
    part = 0
    stores = 0

    def __setitem__(self, key, value):
        """Store, or store a part and die."""
        if self.stores == self.kill_at:
            if isinstance(key, slice):
                count = len(value) * self.part // 100
                super().__setitem__(slice(key.start, key.start + count), value[:count])
            elif self.part >= 50:
                super().__setitem__(key, value)
            os.kill(os.getpid(), signal.SIGKILL)
        self.stores += 1
        super().__setitem__(key, value)


def main(flash_path: str, package_path: str, key_path: str, store: str, part: str) -> None:
    """Boot, go on or update, report; die on the way, or print the number of stores."""
    with open(flash_path, "r+b") as file:
        memory = DyingMap(file.fileno(), os.fstat(file.fileno()).st_size)
    flash = SimulatedFlash(memory, SimulatedFlash.geometry_of(memory))
    memory.kill_at, memory.part = int(store), int(part)
    engine = Engine(flash)
    state = engine.boot()
    if isinstance(state, Unfinished):
        steps = engine.resume()
    else:
        key = PublicKey.load(Path(key_path))
        steps = engine.update(Path(package_path).read_bytes(), trusted=[key], remote=True)
    for _ in steps:
        pass
    state = engine.boot()
    if isinstance(state, Running) and state.unreported is not None:
        engine.mark_reported()
    sys.stdout.write(f"{memory.stores}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
