# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""One step of one Python tool in a process of its own; it prints what the step alone cost.

    worker.py TOOL create OLD NEW PATCH        worker.py TOOL apply OLD PATCH OUT
    worker.py dfota:PROFILE decode OLD PATCH OUT

The tool is loaded and runs once on a few bytes before the images are read, so that neither
its loading nor the interpreter counts: the peak is what the step adds, images included.
``decode`` leaves both images in their files and counts the decoder alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import io
import json
import lzma
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

Make = Callable[[bytes, bytes], bytes]
Apply = Callable[[bytes, bytes], bytes]
BLOCK_SIZE = 65536


def dfota(profile: str) -> tuple[Make, Apply]:
    delta = importlib.import_module("dfota.delta")
    options = {} if profile in ("", "dfota") else {"profile": profile}
    return lambda old, new: delta.generate(old, new, **options), delta.apply


def bsdiff4(_setting: str) -> tuple[Make, Apply]:
    module = importlib.import_module("bsdiff4")
    return module.diff, module.patch


def hdiffpatch(setting: str) -> tuple[Make, Apply]:
    module = importlib.import_module("hdiffpatch")
    if setting == "lite":
        small = module.TuzConfig(dict_size=32768)
        return (
            lambda old, new: module.diff_lite(old, new, compression=small, validate=False),
            module.apply_lite,
        )
    compression = module.Lzma2Config(level=9, window=26) if setting == "lzma2" else None
    return lambda old, new: module.diff(old, new, compression, validate=False), module.apply


def detools(setting: str) -> tuple[Make, Apply]:
    module = importlib.import_module("detools")
    options = {
        "": {},
        "hdiffpatch": {"patch_type": "hdiffpatch", "algorithm": "hdiffpatch"},
        "heatshrink": {"compression": "heatshrink"},
    }[setting]

    def make(old: bytes, new: bytes) -> bytes:
        patch = io.BytesIO()
        module.create_patch(io.BytesIO(old), io.BytesIO(new), patch, use_mmap=False, **options)
        return patch.getvalue()

    def apply(old: bytes, patch: bytes) -> bytes:
        out = io.BytesIO()
        module.apply_patch(io.BytesIO(old), io.BytesIO(patch), out)
        return out.getvalue()

    return make, apply


def xz(_setting: str) -> tuple[Make, Apply]:
    return (
        lambda _old, new: lzma.compress(new, preset=9 | lzma.PRESET_EXTREME),
        lambda _old, patch: lzma.decompress(patch),
    )


TOOLS = {"dfota": dfota, "bsdiff4": bsdiff4, "hdiffpatch": hdiffpatch, "detools": detools, "xz": xz}


def memory(field: str) -> int | None:
    """Bytes of VmRSS (now) or VmHWM (peak); None where the machine does not tell."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return None


def forget_peak() -> None:
    """Give back what loading left free, so that the step cannot use it unseen; count anew."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def decode(old: Path, patch: Path, out: Path) -> None:
    """Apply as a device does: old is read where it is asked for, new is written as it comes."""
    delta = importlib.import_module("dfota.delta")
    with old.open("rb") as images, patch.open("rb") as patches, out.open("wb") as new:

        def read_old(offset: int, size: int) -> bytes:
            images.seek(offset)
            return images.read(size)

        reader = delta.PatchReader(patches.read, read_old)
        while piece := reader.read(BLOCK_SIZE):
            new.write(piece)


def work(tool: str, action: str, files: list[Path]) -> dict[str, float | int | None]:
    name, _, setting = tool.partition(":")
    make, apply = TOOLS[name](setting)
    tiny = bytes(range(200)) * 4
    apply(tiny, make(tiny, tiny[:300] + b"new" + tiny[300:]))
    forget_peak()
    before = memory("VmRSS")
    result = b""
    if action == "decode":
        usage, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        decode(*files)
    else:
        first, second = files[0].read_bytes(), files[1].read_bytes()
        step = make if action == "create" else apply
        usage, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        result = step(first, second)
    wall_s = time.perf_counter() - started
    user_s = resource.getrusage(resource.RUSAGE_SELF).ru_utime - usage.ru_utime
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = memory("VmHWM")
    if action != "decode":
        files[2].write_bytes(result)
    # A tool that starts processes of its own pays for them too.
    added = None if before is None or peak is None else peak - before + children.ru_maxrss * 1024
    return {"wall_s": wall_s, "user_s": user_s + children.ru_utime, "peak_bytes": added}


if __name__ == "__main__":
    print(json.dumps(work(sys.argv[1], sys.argv[2], [Path(name) for name in sys.argv[3:]])))
