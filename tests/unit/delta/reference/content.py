# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The content of the body: gaps and copies, with either coder.

Everything decodes. *wanted* is for the encoder of the tests: what it shall say.
"""

from __future__ import annotations

from .adaptive import ENDLESS, AdaptiveCoder
from .mixing import MixingCoder
from .models import Bit, Coder, Number, even, number, plain
from .prediction import Unit
from .refusal import Refused

RUN_LIMIT = 4096
CHUNK_SIZE = 4096
CHUNK_MIN = 256
FILL_AFTER = 8


class Gaps:
    """The bytes of new that come from no block."""

    def __init__(self, coder: Coder, models: AdaptiveCoder | MixingCoder) -> None:
        self.coder = coder
        self.models = models
        self._is_stored = Bit()
        self._fill = Number()

    def gap(self, length: int, wanted: bytes = b"", stored: bool = False) -> bytes:
        """A whole gap. *stored* (for the encoder): whether to store all that may be."""
        data = bytearray()
        equal = 0  # how many of the last bytes are the last one
        chunk_left = 0  # bytes up to the next decision whether to store
        is_stored = False
        while len(data) < length:
            left = length - len(data)
            if equal == FILL_AFTER:
                equal = 0
                more = self._more(data[-1], wanted[len(data) :])
                if not 0 <= more <= left:
                    raise Refused("RANGE")
                if more:
                    self.models.skip(data[-1:] * more)
                    data += data[-1:] * more
                    chunk_left = max(chunk_left - more, 0)
                    continue
            if chunk_left == 0:
                chunk_left = min(left, CHUNK_SIZE)
                is_stored = False
                if chunk_left >= CHUNK_MIN:
                    is_stored = plain(self.coder, self._is_stored, int(stored)) == 1
            here = len(data)
            if is_stored:
                for at in range(here, here + chunk_left):
                    data.append(even(self.coder, 8, wanted[at] if wanted else 0))
                self.models.skip(bytes(data[here:]))
                chunk_left = 0
                equal = 0
                continue
            byte = self.models.literal(wanted[here] if wanted else 0)
            equal = equal + 1 if equal and byte == data[-1] else 1
            data.append(byte)
            chunk_left -= 1
        return bytes(data)

    def _more(self, last: int, wanted: bytes) -> int:
        """How many bytes like the last one follow; -1 where the coded number is 0."""
        more = len(wanted) - len(wanted.lstrip(bytes([last])))
        return number(self.coder, self._fill, 0, more + 1) - 1


class Copies:
    """The units of blocks. What is certain of them is kept from the mixing coder."""

    def __init__(self, coder: Coder, models: AdaptiveCoder | MixingCoder) -> None:
        self.coder = coder
        self.models = models
        self._run = 0  # units in a row that were as predicted
        self._sure = 0  # units that are known to be
        self._wrong_after_sure = False
        self._endless = False
        self._ends = Bit()
        self._run_length = Number()

    def unit(self, unit: Unit, wanted: bytes = b"", ahead: int = ENDLESS) -> bytes:
        """The bytes of a unit in new. *ahead* (for the encoder): how many right units follow."""
        if isinstance(self.models, AdaptiveCoder):
            return self.models.unit(unit, wanted, ahead)
        known = self._sure or self._wrong_after_sure or self._endless
        if self._run == RUN_LIMIT and not known:
            self._code_run(ahead)
        if self._sure or self._endless:
            self._sure = max(self._sure - 1, 0)
            actual = unit.predicted
            self.models.skip(actual)
        else:
            self._wrong_after_sure = False
            actual = self.models.unit(unit, wanted)
        self._run = min(self._run + 1, RUN_LIMIT) if actual == unit.predicted else 0
        return actual

    def _code_run(self, ahead: int) -> None:
        """After many right units: how many more, at once."""
        if plain(self.coder, self._ends, int(ahead == ENDLESS)):
            self._endless = True
            return
        count = number(self.coder, self._run_length, 0, min(ahead, 0x3FFFFFFF) + 1)
        self._sure = max(count - 1, 0)
        self._wrong_after_sure = True
