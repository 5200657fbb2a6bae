# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What build makes, apply turns back into the new release; and both refuse what is no upgrade."""

from __future__ import annotations

import hashlib
import io
import lzma
import zipfile
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfota.errors import (
    ContainerError,
    DigestMismatchError,
    InputError,
    ManifestError,
    MisuseError,
    PackageMismatchError,
    RollbackError,
    SignatureError,
)
from dfota.package import (
    Action,
    Partition,
    Release,
    SigningKey,
    VerifiedPackage,
    apply_package,
    build,
    changed_partitions,
    open_image,
    parse,
    release_digest,
)
from dfota.values import Digest, FirmwareVersion

OTHER_KEY = SigningKey(bytes(32))


def release(revision: str = "R01", counter: int = 0, **images: bytes) -> Release:
    partitions = tuple(Partition(name, data) for name, data in images.items())
    return Release("BG96", "HW-1", FirmwareVersion(revision), partitions, counter)


def test_the_package_leads_from_old_to_new(old, new, built, signing_key, patches) -> None:
    verified = parse(built).verify([signing_key.public_key])
    result = apply_package(verified, old, patches.apply)
    assert result.digest == new.digest
    assert {p.name: p.data for p in result.partitions} == {p.name: p.data for p in new.partitions}
    assert (result.revision, result.security_counter) == (new.revision, new.security_counter)


def test_partitions_keep_order_and_slot_and_new_ones_come_last(
    old, built, signing_key, patches
) -> None:
    result = apply_package(parse(built).verify([signing_key.public_key]), old, patches.apply)
    assert [p.name for p in result.partitions] == ["modem", "cfg", "boot", "bt"]
    assert [p.slot_size for p in result.partitions] == [4096, None, None, None]


def test_the_manifest_lists_only_what_changes(old, new, built) -> None:
    manifest = parse(built).manifest
    found = [(p.name, p.action, p.old_size, p.new_size) for p in manifest.partitions]
    assert found == [
        ("boot", Action.PATCH, 3000, 3005),
        ("bt", Action.IMAGE, 0, 450),
        ("modem", Action.IMAGE, 3003, 2000),
        ("wlan", Action.REMOVE, 4, 0),
    ]
    assert manifest.old_release == old.digest
    assert manifest.new_release == new.digest
    assert manifest.payload_names == ("boot", "bt", "modem")


def test_an_unchanged_partition_costs_nothing(old, new, signing_key, patches) -> None:
    def size(cfg: bytes) -> int:
        ballast = Partition("cfg", cfg)
        pair = [
            replace(r, partitions=(*(p for p in r.partitions if p.name != "cfg"), ballast))
            for r in (old, new)
        ]
        return len(build(*pair, keys=[signing_key], make_patch=patches.generate))

    assert size(b"x") == size(bytes(range(256)) * 4000)


def test_the_image_is_sent_only_where_the_patch_is_larger(signing_key) -> None:
    new_image = bytes(5000)
    packed_size = len(lzma.compress(new_image, check=lzma.CHECK_NONE))
    pair = release(a=b"old"), release("R02", a=new_image)
    for patch_size, action in ((packed_size + 1, Action.IMAGE), (packed_size, Action.PATCH)):
        patch = bytes(patch_size)
        data = build(*pair, keys=[signing_key], make_patch=lambda *_, patch=patch: patch)
        assert parse(data).manifest.partitions[0].action is action


def test_an_image_payload_is_plain_xz(new, built, signing_key) -> None:
    payload = bytes(parse(built).verify([signing_key.public_key]).payload("modem"))
    assert lzma.decompress(payload, format=lzma.FORMAT_XZ) == b"\xff" * 2000


def test_the_same_releases_give_the_same_bytes(old, new, built, signing_key, patches) -> None:
    shuffled = replace(new, partitions=new.partitions[::-1])
    keys = [signing_key]
    assert build(old, new, keys=keys, make_patch=patches.generate) == built
    assert build(old, shuffled, keys=keys, make_patch=patches.generate) == built
    both = [signing_key, OTHER_KEY]
    assert build(old, new, keys=both, make_patch=patches.generate) == build(
        old, new, keys=both[::-1], make_patch=patches.generate
    )


def test_ordinary_zip_tools_read_it(built) -> None:
    with zipfile.ZipFile(io.BytesIO(built)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "manifest.cbor",
            "signatures.cbor",
            "payload/boot",
            "payload/bt",
            "payload/modem",
        ]


