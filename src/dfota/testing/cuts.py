# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Which power cuts there are; carrying them out is the flash room's."""

from __future__ import annotations

from collections.abc import Iterable

from dfota.errors import MisuseError
from dfota.flash import Cut, CutMode


def every_cut(operations: int, modes: Iterable[CutMode] = tuple(CutMode)) -> list[Cut]:
    """Every cut of a run of *operations* flash operations, in every one of *modes*.

    ``str(cut)`` is an id that replays it: ``@pytest.mark.parametrize("cut", every_cut(64), ids=str)``
    makes tests that ``pytest -k 17-tail`` finds again.

    Args:
        operations: of an undisturbed run, as ``SimulatedFlash.operations`` counts them.
        modes: what the cut operation leaves behind.

    Raises:
        MisuseError: the number is negative.
    """
    if operations < 0:
        raise MisuseError("a run has no negative number of operations")
    chosen = tuple(modes)
    return [Cut(operation, mode) for operation in range(operations) for mode in chosen]
