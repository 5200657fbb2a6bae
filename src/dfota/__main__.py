# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m dfota`` is the ``dfota`` command; nothing else is here."""

from __future__ import annotations

from dfota.cli import main

if __name__ == "__main__":
    main()