def test_a_downgrade_is_just_another_package(old, new, signing_key, patches) -> None:
    data = build(new, old, keys=[signing_key], make_patch=patches.generate)
    result = apply_package(parse(data).verify([signing_key.public_key]), new, patches.apply)
    assert result.digest == old.digest


def test_only_the_revision_may_change(signing_key, patches) -> None:
    data = build(
        release(a=b"x"), release("R02", a=b"x"), keys=[signing_key], make_patch=patches.generate
    )
    assert patches.made == 0
    verified = parse(data).verify([signing_key.public_key])
    assert apply_package(verified, release(a=b"x"), patches.apply) == release("R02", a=b"x")


def test_progress_ends_at_the_total(old, new, signing_key, patches) -> None:
    seen: list[tuple[int, int]] = []
    build(
        old, new, keys=[signing_key], make_patch=patches.generate,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    total = sum(len(p.data) for p in new.partitions)
    assert seen[-1] == (total, total)
    assert seen == sorted(seen)


# -- what build refuses ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "EG91"}, "different models: old BG96, new EG91"),
        ({"hardware": "HW-2"}, "different hardware: old HW-1, new HW-2"),
        ({}, "are the same"),
        ({"security_counter": 9}, "are the same"),
    ],
)
def test_build_refuses_what_is_no_upgrade(old, signing_key, patches, changes, words) -> None:
    with pytest.raises(InputError, match=words):
        build(old, replace(old, **changes), keys=[signing_key], make_patch=patches.generate)
    assert patches.made == 0


def test_build_refuses_a_falling_security_counter_unless_told(signing_key, patches) -> None:
    pair = release(counter=4, a=b"x"), release("R02", 3, a=b"y")
    with pytest.raises(RollbackError) as caught:
        build(*pair, keys=[signing_key], make_patch=patches.generate)
    assert (caught.value.counter, caught.value.minimum) == (3, 4)
    data = build(*pair, keys=[signing_key], make_patch=patches.generate, allow_downgrade=True)
    verified = parse(data).verify([signing_key.public_key])
    assert verified.manifest.allows_downgrade
    assert apply_package(verified, pair[0], patches.apply) == pair[1]


@pytest.mark.parametrize("count", [0, 2])
def test_build_refuses_no_key_and_the_same_key_twice(old, new, signing_key, patches, count) -> None:
    with pytest.raises(MisuseError):
        build(old, new, keys=[signing_key] * count, make_patch=patches.generate)


# -- what verify, check_fits and apply refuse --------------------------------------------------------


def test_one_trusted_key_of_several_signers_is_enough(old, new, signing_key, patches) -> None:
    data = build(old, new, keys=[signing_key, OTHER_KEY], make_patch=patches.generate)
    for key in (signing_key, OTHER_KEY):
        assert parse(data).verify([key.public_key]).key_ids == (key.key_id,)
    stranger = SigningKey(b"s" * 32)
    with pytest.raises(SignatureError, match=stranger.key_id.hex()):
        parse(data).verify([stranger.public_key])
    assert parse(data).verify([stranger.public_key, OTHER_KEY.public_key]).key_ids


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("model", "EG91"),
        ("hardware", "HW-2"),
        ("revision", FirmwareVersion("R00")),
        ("firmware digest", Digest(bytes(32))),
    ],
)
def test_a_package_fits_just_one_firmware(old, built, signing_key, fact, value) -> None:
    verified = parse(built).verify([signing_key.public_key])
    facts = {
        "model": old.model,
        "hardware": old.hardware,
        "revision": old.revision,
        "firmware digest": old.digest,
    }
    verified.check_fits(*facts.values(), 3)
    with pytest.raises(RollbackError):
        verified.check_fits(*facts.values(), 4)
    facts[fact] = value
    with pytest.raises(PackageMismatchError) as caught:
        verified.check_fits(*facts.values(), 3)
    assert caught.value.what == fact
    assert str(value) == caught.value.actual


def test_apply_refuses_another_old_release(new, built, signing_key, patches) -> None:
    with pytest.raises(PackageMismatchError):
        apply_package(parse(built).verify([signing_key.public_key]), new, patches.apply)


