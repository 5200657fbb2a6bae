# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The hand on the switch: what it tells does not depend on how busy the computer is."""

from __future__ import annotations

import threading

import pytest

from dfota.errors import MisuseError
from dfota.modem import CutReport
from dfota.testing import PowerCuts


class BusyModule:
    """Its cuts happen, but whoever waits for one is not run before ``go``."""

    def __init__(self) -> None:
        self.cuts: tuple[CutReport, ...] = (CutReport("running", 0, None, 0.0),)
        self.go = threading.Event()
        self.power_ons = 0

    def wait_power_lost(self, timeout_s: float) -> CutReport:
        if not self.go.wait(timeout_s):
            raise TimeoutError
        self.go.clear()
        return self.cuts[-1]

    def power_on(self) -> None:
        self.power_ons += 1

    def arm_power_cut(self, plan: object) -> None:
        self.plan = plan


def test_a_cut_is_reported_although_its_thread_has_not_run_yet():
    module = BusyModule()
    with PowerCuts(module) as cuts:
        assert cuts.reports == ()  # not those from before
        cuts.arm("restore:5")
        assert cuts.pending == 1
        with pytest.raises(MisuseError):
            cuts.arm("restore:6")
        report = CutReport("restore", 5, None, 9.0)
        module.cuts += (report,)
        assert cuts.reports == (report,)
        assert cuts.pending == 0
        with pytest.raises(TimeoutError, match="1 of 1"):
            cuts.wait(timeout_s=0.01)  # it happened, but the power is not back
        module.go.set()
        assert cuts.wait(timeout_s=30) == (report,)
        assert module.power_ons == 1
