# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Power cuts in an update of a real BG96-like set of partitions, at its real geometry."""

from __future__ import annotations

import random
from functools import partial

import pytest
from powerloss_scenes import Tally

from dfota.delta import generate
from dfota.engine import Engine, Unfinished, factory, required_geometry
from dfota.flash import Cut, CutMode, PowerLost, SimulatedFlash
from dfota.package import Partition, Release, SigningKey, build
from dfota.values import FirmwareVersion

pytestmark = [pytest.mark.powerloss, pytest.mark.corpus]

CUTS = 12


def release_of(pair, which, revision):
    image = getattr(pair, which)
    return Release(
        "BG96",
        "R1",
        FirmwareVersion(revision),
        tuple(
            Partition(
                part["name"],
                image[part["offset"] : part["offset"] + part[f"{which}_size"]],
                part["slot"],
            )
            for part in pair.manifest["partitions"]
        ),
    )


def update(flash, package, trusted):
    engine = Engine(flash)
    if isinstance(engine.boot(), Unfinished):
        steps = engine.resume()
    else:
        steps = engine.update(package, trusted=trusted, remote=True)
    for _ in steps:
        pass


def test_a_real_set_of_partitions_survives_cuts(corpus, record_tally):
    pair = corpus.pair("multi-bg96like-a")
    old, new = release_of(pair, "old", "BG96_01.001"), release_of(pair, "new", "BG96_01.002")
    key = SigningKey.generate()
    package = build(old, new, keys=[key], make_patch=partial(generate, profile="balanced"))
    geometry = required_geometry(old, new)
    flash = SimulatedFlash(bytearray(SimulatedFlash.size_of(geometry)), geometry)
    factory(flash, old)
    before = bytes(flash._memory)
    flash.operations = 0
    update(flash, package, [key.public_key])
    total = flash.operations
    source = random.Random(96)  # noqa: S311 - a seeded sample is no secret

    for number in range(CUTS):
        cut = Cut(int(total * (number + source.random()) / CUTS), source.choice(list(CutMode)))
        flash = SimulatedFlash(bytearray(before), geometry)
        flash.lose_power_at(cut)
        with pytest.raises(PowerLost):
            update(flash, package, [key.public_key])
        flash.power_on()

        engine = Engine(flash)
        was_unfinished = isinstance(engine.boot(), Unfinished)
        if was_unfinished:
            for _ in engine.resume():
                pass
        is_new = engine.firmware.revision == new.revision
        expected = new if is_new else old
        assert engine.firmware.release_digest == expected.digest, cut
        for part in expected.partitions:
            assert engine.read_partition(part.name) == part.data, cut
        assert is_new or not was_unfinished
        record_tally("single cuts", "real firmware", Tally(old=not is_new, new=is_new))
