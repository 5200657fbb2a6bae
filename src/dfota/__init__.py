# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""dfota: delta firmware upgrades over the air for cellular modules; no code lives here.

Each room below has one door, its ``__init__``; importing ``dfota`` loads none of them.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
