# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib

import pytest

from dfota import delta
from dfota.errors import MisuseError
from dfota.flash import CutMode
from dfota.package import Action, apply_package, parse
from dfota.testing import (
    NEW_REVISION,
    every_cut,
    fixed_key,
    make_image,
    make_package,
    make_release,
    make_release_pair,
)


def test_every_cut_names_each_operation_in_each_mode_once():
    cuts = every_cut(3)

    assert len(set(cuts)) == len(cuts) == 3 * len(CutMode)
    assert [str(cut) for cut in every_cut(2, [CutMode.TAIL])] == ["0-tail", "1-tail"]
    assert len(every_cut(2, iter([CutMode.HEAD, CutMode.TAIL]))) == 4
    assert every_cut(0) == []
    with pytest.raises(MisuseError):
        every_cut(-1)


def test_a_pair_has_one_partition_of_each_kind():
    pair = make_release_pair()
    verified = parse(make_package(pair.old, pair.new)).verify([fixed_key().public_key])

    changes = {change.name: change.action for change in verified.manifest.partitions}
    assert changes == {
        "application": Action.PATCH,
        "legacy": Action.REMOVE,
        "sensors": Action.IMAGE,
        "settings": Action.PATCH,
    }
    assert apply_package(verified, pair.old, delta.apply).digest == pair.new.digest


def test_a_package_is_the_same_in_every_run():
    pair = make_release_pair(1024)

    assert make_package(pair.old, pair.new) == make_package(pair.old, pair.new)
    # Changes only when the builders, the package format or the delta change, on purpose.
    assert pair.old.digest.hex.startswith("1a63e0158de5ee7f")
    assert pair.new.digest.hex.startswith("3d56258c1a301e40")


@pytest.mark.parametrize("size", [1, 2, 7, 1000, 8192])
def test_an_image_has_the_size_asked_for(size):
    assert len(make_image(1, size)) == size


def test_moved_code_makes_a_small_patch():
    old, new = make_image(1, 32768), make_image(1, 32768, moved_by=24)

    assert old != new
    assert len(delta.generate(old, new)) < len(new) / 3
    assert hashlib.sha256(make_image(2)).digest() != hashlib.sha256(make_image(1)).digest()


def test_a_release_is_what_was_asked_for():
    release = make_release(NEW_REVISION, images=[("a", b"x")], model="BG77", security_counter=3)

    assert (str(release.revision), release.model, release.security_counter) == (
        NEW_REVISION,
        "BG77",
        3,
    )
    assert release.partition("a").data == b"x"
