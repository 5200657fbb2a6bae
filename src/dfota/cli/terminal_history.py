# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What a person typed before, in a file of theirs alone; secrets never get there."""

from __future__ import annotations

import os
import re
from pathlib import Path

from dfota.at import parse_line
from dfota.errors import AtSyntaxError

LINES_MAX = 2000
"""So many lines are kept; the file is cut when it has twice as many."""

_SECRET_NAME = re.compile(r"pin|passw|pwd|puk", re.IGNORECASE)
_SECRET_COMMAND = re.compile(
    r"\+(CPIN|CPIN2|CPWD|CLCK|EPIN|QPIN|QMTCONN|QHTTPAUTH|QFTPCFG|QSMTPCFG|QICSGP|CGAUTH)"
    r".*=.*[^?]|.*(pin|passw|pwd|user).*=",
    re.IGNORECASE,
)


def is_secret(line: str) -> bool:
    """Whether *line* may hold a PIN or a password, so that it must not be kept."""
    text = line.strip()
    if text.startswith((":", "?")):
        return False
    try:
        found = parse_line(text)
    except AtSyntaxError:
        return True  # text of a message, data, or a PIN that was typed too late
    for one in found:
        if one.command is None or one.problem:
            if _SECRET_COMMAND.match(f"{one.name}={','.join(one.fields)}"):
                return True
            continue
        parameters = one.command.parameters(one.form) or ()
        for parameter, value in zip(parameters, one.fields, strict=False):
            if _SECRET_NAME.search(parameter.name) and value.strip('"'):
                return True
    return False


def history_path() -> Path:
    """Where the history is: the XDG state folder."""
    state = os.environ.get("XDG_STATE_HOME", "")
    folder = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return folder / "dfota" / "at_history"


class HistoryFile:
    """The lines of earlier sessions, oldest first; a disk that fails only costs the history."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> list[str]:
        """The kept lines, oldest first."""
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return []
        lines = [line for line in text.splitlines() if line and line.isprintable()]
        if len(lines) > 2 * LINES_MAX:
            lines = lines[-LINES_MAX:]
            self._write("w", "".join(f"{line}\n" for line in lines))
        return lines[-LINES_MAX:]

    def keep(self, line: str) -> bool:
        """Keep *line*, unless it is secret; says whether it was kept."""
        if is_secret(line) or not line.strip() or not line.isprintable():
            return False
        return self._write("a", f"{line}\n")

    def _write(self, mode: str, text: str) -> bool:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if mode == "a" else os.O_TRUNC)
            descriptor = os.open(self._path, flags, 0o600)
            with os.fdopen(descriptor, mode, encoding="utf-8") as stream:
                stream.write(text)
        except OSError:
            return False
        return True
