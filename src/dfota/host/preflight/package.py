# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the package: whether it is for this module, who vouches for it, where it leads."""

from __future__ import annotations

import re

from dfota.host.events import CheckResult
from dfota.host.identity import is_same_revision
from dfota.host.preflight.scene import Scene, failed, passed, warned
from dfota.values import FirmwareVersion

_NUMBERS = re.compile(r"[0-9]+")


def judge_revision(scene: Scene) -> CheckResult:
    """Whether there is anything to do."""
    runs, target = scene.identity.revision, scene.plan.target
    if target is not None and is_same_revision(target, FirmwareVersion(runs)):
        return failed("revision", f"the module already runs {runs}", "There is nothing to do.")
    return passed("revision", runs)


def judge_package(scene: Scene) -> CheckResult:
    """Whether the package is for this module and for what it runs."""
    package, identity = scene.plan.facts, scene.identity
    if package is None:
        return passed("package", "not given: the module will judge what it downloads")
    if package.model != identity.model:
        return failed(
            "package",
            f"it is for {package.model}, this is {identity.model}",
            "Use a package for this model.",
        )
    if package.old_revision.text != identity.revision:
        return failed(
            "package",
            f"it turns {package.old_revision} into {package.new_revision}, "
            f"but the module runs {identity.revision}",
            f"Use a package made from {identity.revision}; find one with: dfota updates PORT --from FOLDER",
        )
    hardware = f", for hardware {package.hardware}" if package.hardware else ""
    size = f"{package.size:,} bytes"
    return passed("package", f"{package.old_revision} to {package.new_revision}, {size}{hardware}")


def judge_signature(scene: Scene) -> CheckResult:
    """Whether somebody whom the person trusts vouches for the package."""
    package = scene.plan.facts
    if package is None:
        return warned(
            "signature",
            "the package is not at hand, so nobody has verified it",
            "Give PACKAGE beside --url, and --key with the vendor's public key.",
        )
    if package.verified_by:
        keys = ", ".join(f"{key[:8]}…" for key in package.verified_by)
        return passed("signature", f"verified by {keys}")
    return warned(
        "signature",
        f"{package.signatures or 'no'} signature{'' if package.signatures == 1 else 's'}, "
        "none verified",
        "Give --key with the vendor's public key.",
    )


def judge_direction(scene: Scene) -> CheckResult:
    """Whether this leads forward."""
    target, runs = scene.plan.target, scene.identity.revision
    package = scene.plan.facts
    if package is not None and package.allows_downgrade:
        return warned(
            "direction",
            f"the package allows a downgrade (counter {package.security_counter})",
            "Whether the older firmware can be left again depends on a package back from it.",
        )
    if target is not None and is_lower(target.text, runs):
        return warned(
            "direction",
            f"{target} has lower numbers than {runs}: a downgrade",
            "Make sure that a package back exists: not every downgrade can be undone.",
        )
    return passed("direction", "an upgrade" if target is not None else "not known beforehand")


def is_lower(target: str, runs: str) -> bool:
    """Whether the numbers of *target* are lower than those of *runs*, of the same series."""
    if _NUMBERS.sub("", target) != _NUMBERS.sub("", runs):
        return False
    return [*map(int, _NUMBERS.findall(target))] < [*map(int, _NUMBERS.findall(runs))]
