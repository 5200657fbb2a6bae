# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Where the ``dfota`` program and ``python -m dfota`` begin; what they do is in ``dfota.cli``."""

from __future__ import annotations

import sys
from typing import NoReturn

INTERRUPTED = 130


def main() -> NoReturn:
    """Load the command and run it; Ctrl-C is quiet even while it is being loaded."""
    try:
        from dfota.cli import main as run_command  # noqa: PLC0415 - so that Ctrl-C is caught here
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    run_command()


if __name__ == "__main__":
    main()
