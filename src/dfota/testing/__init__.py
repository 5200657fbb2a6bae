# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The public test kit: cuts, builders, ports and servers that misbehave; no test is in here.

dfota's own tests use it, and so can yours. Everything is deterministic or waits for events.
"""

from __future__ import annotations

from dfota.testing.builders import (
    NEW_REVISION,
    OLD_REVISION,
    ReleasePair,
    fixed_key,
    make_image,
    make_package,
    make_release,
    make_release_pair,
)
from dfota.testing.certificates import Certificates, make_certificates
from dfota.testing.cuts import every_cut
from dfota.testing.fake_package_server import (
    Behaviour,
    FakePackageServer,
    FakeRequest,
    FakeTls,
)
from dfota.testing.golden import (
    GoldenStep,
    HostSends,
    ModulePrints,
    SomethingHappens,
    TimePasses,
    parse_golden,
)
from dfota.testing.power_cuts import PowerCuts
from dfota.testing.transports import (
    NOISE,
    ByteByByte,
    Chatty,
    GarbageBefore,
    InTurn,
    Lossy,
    Merged,
    MisbehavingTransport,
    Mischief,
    Torn,
)

__all__ = [
    "NEW_REVISION",
    "NOISE",
    "OLD_REVISION",
    "Behaviour",
    "ByteByByte",
    "Certificates",
    "Chatty",
    "FakePackageServer",
    "FakeRequest",
    "FakeTls",
    "GarbageBefore",
    "GoldenStep",
    "HostSends",
    "InTurn",
    "Lossy",
    "Merged",
    "MisbehavingTransport",
    "Mischief",
    "ModulePrints",
    "PowerCuts",
    "ReleasePair",
    "SomethingHappens",
    "TimePasses",
    "Torn",
    "every_cut",
    "fixed_key",
    "make_certificates",
    "make_image",
    "make_package",
    "make_release",
    "make_release_pair",
    "parse_golden",
]
