# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Sees every file that the process opens, renames or removes, and who may be touched.

An audit hook cannot be taken away again, so there is one for the process; it is asleep
unless somebody is ``watching``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_EVENTS = {
    "open": (0,),
    "os.chmod": (0,),
    "os.link": (0, 1),
    "os.mkdir": (0,),
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.rmdir": (0,),
    "os.symlink": (1,),
    "os.truncate": (0,),
    "os.listdir": (0,),
    "os.scandir": (0,),
    "shutil.rmtree": (0,),
}


class TrespassError(AssertionError):
    """Something outside the allowed directory was touched."""


class _Watch:
    allowed: str = ""
    trespasses: list[str]


_watch = _Watch()
_watch.trespasses = []


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not _watch.allowed or event not in _EVENTS:
        return
    for index in _EVENTS[event]:
        path = arguments[index] if index < len(arguments) else None
        if not isinstance(path, (str, bytes, os.PathLike)):
            continue  # a descriptor, or the current directory
        text = os.fsdecode(os.fspath(path))
        if not os.path.isabs(text):
            continue  # beside a descriptor of the directory: judged where that was opened
        real = os.path.realpath(text)
        if real != _watch.allowed and not real.startswith(_watch.allowed + os.sep):
            if _reads(event, arguments) and _is_python(real):
                continue
            _watch.trespasses.append(f"{event} {text}")


def _reads(event: str, arguments: tuple[object, ...]) -> bool:
    """Whether nothing is changed."""
    if event != "open":
        return event in {"os.listdir", "os.scandir"}
    flags = arguments[2] if len(arguments) > 2 else 0
    written = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    return isinstance(flags, int) and not flags & written


def _is_python(path: str) -> bool:
    """Whether the interpreter itself reads it: modules, tzdata, certificates of the system."""
    return path.startswith((*_ROOTS, "/proc/self", "/dev/"))


_ROOTS = {str(Path(root).resolve()) for root in (sys.prefix, sys.base_prefix, *sys.path) if root}
_ROOTS |= {str(Path(__file__).resolve().parents[2])}

sys.addaudithook(_hook)


@contextmanager
def watching(allowed: Path) -> Iterator[None]:
    """Only *allowed* and what is below it may be touched.

    Raises:
        TrespassError: something else was.
    """
    _watch.trespasses.clear()
    _watch.allowed = str(allowed.resolve())
    try:
        yield
    finally:
        _watch.allowed = ""
    if _watch.trespasses:
        raise TrespassError("; ".join(_watch.trespasses))