def test_apply_refuses_a_wrong_result(old, built, signing_key) -> None:
    verified = parse(built).verify([signing_key.public_key])
    with pytest.raises(DigestMismatchError) as caught:
        apply_package(verified, old, lambda *_: b"not the new image")
    assert caught.value.part == "boot"


def signed_anyway(built: bytes, signing_key: SigningKey, **changes: object) -> VerifiedPackage:
    """A package whose signer signed a manifest that contradicts itself."""
    verified = parse(built).verify([signing_key.public_key])
    return replace(verified, manifest=replace(verified.manifest, **changes))


def test_apply_refuses_a_signed_contradiction(old, new, built, signing_key, patches) -> None:
    boot, bt, modem, wlan = parse(built).manifest.partitions
    for partitions, error in (
        ((boot, bt, modem), ManifestError),  # forgets the removal
        ((replace(boot, old_digest=new.digest), bt, modem, wlan), ManifestError),
        ((boot, replace(bt, new_size=449), modem, wlan), ManifestError),
        ((boot, replace(bt, new_digest=new.digest), modem, wlan), ManifestError),
        ((replace(boot, old_size=1), bt, modem, wlan), ManifestError),
        ((boot, replace(bt, old_size=9, old_digest=new.digest), modem, wlan), ManifestError),
        ((boot, bt, replace(modem, old_size=0, old_digest=None), wlan), ManifestError),
        ((boot, bt, modem, wlan, replace(wlan, name="xlan")), ManifestError),
        (
            tuple(replace(wlan, name=p.name, old_digest=Digest.of(p.data)) for p in old.partitions),
            ManifestError,  # nothing would be left
        ),
    ):
        verified = signed_anyway(built, signing_key, partitions=partitions)
        with pytest.raises(error):
            apply_package(verified, old, patches.apply)


def test_what_is_promised_is_known_before_a_payload_is_touched(built, old, signing_key) -> None:
    facts = {part.name: (len(part.data), Digest.of(part.data)) for part in old.partitions}
    verified = parse(built).verify([signing_key.public_key])
    assert list(changed_partitions(verified.manifest, facts)) == ["modem", "cfg", "boot", "bt"]
    for size in (1, 256 * 1024 * 1024):
        boot, *others = verified.manifest.partitions
        partitions = (replace(boot, new_size=size), *others)
        lying = signed_anyway(built, signing_key, partitions=partitions)
        with pytest.raises(ManifestError, match="promised release"):
            apply_package(lying, old, lambda *_: pytest.fail("a patch was applied"))


def test_no_change_leaves_more_partitions_than_a_release_has(built, signing_key) -> None:
    verified = parse(built).verify([signing_key.public_key])
    facts = {f"p{number}": (1, Digest(bytes(32))) for number in range(65)}
    entries = [(name, size, digest.value) for name, (size, digest) in facts.items()]
    for partitions in ({}, facts):
        new_release = release_digest(entries if partitions else [])
        manifest = replace(verified.manifest, partitions=(), new_release=new_release)
        with pytest.raises(ManifestError, match="1 to 64 partitions"):
            changed_partitions(manifest, partitions)


def xz(image: bytes, *filters: int, **options: object) -> bytes:
    chain = [{"id": number} for number in (*filters, lzma.FILTER_LZMA2)]
    return lzma.compress(image, lzma.FORMAT_XZ, lzma.CHECK_NONE, filters=chain, **options)


