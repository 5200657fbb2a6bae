# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A decoder of patch format 2 in slow, plain Python: docs/spec/patch-format.md as a program.

It is the oracle of the tests, and a reading copy for who writes an applier. It uses integers
only, nothing of dfota, and it checks nothing that the specification does not tell to check.
"""

from __future__ import annotations

from .content import Copies, Gaps
from .copy_map import Block, MapCoder, Segment
from .decoder import begin_models, decode, read_map
from .header import Header, parse_header
from .instructions import Reference, Sweep
from .prediction import Predictor
from .range_decoder import RangeDecoder
from .refusal import Refused

__all__ = [
    "Block",
    "Copies",
    "Gaps",
    "Header",
    "MapCoder",
    "Predictor",
    "RangeDecoder",
    "Reference",
    "Refused",
    "Segment",
    "Sweep",
    "begin_models",
    "decode",
    "parse_header",
    "read_map",
]
