# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""One measurement in a process of its own; it prints what it found out as one JSON object.

    worker.py idle '{"count": 10000, "corpus": "DIR", "is_mapped": false}'

Memory is what only this process has (private dirty pages), after a first module has paid for
everything that all of them share.
"""

from __future__ import annotations

import asyncio
import gc
import json
import mmap
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from delta_bench.worker import memory

from dfota import delta
from dfota.flash import SimulatedFlash
from dfota.modem import (
    AsyncModule,
    FactoryImage,
    MemoryState,
    ModuleOptions,
    RunningModule,
    Speed,
    StateDirectory,
    Trust,
    VirtualModule,
)
from dfota.package import Release, apply_package, build, parse
from dfota.server import PackageServer
from dfota.testing import fixed_key, make_release, make_release_pair
from modem_bench import material

Options = dict[str, Any]
MAX = Speed(None)
TRUST = Trust((fixed_key().public_key,))
LINE = b"AT+CSQ\r"
ANSWER = b"\r\n+CSQ: 26,99\r\n\r\nOK\r\n"
START_TIMEOUT_S = 60.0


def private_bytes() -> int:
    """What this process alone has in memory."""
    try:
        lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    except OSError:
        return memory("VmRSS") or 0
    fields = dict(line.split(":", 1) for line in lines[1:])
    return int(fields["Private_Dirty"].split()[0]) * 1024


def page_table_bytes() -> int:
    return memory("VmPTE") or 0


class MappedState(MemoryState):
    """The other way to share an image: a private mapping of one file for each module."""

    def __init__(self, image: FactoryImage, file: int, serial: int) -> None:
        super().__init__(image, serial=serial)
        size = len(image.image.data)
        mapped = mmap.mmap(file, size, flags=mmap.MAP_PRIVATE)
        self.flash = SimulatedFlash(mapped, image.geometry)


def booted(state: MemoryState) -> VirtualModule:
    module = VirtualModule(state, speed=MAX, trust=TRUST)
    module.power_on()
    module.elapse(0)
    if module.feed(b"ATE0\r") != b"ATE0\r\r\nOK\r\n":
        raise RuntimeError("the module did not boot")
    return module


def firmware(options: Options) -> Release:
    pair = material.corpus_pair(Path(options["corpus"])) if options.get("corpus") else None
    return pair[0] if pair else make_release()


def idle(options: Options) -> Options:
    """Memory and boot of many modules that have nothing to do."""
    image = FactoryImage.of(firmware(options))
    file = -1
    if options["is_mapped"]:
        file = os.memfd_create("factory")
        os.write(file, image.image.data)

    def made(serial: int) -> VirtualModule:
        state = MappedState(image, file, serial) if file >= 0 else MemoryState(image, serial=serial)
        return booted(state)

    first = made(0)
    gc.collect()
    before, tables = private_bytes(), page_table_bytes()
    started = time.perf_counter()
    modules = [made(serial) for serial in range(1, options["count"] + 1)]
    boot_s = (time.perf_counter() - started) / len(modules)
    gc.collect()
    used = private_bytes() - before
    tables = page_table_bytes() - tables
    if any(
        module.feed(LINE) != ANSWER for module in (first, *modules[:: len(modules) // 100 or 1])
    ):
        raise RuntimeError("an idle module does not answer")
    return {
        "kib_each": used / len(modules) / 1024,
        "tables_kib_each": tables / len(modules) / 1024,
        "boot_ms": boot_s * 1000,
        "image_mib": len(image.image.data) / 1048576,
    }


def commands(options: Options) -> Options:
    """How many commands one core answers in a second, bytes in, bytes out."""
    image = FactoryImage.of(make_release())
    modules = [booted(MemoryState(image, serial=serial)) for serial in range(options["modules"])]
    line, wanted = LINE, ANSWER
    if options["has_echo"]:
        wanted = LINE + ANSWER
        for module in modules:
            module.feed(b"ATE1\r")
    for module in modules:
        if module.feed(line) != wanted:
            raise RuntimeError("not the answer")
    rounds = max(options["count"] // len(modules), 1)
    started = time.process_time()
    for _ in range(rounds):
        for module in modules:
            module.feed(line)
    took_s = time.process_time() - started
    return {"per_s": rounds * len(modules) / took_s}


def boot(options: Options) -> Options:
    """What the fixture ``module`` costs: thread, port, state, boot, registration, end."""
    release = make_release()
    times: dict[str, list[float]] = {"up": [], "down": []}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options["count"]):
            started = time.perf_counter()
            state = Path(folder) / str(number) if options["is_on_disk"] else None
            module = RunningModule(ModuleOptions(state=state, firmware=release))
            module.wait_running(START_TIMEOUT_S)
            times["up"].append(time.perf_counter() - started)
            started = time.perf_counter()
            module.close()
            times["down"].append(time.perf_counter() - started)
    warm = {name: [1000 * value for value in values[1:]] for name, values in times.items()}
    return {
        "up_ms": statistics.median(warm["up"]),
        "up_worst_ms": max(warm["up"]),
        "down_ms": statistics.median(warm["down"]),
    }


def upgrade(options: Options) -> Options:
    """A whole upgrade at speed max, by AT commands, against bare applying."""
    pair = material.corpus_pair(Path(options["corpus"]))
    if pair is None:
        raise RuntimeError("the corpus is not there")
    old, new = pair
    packed = material.package(old, new, fixed_key())
    applied, whole = [], []
    for _ in range(options["repeats_inside"]):
        started = time.perf_counter()
        verified = parse(packed).verify([fixed_key().public_key])
        if apply_package(verified, old, delta.apply).digest != new.digest:
            raise RuntimeError("applying gave something else")
        applied.append(time.perf_counter() - started)
        with tempfile.TemporaryDirectory() as folder:
            whole.append(
                _upgrade(old, new, packed, Path(folder) if options["is_on_disk"] else None)
            )
    return {
        "apply_s": statistics.median(applied),
        "upgrade_s": statistics.median(whole),
        "package_bytes": len(packed),
        "image_bytes": sum(len(part.data) for part in new.partitions),
    }


def _upgrade(old: Release, new: Release, packed: bytes, folder: Path | None) -> float:
    state = MemoryState(old) if folder is None else StateDirectory(folder / "m", firmware=old)
    with state:
        module = VirtualModule(state, speed=MAX, trust=TRUST)
        module.power_on()
        module.elapse(0)
        started = time.perf_counter()
        module.feed(b'ATE0;+QFUPL="EUFS:/fota/update.zip",%d,60\r' % len(packed))
        module.elapse(0.01)
        module.feed(packed)
        module.feed(b"AT+QFOTADL=1\r")
        module.elapse_until(lambda: module.radio.is_registered)
        took_s = time.perf_counter() - started
        if module.firmware is None or module.firmware.revision != new.revision:
            raise RuntimeError("the upgrade failed")
        return took_s


def swarm(options: Options) -> Options:
    """Many modules that download from one server at once and install, in this process."""
    pair = make_release_pair()
    make_patch = partial(delta.generate, profile=options["profile"])
    packed = build(pair.old, pair.new, keys=[fixed_key()], make_patch=make_patch)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "update.zip").write_bytes(packed)
        before = private_bytes()
        with PackageServer(Path(folder)) as server:
            url = server.url_for("update.zip").encode()
            started, used = time.perf_counter(), time.process_time()
            ends = asyncio.run(_swarm(pair.old, url, options["count"], options["limit_s"]))
            took_s, used_s = time.perf_counter() - started, time.process_time() - used
    good = ends.count(pair.new.revision.text)
    return {
        "total_s": took_s,
        "cpu_ms_each": 1000 * used_s / len(ends),
        "failures": len(ends) - good,
        "peak_mib": ((memory("VmHWM") or 0) - before) / 1048576,
    }


async def _swarm(old: Release, url: bytes, count: int, limit_s: float) -> list[str]:
    async def one(serial: int) -> str:
        options = ModuleOptions(firmware=old, trust=TRUST, serial=serial)
        async with AsyncModule(options) as module:
            reader, writer = module.open()
            writer.write(b'AT+QFOTADL="' + url + b'"\r')
            heard = await reader.readuntil(b'"END",')
            heard += await reader.readuntil(b"+QIND: SMS DONE")
            firmware = module.firmware
            return firmware.revision.text if b'"END",0' in heard and firmware else "failed"

    async with asyncio.timeout(limit_s):
        found = await asyncio.gather(*map(one, range(count)), return_exceptions=True)
    return [end if isinstance(end, str) else repr(end) for end in found]


MEASUREMENTS: dict[str, Callable[[Options], Options]] = {
    "idle": idle,
    "commands": commands,
    "boot": boot,
    "upgrade": upgrade,
    "swarm": swarm,
}


if __name__ == "__main__":
    print(json.dumps(MEASUREMENTS[sys.argv[1]](json.loads(sys.argv[2]))))
