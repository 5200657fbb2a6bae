# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The control channel: a laboratory's HTTP door to a running module, and its client.

Not here: what the verbs do (``laboratory``) and how the module runs (``service``).
"""

from __future__ import annotations

from dfota.modem.control.place import ControlPlace

__all__ = ["ControlPlace"]
