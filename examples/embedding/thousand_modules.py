# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A thousand modules in one event loop, each with a program that talks to it as to a port."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter

from dfota.modem import AsyncModule, ModuleOptions
from dfota.testing import make_release

FIRMWARE = make_release()


async def ask_for_its_number(serial: int) -> str:
    """Stands for your own asyncio program: it has a reader and a writer."""
    async with AsyncModule(ModuleOptions(firmware=FIRMWARE, serial=serial)) as module:
        reader, writer = module.open()
        writer.write(b"ATE0;+CGSN\r")
        answer = await reader.readuntil(b"\r\nOK\r\n")
        return answer.split()[1].decode()


async def main(count: int) -> None:
    """Talk to all of them at once."""
    numbers = await asyncio.gather(*map(ask_for_its_number, range(count)))
    print(f"{len(numbers)} modules, {len(Counter(numbers))} different numbers")


asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
