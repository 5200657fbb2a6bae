# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Write ``vectors/index``; nothing of dfota is imported, so that the vectors are independent.

CBOR, keys and COSE_Sign1 are those of ``make_vectors.py`` beside this file. Run it with the
directory to write as its argument; the same program writes the same bytes.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_spec = importlib.util.spec_from_file_location(
    "package_vectors", Path(__file__).with_name("make_vectors.py")
)
assert _spec is not None
assert _spec.loader is not None
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)

AAD = b"dfota-index-v1"


def entry(**changed: Any) -> dict[int, Any]:
    """A valid entry; ``k5=…`` changes a key, ``k5=None`` drops it."""
    fields = {
        1: "a.zip",
        2: 7878,
        3: made.sha256(b"a"),
        4: "BG96",
        5: "BG96MAR02A07M1G_01.018.01.018",
        6: "BG96MAR02A07M1G_01.019.01.019",
        7: "BG96MA-128-SGN",
        8: made.sha256(b"old"),
        9: made.sha256(b"new"),
        10: 7,
        11: False,
    }
    for name, value in changed.items():
        fields[int(name[1:])] = value
    return {key: value for key, value in fields.items() if value is not None}


def bare(**changed: Any) -> dict[int, Any]:
    """A valid entry of a package without a manifest."""
    values = {"k7": None, "k8": None, "k9": None, "k10": None, "k11": None, **changed}
    return entry(**values)


SECOND = entry(k1="b.zip", k5="BG96MAR02A07M1G_01.019.01.019", k6="BG96MAR02A07M1G_01.020.01.020")


def signed(payload: bytes, **options: Any) -> bytes:
    options.setdefault("aad", AAD)
    return made.cbor([made.cose_sign1(payload, made.TRUSTED_SEED, **options)])


def packages(*entries: Any) -> bytes:
    return made.cbor({1: 1, 2: list(entries)})


def whole(payload: bytes, signatures: Callable[[bytes], bytes] = signed) -> bytes:
    return made.cbor([payload, signatures(payload)])


def unsigned(_payload: bytes) -> bytes:
    return b""


def accepted() -> dict[str, tuple[bytes, str]]:
    return {
        "valid": (whole(packages(entry(), SECOND)), "two packages"),
        "valid-empty": (whole(packages()), "no package at all"),
        "valid-bare": (whole(packages(bare(), SECOND)), "one without a manifest"),
        "valid-two-hardwares": (
            whole(packages(entry(), entry(k1="b.zip", k7="BG96MA-128-XYZ"))),
            "the same step for two hardwares",
        ),
        "valid-two-signatures": (
            whole(
                packages(entry()),
                lambda payload: made.cbor(
                    sorted(
                        (
                            made.cose_sign1(payload, seed, aad=AAD)
                            for seed in (made.TRUSTED_SEED, made.SECOND_SEED)
                        ),
                        key=lambda one: one[0],
                    )
                ),
            ),
            "two trusted keys",
        ),
        "valid-same-revision": (
            whole(packages(entry(k6="BG96MAR02A07M1G_01.018.01.018"))),
            "the revision stays, the firmware changes",
        ),
    }


def bad_fields() -> dict[str, tuple[bytes, str]]:
    cases = {
        "file-slash": (entry(k1="a/b.zip"), "a path"),
        "file-backslash": (entry(k1="a\\b.zip"), "a path"),
        "file-parent": (entry(k1=".."), "the folder above"),
        "file-hidden": (entry(k1=".a.zip"), "a dot in front"),
        "file-empty": (entry(k1=""), "no name"),
        "file-blank": (entry(k1="a b.zip"), "a blank"),
        "file-newline": (entry(k1="a.zip\n"), "a line feed"),
        "file-nul": (entry(k1="a\0.zip"), "a NUL byte"),
        "file-url": (entry(k1="http://x/a.zip"), "another server"),
        "file-long": (entry(k1="a" * 129), "129 characters"),
        "file-bytes": (entry(k1=b"a.zip"), "not text"),
        "size-zero": (entry(k2=0), "no bytes"),
        "size-large": (entry(k2=256 * 1024 * 1024 + 1), "more than a package may have"),
        "size-negative": (entry(k2=-1), "below zero"),
        "size-bool": (entry(k2=True), "true is no integer"),
        "digest-short": (entry(k3=b"\0" * 31), "31 bytes"),
        "digest-text": (entry(k3="0" * 64), "hexadecimal text"),
        "model-slash": (entry(k4="BG/96"), "a slash"),
        "model-long": (entry(k4="B" * 33), "33 characters"),
        "old-revision-empty": (entry(k5=""), "empty"),
        "new-revision-quote": (entry(k6='R"1'), "a quote would end the AT string"),
        "same": (bare(k6="BG96MAR02A07M1G_01.018.01.018"), "old and new are the same"),
        "same-release": (
            entry(k6="BG96MAR02A07M1G_01.018.01.018", k9=made.sha256(b"old")),
            "revision and firmware are the same",
        ),
        "counter-large": (entry(k10=2**32), "more than four bytes"),
        "downgrade-integer": (entry(k11=0), "0 is not false"),
        "half-promise": (entry(k10=None), "a manifest without a counter"),
        "no-file": (entry(k1=None), "no file"),
        "no-digest": (entry(k3=None), "no digest"),
        "unknown-key": (entry(k12=1), "an unknown key"),
    }
    return {name: (whole(packages(one)), reason) for name, (one, reason) in cases.items()}


