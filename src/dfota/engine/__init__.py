# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Door of the engine room: factory-new modules, booting, updating, going on after a cut.

Everything that must survive a power cut happens here; no clock, thread, file or socket.
"""

from __future__ import annotations

from dfota.engine.engine import Engine
from dfota.engine.factory import factory, needs_factory
from dfota.engine.firmware import (
    Boot,
    Firmware,
    InterruptedUpdate,
    PendingUpdate,
    Running,
    Unfinished,
)
from dfota.engine.layout import Layout, required_geometry
from dfota.engine.steps import Phase, Step

__all__ = [
    "Boot",
    "Engine",
    "Firmware",
    "InterruptedUpdate",
    "Layout",
    "PendingUpdate",
    "Phase",
    "Running",
    "Step",
    "Unfinished",
    "factory",
    "needs_factory",
    "required_geometry",
]
