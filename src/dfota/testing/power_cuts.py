# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Cut a running module's power and bring it back, while a test's own thread is busy.

What a cut does is the module's; here is only the hand on the switch.
"""

from __future__ import annotations

import contextlib
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dfota.errors import MisuseError

if TYPE_CHECKING:
    from dfota.modem import CutReport, PowerCut, RunningModule

_LOOK_EVERY_S = 0.1


class PowerCuts:
    """Brings the power of *module* back after every cut, until closed; a context manager.

    Arm a cut, or call ``module.cut_power()`` at any moment; then see ``reports``.
    """

    def __init__(self, module: RunningModule) -> None:
        self._module = module
        self._changed = threading.Condition()
        self._earlier = len(module.cuts)
        self._answered = 0  # cuts after which the power was brought back
        self._armed = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="dfota-power", daemon=True)
        self._thread.start()

    @property
    def reports(self) -> tuple[CutReport, ...]:
        """Every cut so far: phase, percent, and the flash operation that it tore."""
        # Asked of the module, not of the thread below: a busy computer may keep that one from
        # running until long after the power is back.
        return self._module.cuts[self._earlier :]

    @property
    def pending(self) -> int:
        """How many armed cuts have not happened yet."""
        return max(self._armed - len(self.reports), 0)

    def arm(self, cut: PowerCut | str) -> None:
        """Cut the power at a place of the next upgrade, once; one place at a time.

        Args:
            cut: or its text, ``PHASE:PERCENT[:MODE]``: ``restore:37``, ``updating:80:tail``.

        Raises:
            MisuseError: the text is not of that form, or the cut before is still to come.
        """
        from dfota.modem import PowerCut  # noqa: PLC0415 - the plugin must be light

        plan = PowerCut.parse(cut) if isinstance(cut, str) else cut
        if self.pending:
            raise MisuseError("the power cut that was armed before has not happened yet")
        self._armed = len(self.reports) + 1
        self._module.arm_power_cut(plan)

    def wait(self, count: int = 1, timeout_s: float = 60.0) -> tuple[CutReport, ...]:
        """The reports, as soon as there are *count*; the power is back then.

        Raises:
            TimeoutError: there are fewer.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._answered >= count, timeout_s):
                raise TimeoutError(f"{len(self.reports)} of {count} power cuts happened")
            return self.reports

    def close(self) -> None:
        """Take the hand off the switch; twice is fine."""
        self._stop.set()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _watch(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                self._module.wait_power_lost(_LOOK_EVERY_S)
                self._module.power_on()
                with self._changed:
                    self._answered += 1
                    self._changed.notify_all()
