# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Which numbers a stage of an upgrade prints, and when; nothing is printed here.

A BG96 prints 1 to 100. Some of its kin begin with 0, print fewer lines, or print the number
of the line in place of a percentage.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ladder:
    """The lines of one stage.

    Attributes:
        count: how many lines stand for the whole stage; 0: there are none.
        is_counted: the number of the line is printed; else the percentage, rounded down.
        has_zero: there is a line before anything is done.
        has_last: there is a line for "all done".
    """

    count: int = 100
    is_counted: bool = False
    has_zero: bool = False
    has_last: bool = True

    def climb(self, below: int, done: int, total: int) -> Iterator[tuple[int, int]]:
        """The lines that *done* of *total* makes due, when line *below* was the last one.

        Yields:
            The line's place on the ladder, and the number that it shows.
        """
        reached = done * self.count // total if self.count and total else 0
        top = self.count if self.has_last else self.count - 1
        for line in range(max(below + 1, 0 if self.has_zero else 1), min(reached, top) + 1):
            yield line, line if self.is_counted else line * 100 // self.count


NO_LINES = Ladder(count=0)
