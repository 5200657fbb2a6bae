# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The ``dfota`` command: parse, call one function, print one result; no logic of its own."""

from __future__ import annotations

from dfota.cli.main import main, run

__all__ = ["main", "run"]
