# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What must be right before an upgrade: a table of checks that ask and judge, and change nothing."""

from __future__ import annotations

from dfota.host.preflight.document import checks_document
from dfota.host.preflight.scene import Check, Scene
from dfota.host.preflight.table import CHECKS, make_checks

__all__ = ["CHECKS", "Check", "Scene", "checks_document", "make_checks"]
