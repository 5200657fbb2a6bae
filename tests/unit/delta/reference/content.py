# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The content of the body: gaps and copies, with either coder.

Everything decodes. *wanted* is for the encoder of the tests: what it shall say.
"""

from __future__ import annotations

from .adaptive import AdaptiveCoder
from .mixing import MixingCoder
from .models import Bit, Coder, Number, even, number, plain
from .refusal import Refused

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
                self.models.skip(data[-1:] * more)
                data += data[-1:] * more
                chunk_left = max(chunk_left - more, 0)
                if more:
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