def bad_structure() -> dict[str, tuple[bytes, str]]:
    good = packages(entry())
    return {
        "empty": (b"", "nothing"),
        "zip": (b"PK\x03\x04" + b"\0" * 40, "a package"),
        "truncated": (whole(good)[:-1], "one byte is missing"),
        "behind": (whole(good) + b"\0", "one byte too many"),
        "map": (made.cbor({1: good, 2: b""}), "no array"),
        "three": (made.cbor([good, b"", b""]), "three parts"),
        "not-bytes": (made.cbor([{1: 1, 2: []}, b""]), "the packages are not wrapped"),
        "inner-behind": (whole(good + b"\0"), "one byte behind the packages"),
        "version": (whole(made.cbor({1: 2, 2: []})), "format version 2"),
        "no-packages": (whole(made.cbor({1: 1})), "no packages"),
        "more-keys": (whole(made.cbor({1: 1, 2: [], 3: 0})), "a third key"),
        "packages-map": (whole(made.cbor({1: 1, 2: {}})), "packages are a map"),
        "entry-array": (whole(packages([])), "an entry is an array"),
        "key-order": (
            whole(made.cbor(((2, []), (1, 1)))),
            "map keys in another order",
        ),
        "long-integer": (
            whole(made.Raw(b"\xa2\x01\x18\x01\x02\x80")),
            "an integer that is not the shortest",
        ),
        "huge-array": (
            whole(made.Raw(b"\xa2\x01\x01\x02\x9b\xff\xff\xff\xff\xff\xff\xff\xff")),
            "2^64 - 1 packages announced",
        ),
        "order": (whole(packages(SECOND, entry())), "not sorted"),
        "twice": (whole(packages(entry(), entry(k1="b.zip"))), "the same step twice"),
        "file-twice": (
            whole(packages(entry(), SECOND | {1: "a.zip"})),
            "one file for two steps",
        ),
    }


def bad_signatures() -> dict[str, tuple[bytes, str, str]]:
    good = packages(entry())

    def by(signatures: Callable[[bytes], bytes]) -> bytes:
        return whole(good, signatures)

    def first_bit(signature: bytes) -> bytes:
        return bytes([signature[0] ^ 1]) + signature[1:]

    return {
        "unsigned": (by(unsigned), "not signed", "verify"),
        "signature-flipped": (
            by(lambda payload: signed(payload, mangle=first_bit)),
            "a flipped bit",
            "verify",
        ),
        "signature-stranger": (
            by(lambda payload: made.cbor([made.cose_sign1(payload, made.STRANGER_SEED, aad=AAD)])),
            "a key that nobody trusts",
            "verify",
        ),
        "signature-of-a-package": (
            by(lambda payload: signed(payload, aad=made.AAD)),
            "in the domain of packages",
            "verify",
        ),
        "signature-other": (
            by(lambda _payload: signed(packages(SECOND))),
            "of another index",
            "verify",
        ),
        "signature-text": (by(lambda _payload: made.cbor("signed")), "no array", "parse"),
        "signature-none": (by(lambda _payload: made.cbor([])), "an empty array", "parse"),
        "signature-large": (by(lambda _payload: b"\0" * 4097), "4097 bytes", "parse"),
    }  # fmt: skip


def write_vectors(directory: Path) -> None:
    """Write all files and their list into *directory*."""
    directory.mkdir(parents=True, exist_ok=True)
    cases: list[dict[str, Any]] = []

    def add(name: str, data: bytes, **facts: Any) -> None:
        (directory / f"{name}.cbor").write_bytes(data)
        cases.append({"file": f"{name}.cbor", **facts})

    for name, (data, reason) in accepted().items():
        add(name, data, expect="accept", reason=reason)
    for name, (data, reason) in (bad_structure() | bad_fields()).items():
        add(name, data, expect="reject", error="package.index", reason=reason, stage="parse")
    for name, (data, reason, stage) in bad_signatures().items():
        add(name, data, expect="reject", error="package.signature", reason=reason, stage=stage)
    listed = {
        "about": (
            "Indexes of packages, format version 1. Each case goes through the stages parse and "
            "verify (with the trusted keys) and is accepted, or rejected by its stage with its "
            "error code."
        ),
        "trusted": [made.public_key(seed).hex() for seed in (made.TRUSTED_SEED, made.SECOND_SEED)],
        "cases": cases,
    }
    (directory / "index.json").write_text(json.dumps(listed, indent=1) + "\n")


if __name__ == "__main__":
    write_vectors(Path(sys.argv[1]))
