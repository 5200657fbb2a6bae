# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""An upgrade that loses its power in RESTORE, in virtual time: minutes of it in a moment."""

from __future__ import annotations

from dfota.modem import PowerCut, Trust, VirtualModule
from dfota.testing import fixed_key, make_package, make_release_pair

releases = make_release_pair()
package = make_package(releases.old, releases.new)

module = VirtualModule.in_memory(releases.old, trust=Trust((fixed_key().public_key,)))
module.power_on()
module.elapse(30)
print("runs", module.firmware.revision)

module.feed(b'ATE0;+QFUPL="EUFS:/fota/update.zip",%d,5\r' % len(package))
module.elapse(0.1)  # CONNECT
module.feed(package)
module.arm_power_cut(PowerCut.parse("restore:47:tail"))
module.feed(b"AT+QFOTADL=1\r")

module.elapse_until(lambda: module.last_cut is not None)
print(module.last_cut)

heard = module.elapse(120).decode().split("\r\n")  # the supply comes back by itself
for line in heard:
    if "continue" in line or "END" in line or line in ("RDY", "APP RDY"):
        print("heard", line)
print("runs", module.firmware.revision)
