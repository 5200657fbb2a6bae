# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""One step of one Python tool in a process of its own, for ``dfota delta compare``.

    python -m dfota.cli.compare_worker TOOL create OLD NEW PATCH
    python -m dfota.cli.compare_worker TOOL apply OLD PATCH NEW

It prints the seconds and the bytes of memory that the step itself took, and judges nothing.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

Step = Callable[[bytes, bytes], bytes]


def _dfota(profile: str) -> tuple[Step, Step]:
    delta = importlib.import_module("dfota.delta")
    return lambda old, new: delta.generate(old, new, profile=profile), delta.apply


def _hdiffpatch(_setting: str) -> tuple[Step, Step]:
    module = importlib.import_module("hdiffpatch")
    strongest = module.Lzma2Config(level=9, window=26)
    return lambda old, new: module.diff(old, new, strongest, validate=False), module.apply


def _bsdiff4(_setting: str) -> tuple[Step, Step]:
    module = importlib.import_module("bsdiff4")
    return module.diff, module.patch


def _detools(_setting: str) -> tuple[Step, Step]:
    module = importlib.import_module("detools")

    def run(function: Callable[..., object], first: bytes, second: bytes) -> bytes:
        result = io.BytesIO()
        function(io.BytesIO(first), io.BytesIO(second), result)
        return result.getvalue()

    def create(old: bytes, new: bytes) -> bytes:
        return run(lambda *files: module.create_patch(*files, use_mmap=False), old, new)

    return create, lambda old, patch: run(module.apply_patch, old, patch)


_TOOLS = {"dfota": _dfota, "hdiffpatch": _hdiffpatch, "bsdiff4": _bsdiff4, "detools": _detools}


def memory(field: str, process: int | str = "self") -> int | None:
    """Bytes of ``VmRSS`` (now) or ``VmHWM`` (the peak); None where the system does not tell."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    return None


def main(tool: str, action: str, *files: str) -> None:
    """Load the tool, try it on a few bytes, then do the step and print what it took."""
    name, _, setting = tool.partition(":")
    create, apply = _TOOLS[name](setting)
    tiny = bytes(range(200)) * 4
    apply(tiny, create(tiny, tiny[:300] + b"new" + tiny[300:]))
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before = memory("VmRSS")
    first, second = (Path(file).read_bytes() for file in files[:2])
    started = time.perf_counter()
    result = (create if action == "create" else apply)(first, second)
    seconds = time.perf_counter() - started
    peak = memory("VmHWM")
    Path(files[2]).write_bytes(result)
    taken = None if before is None or peak is None else max(peak - before, 0)
    print(json.dumps({"seconds": seconds, "memory": taken}))  # noqa: T201 - its only reader


if __name__ == "__main__":
    main(*sys.argv[1:])
