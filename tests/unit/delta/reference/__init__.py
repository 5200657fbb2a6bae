# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A decoder of patch format 2 in slow, plain Python: docs/spec/patch-format.md as a program.

It is the oracle of the tests, and a reading copy for who writes an applier. It uses integers
only, nothing of dfota, and it checks nothing that the specification does not tell to check.
"""

from __future__ import annotations

from .decoder import decode
from .header import Header, parse_header
from .refusal import Refused

__all__ = ["Header", "Refused", "decode", "parse_header"]