def two_blocks(image: bytes) -> bytes:
    """One stream, for which every decoder of all of .xz gives *image* twice."""
    whole = xz(image)
    footer = whole[-12:]
    index_size = 4 * (int.from_bytes(footer[4:8], "little") + 1)
    block, index = whole[12 : -12 - index_size], whole[-12 - index_size : -12]
    record = index[2 : index_size - 4].rstrip(b"\0")
    index = b"\0\2" + record * 2
    index += bytes(-len(index) % 4)
    index += zlib.crc32(index).to_bytes(4, "little")
    tail = (len(index) // 4 - 1).to_bytes(4, "little") + footer[8:10]
    footer = zlib.crc32(tail).to_bytes(4, "little") + tail + b"YZ"
    return whole[:12] + block * 2 + index + footer


def test_an_image_has_one_form_that_small_decoders_read_too() -> None:
    image = hashlib.shake_128(b"image").digest(5000)
    assert open_image(xz(image), 5000).read(5000) == image
    double = two_blocks(image)
    assert lzma.decompress(double) == image * 2
    for payload, size in (
        (double, 10_000),
        (xz(image, lzma.FILTER_X86), 5000),
        (xz(image, lzma.FILTER_DELTA), 5000),
        (xz(b""), 1),
        (lzma.compress(image, lzma.FORMAT_ALONE), 5000),
        (b"", 1),
        (xz(image)[:31], 5000),
    ):
        with pytest.raises(ContainerError):
            reader = open_image(payload, size)
            while reader.read(1000):
                pass


def test_there_is_no_payload_for_what_is_not_sent(built, signing_key) -> None:
    verified = parse(built).verify([signing_key.public_key])
    for name in ("wlan", "cfg", "../boot"):
        with pytest.raises(MisuseError):
            verified.payload(name)


# -- any pair of releases ----------------------------------------------------------------------------

IMAGES = st.dictionaries(
    st.sampled_from(["a", "b-1", "c_2", "z" * 32]), st.binary(min_size=1, max_size=40), min_size=1
)


@settings(max_examples=60, deadline=None)
@given(IMAGES, IMAGES, st.integers(0, 3), st.integers(0, 3))
def test_any_pair_goes_there_and_is_refused_elsewhere(before, after, counter, new_counter) -> None:
    key = SigningKey(bytes(range(32)))
    old, new = release("R1", counter, **before), release("R2", new_counter, **after)
    data = build(
        old,
        new,
        keys=[key],
        make_patch=lambda _, image: image,
        allow_downgrade=new_counter < counter,
    )
    verified = parse(data).verify([key.public_key])
    result = apply_package(verified, old, lambda _, patch: patch)
    assert result.digest == new.digest
    assert sorted(result.partitions, key=lambda p: p.name) == sorted(
        new.partitions, key=lambda p: p.name
    )
    with pytest.raises(PackageMismatchError):
        apply_package(verified, new, lambda _, patch: patch)


# -- releases -----------------------------------------------------------------------------------------


def test_the_release_digest_is_the_specified_one() -> None:
    """Worked by hand: [["a", 1, h'…'], ["b", 2, h'…']]."""
    import hashlib

    one, two = hashlib.sha256(b"x").digest(), hashlib.sha256(b"yy").digest()
    by_hand = b"\x82\x83\x61a\x01\x58\x20" + one + b"\x83\x61b\x02\x58\x20" + two
    assert release(b=b"yy", a=b"x").digest == Digest.of(by_hand)
    assert release_digest([("b", 2, two), ("a", 1, one)]) == Digest.of(by_hand)


@pytest.mark.parametrize(
    "make",
    [
        release,
        lambda: release_digest([("a", 1, bytes(32)), ("a", 1, bytes(32))]),
        lambda: Partition("A", b"x"),
        lambda: Partition("n" * 33, b"x"),
        lambda: Partition("a\n", b"x"),
        lambda: Partition("a", b""),
        lambda: Partition("a", b"xx", slot_size=1),
        lambda: release("R", -1, a=b"x"),
        lambda: release("R", 2**32, a=b"x"),
        lambda: replace(release(a=b"x"), model="BG 96"),
        lambda: replace(release(a=b"x"), hardware=""),
        lambda: replace(release(a=b"x"), partitions=(Partition("a", b"x"),) * 2),
        lambda: release(**{f"p{n}": b"x" for n in range(65)}),
    ],
)
def test_an_impossible_release_cannot_be_made(make) -> None:
    with pytest.raises(MisuseError):
        make()


def test_open_image_reads_in_any_steps() -> None:
    from dfota.package.images import compress_image

    image = bytes(range(256)) * 1000
    payload = compress_image(image)
    for step in (1000, 65536, 10**9):
        reader = open_image(payload, len(image))
        assert b"".join(iter(lambda: reader.read(step), b"")) == image  # noqa: B023 - used at once
        assert reader.read(1) == b""


def test_a_bomb_gives_no_more_than_was_promised() -> None:
    bomb = lzma.compress(bytes(64 * 1024 * 1024), check=lzma.CHECK_NONE)
    assert len(bomb) < 20000
    reader = open_image(bomb, 1000)
    with pytest.raises(ContainerError, match="longer than the manifest says"):
        reader.read(10**9)
    reader = open_image(bomb, 2000)
    assert reader.read(1000) == bytes(1000)
