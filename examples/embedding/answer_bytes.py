# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The smallest use: a module as a function of bytes and time, without any port."""

from __future__ import annotations

from dfota.modem import VirtualModule
from dfota.testing import make_release

module = VirtualModule.in_memory(make_release())

module.power_on()
print(module.elapse(10).decode().split())  # ten seconds pass at once: it boots

for line in ("ATE0", "AT+CSQ", "AT+QGMR", "AT+NONSENSE"):
    answer = module.feed(line.encode() + b"\r")
    print(f"{line:12}", answer)

# A command that takes its time answers when the time has passed.
print(module.feed(b"AT+COPS=?\r"), "20 seconds later:", module.elapse(20)[:12])
