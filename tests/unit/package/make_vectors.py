# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Write ``vectors/package``; nothing of dfota is imported, so that the vectors are independent.

The containers come from the standard library's ``zipfile``, CBOR and xz from a few lines
here, Ed25519 from ``cryptography`` with the secret keys of RFC 8032, 7.1. Run it with the
directory to write as its argument; the same program writes the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import sys
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Pairs = list[tuple[Any, Any]]

TRUSTED_SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
SECOND_SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
STRANGER_SEED = bytes.fromhex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")

AAD = b"dfota-package-v1"

# -- CBOR (RFC 8949), the few types that are needed, and the wrong forms of them --------------


class Raw(bytes):
    """Bytes that are CBOR already."""


def head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << (8 * size):
            return bytes([major << 5 | code]) + number.to_bytes(size, "big")
    raise OverflowError(number)


def cbor(value: Any) -> bytes:
    """Encode; a list of pairs in a tuple is a map whose order is kept as given."""
    if isinstance(value, Raw):
        return bytes(value)
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, dict):
        return cbor(tuple(value.items()))
    return head(5, len(value)) + b"".join(cbor(key) + cbor(item) for key, item in value)


# -- xz, with LZMA2 chunks that are not compressed ---------------------------------------------


def variable_integer(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def with_crc32(data: bytes) -> bytes:
    return data + struct.pack("<I", zlib.crc32(data))


def xz(image: bytes, *, dictionary_code: int = 0, check: int = 0) -> bytes:
    """One stream with one block; the check is none, or CRC-32 (1)."""
    flags = bytes([0, check])
    stream_head = b"\xfd7zXZ\x00" + flags + struct.pack("<I", zlib.crc32(flags))
    block_head = with_crc32(bytes([2, 0, 0x21, 1, dictionary_code, 0, 0, 0]))
    chunks = b""
    for index, offset in enumerate(range(0, len(image), 65536)):
        chunk = image[offset : offset + 65536]
        chunks += bytes([2 if index else 1]) + struct.pack(">H", len(chunk) - 1) + chunk
    chunks += b"\0"
    trailer = struct.pack("<I", zlib.crc32(image)) if check else b""
    unpadded = len(block_head) + len(chunks) + len(trailer)
    chunks += bytes(-len(chunks) % 4)
    index_field = b"\0\x01" + variable_integer(unpadded) + variable_integer(len(image))
    index_field = with_crc32(index_field + bytes(-len(index_field) % 4))
    foot = struct.pack("<I", len(index_field) // 4 - 1) + flags
    stream_foot = struct.pack("<I", zlib.crc32(foot)) + foot + b"YZ"
    return stream_head + block_head + chunks + trailer + index_field + stream_foot


# -- the pieces of a package ---------------------------------------------------------------------


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def public_key(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def key_id(seed: bytes) -> bytes:
    return sha256(public_key(seed))[:8]


def release_digest(images: dict[str, bytes]) -> bytes:
    return sha256(
        cbor([[name, len(images[name]), sha256(images[name])] for name in sorted(images)])
    )


def cose_sign1(
    manifest: bytes,
    seed: bytes,
    *,
    protected: Any = None,
    unprotected: Any = None,
    payload: Any = None,
    claimed_seed: bytes | None = None,
    context: str = "Signature1",
    aad: bytes = AAD,
    mangle: Callable[[bytes], bytes] = lambda signature: signature,
) -> list[Any]:
    if protected is None:
        protected = cbor({1: -8, 4: key_id(claimed_seed or seed)})
    to_sign = cbor([context, protected, aad, manifest])
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(to_sign)
    return [protected, {} if unprotected is None else unprotected, payload, mangle(signature)]


def container(entries: list[tuple[str, bytes]], **options: Any) -> bytes:
    """Let the standard library write a ZIP file in the profile, or not quite in it."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        warnings.simplefilter("ignore")  # duplicate names are wanted here
        for name, data in entries:
            info = zipfile.ZipInfo(name, options.get("date", (1980, 1, 1, 0, 0, 0)))
            info.create_system = 3
            info.create_version = info.extract_version = 10
            info.external_attr = options.get("mode", 0o100644) << 16
            info.extra = options.get("extra", b"")
            info.comment = options.get("entry_comment", b"")
            info.compress_type = options.get("method", zipfile.ZIP_STORED)
            archive.writestr(info, data)
        archive.comment = options.get("comment", b"")
    return out.getvalue()


# -- one valid package, and what can be wrong with it ----------------------------------------------

OLD = {
    "boot": b"old boot code " * 8,
    "modem": b"old modem code " * 9,
    "wlan": b"wlan",
    "cfg": b"same",
}
NEW = {
    "boot": b"new boot code " * 8,
    "modem": b"new modem code " * 9,
    "bt": b"bluetooth",
    "cfg": b"same",
}
PATCH = b"the patch of boot: opaque to the package"
PAYLOADS = {"boot": PATCH, "bt": xz(NEW["bt"]), "modem": xz(NEW["modem"])}


def partition_rows() -> list[dict[int, Any]]:
    def old(name: str) -> dict[int, Any]:
        return {3: len(OLD[name]), 4: sha256(OLD[name])}

    def new(name: str) -> dict[int, Any]:
        payload = PAYLOADS[name]
        return {5: len(NEW[name]), 6: sha256(NEW[name]), 7: len(payload), 8: sha256(payload)}

    return [
        {1: "boot", 2: 1} | old("boot") | new("boot"),
        {1: "bt", 2: 2} | new("bt"),
        {1: "modem", 2: 2} | old("modem") | new("modem"),
        {1: "wlan", 2: 3} | old("wlan"),
    ]


def manifest_map() -> dict[int, Any]:
    return {
        1: 1,
        2: "BG96",
        3: "BG96MA-128-SGN",
        4: "BG96MAR02A07M1G_01.018.01.018",
        5: "BG96MAR02A08M1G_01.002.01.002",
        6: release_digest(OLD),
        7: release_digest(NEW),
        8: 7,
        9: False,
        10: partition_rows(),
    }


def entries_of(
    manifest: dict[int, Any] | Pairs | bytes,
    signatures: Callable[[bytes], Any] = lambda manifest: [cose_sign1(manifest, TRUSTED_SEED)],
    payloads: list[tuple[str, bytes]] | None = None,
) -> list[tuple[str, bytes]]:
    encoded = manifest if isinstance(manifest, bytes) else cbor(manifest)
    made = signatures(encoded)
    return [
        ("manifest.cbor", encoded),
        ("signatures.cbor", made if isinstance(made, bytes) else cbor(made)),
        *(payloads if payloads is not None else payload_entries()),
    ]


def payload_entries(**changed: bytes) -> list[tuple[str, bytes]]:
    return [(f"payload/{name}", changed.get(name, PAYLOADS[name])) for name in sorted(PAYLOADS)]


class Vectors:
    """The cases, in the order in which the index lists them."""

    def __init__(self) -> None:
        self.cases: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}

    def accept(self, name: str, data: bytes, reason: str, **facts: Any) -> None:
        self._add(name, data, {"expect": "accept", "reason": reason, **facts})

    def reject(self, name: str, data: bytes, error: str, reason: str, **facts: Any) -> None:
        facts = {"stage": "parse", **facts}
        self._add(name, data, {"expect": "reject", "error": error, "reason": reason, **facts})

    def _add(self, name: str, data: bytes, facts: dict[str, Any]) -> None:
        self.files[f"{name}.zip"] = data
        self.cases.append({"file": f"{name}.zip", **facts})


def add_accepted(vectors: Vectors) -> None:
    plain = container(entries_of(manifest_map()))
    images = {name: NEW[name].hex() for name in ("bt", "modem")}
    vectors.accept("valid", plain, "every action once: patch, two images, remove", images=images)
    by_id = sorted((TRUSTED_SEED, SECOND_SEED, STRANGER_SEED), key=key_id)
    vectors.accept(
        "valid-three-signatures",
        container(entries_of(manifest_map(), lambda m: [cose_sign1(m, seed) for seed in by_id])),
        "two trusted keys and one that nobody knows",
    )
    vectors.accept(
        "valid-only-revision",
        container(entries_of(manifest_map() | {7: release_digest(OLD), 10: []}, payloads=[])),
        "no partition changes, only the revision",
    )
    vectors.accept(
        "valid-downgrade",
        container(entries_of(manifest_map() | {8: 0, 9: True})),
        "the security counter is below the module's, and the manifest allows it",
    )


def add_misfits(vectors: Vectors) -> None:
    facts = {"stage": "fits"}
    for name, key, value in (
        ("model", 2, "EG91"),
        ("hardware", 3, "BG96MA-64-SGN"),
        ("old-revision", 4, "BG96MAR02A06M1G"),
        ("old-release", 6, sha256(b"another firmware")),
    ):
        data = container(entries_of(manifest_map() | {key: value}))
        vectors.reject(f"fits-{name}", data, "package.mismatch", f"for another {name}", **facts)
    data = container(entries_of(manifest_map() | {8: 4}))
    vectors.reject("fits-rollback", data, "package.rollback", "security counter 4 < 5", **facts)


def patched(data: bytes, offset: int, new: bytes) -> bytes:
    """Overwrite; a negative offset counts from the end."""
    offset %= len(data)
    return data[:offset] + new + data[offset + len(new) :]


def add_bad_containers(vectors: Vectors) -> None:
    code = "package.container"
    entries = entries_of(manifest_map())
    good = container(entries)
    central_at = struct.unpack("<I", good[-6:-2])[0]
    first_end = 30 + len("manifest.cbor") + len(entries[0][1])

    def reject(name: str, data: bytes, reason: str) -> None:
        vectors.reject(f"zip-{name}", data, code, reason)

    reject("empty", b"", "no bytes")
    reject("text", b"this is no ZIP file, but long enough to be one\n", "no end record")
    reject("no-entries", container([]), "no manifest")
    reject("only-manifest", container(entries[:1]), "no signatures")
    reject("truncated", good[:-1], "the last byte is missing")
    reject("half", good[: len(good) // 2], "the second half is missing")
    reject("before", b"MZ" + good, "two bytes before the first entry")
    reject("behind", good + b"\n", "a byte behind the end record")
    reject("comment", container(entries, comment=b"hi"), "an archive comment")
    reject("entry-comment", container(entries, entry_comment=b"hi"), "entries have comments")
    reject("extra", container(entries, extra=b"\xff\xff\0\0"), "entries have extra fields")
    reject("deflated", container(entries, method=zipfile.ZIP_DEFLATED), "entries are compressed")
    reject("timestamp", container(entries, date=(2026, 11, 22, 0, 0, 0)), "entries have a date")
    reject("mode", container(entries, mode=0o100755), "entries are executable")
    reject("order", container([entries[1], entries[0], *entries[2:]]), "signatures come first")
    reject("duplicate", container([*entries, entries[-1]]), "a payload occurs twice")
    reject("unknown-entry", container([*entries, ("readme.txt", b"hi")]), "not a payload name")
    reject("escape", container([*entries, ("payload/../x", b"hi")]), "a path that escapes")
    reject("long-name", container([*entries, ("payload/" + "n" * 33, b"hi")]), "a name of 33")
    reject("missing-payload", container(entries[:-1]), "the manifest's last payload is missing")
    reject("more-payload", container([*entries, ("payload/z", b"hi")]), "not in the manifest")
    renamed = [*entries[:-1], ("payload/modex", entries[-1][1])]
    reject("payload-name", container(renamed), "a payload of another partition")
    reject("payload-order", container([*entries[:2], *reversed(entries[2:])]), "not its order")
    longer = entries_of(manifest_map(), payloads=payload_entries(boot=PATCH + b"!"))
    reject("payload-longer", container(longer), "a payload is longer than the manifest says")
    reject("crc", patched(good, first_end - 1, b"\xff"), "the CRC-32 of the manifest is wrong")
    reject("local-crc", patched(good, 14, b"\0\0\0\0"), "local and central CRC-32 differ")
    reject("local-size", patched(good, 22, b"\1\0\0\0"), "local and central size differ")
    reject("local-name", patched(good, 30, b"M"), "local and central name differ")
    reject("local-flags", patched(good, 6, b"\x08"), "the local record announces a descriptor")
    reject("encrypted", patched(good, central_at + 8, b"\1"), "the central record says encrypted")
    reject("offset", patched(good, central_at + 42, b"\1"), "the first entry is not at offset 0")
    reject("huge-size", patched(good, central_at + 20, b"\xff" * 8), "sizes of 4 GiB (ZIP64)")
    reject("huge-name", patched(good, central_at + 28, b"\xff\xff"), "a name of 65535 bytes")
    reject("count-less", patched(good, -14, b"\4\0\4\0"), "the end record counts one entry less")
    reject("count-more", patched(good, -14, b"\6\0\6\0"), "the end record counts one entry more")
    reject("count-huge", patched(good, -14, b"\xff\xff\xff\xff"), "65535 entries")
    reject("disk", patched(good, -18, b"\1"), "a second disk")
    reject("directory-at", patched(good, -6, b"\xff\xff\xff\xff"), "directory far outside")

    def shifted(gap: bytes, at: int) -> bytes:
        end = struct.pack("<I", central_at + len(gap))
        return patched(good[:at] + gap + good[at:], -6, end)

    reject("gap", shifted(b"gap!", central_at), "bytes between entries and directory")
    reject("gap-inside", shifted(b"gap!", first_end), "bytes between two entries")
    end_at = len(good) - 22
    rest = (
        good[:end_at]
        + b"gap!"
        + patched(good[end_at:], 12, struct.pack("<I", end_at - central_at + 4))
    )
    reject("gap-directory", rest, "the directory has bytes behind its last record")
    reject("gap-end", good[:end_at] + b"gap!" + good[end_at:], "bytes before the end record")


def add_bad_manifests(vectors: Vectors) -> None:
    code = "package.manifest"

    def reject(name: str, manifest: Any, reason: str) -> None:
        data = container(entries_of(manifest))
        vectors.reject(f"manifest-{name}", data, code, reason)

    good = manifest_map()
    pairs = list(good.items())
    encoded = cbor(good)
    reject("empty", b"", "no value")
    reject("behind", encoded + b"\0", "a byte behind the value")
    reject("truncated", encoded[:-1], "cut short")
    reject("array", cbor([1, 2, 3]), "not a map")
    reject("key-order", (pairs[1], pairs[0], *pairs[2:]), "keys not ascending")
    reject("duplicate-key", (pairs[0], *pairs), "the format occurs twice")
    reject("long-integer", good | {8: Raw(b"\x18\x07")}, "7 in two bytes")
    reject("long-length", good | {2: Raw(b"\x78\x04BG96")}, "a length in two bytes")
    reject("indefinite-map", b"\xbf" + encoded[1:] + b"\xff", "a map of indefinite length")
    reject("indefinite-text", good | {2: Raw(b"\x7f\x64BG96\xff")}, "indefinite text")
    reject("float", good | {8: Raw(b"\xf9\x47\x00")}, "the security counter is 7.0")
    reject("tag", good | {8: Raw(b"\xc2\x41\x07")}, "the security counter is a bignum")
    reject("undefined", good | {9: Raw(b"\xf7")}, "a simple value that is not used")
    reject("text-key", (*pairs, ("x", 1)), "a key that is no integer")
    reject("not-utf8", good | {2: Raw(b"\x64BG9\xff")}, "text that is not UTF-8")
    reject("deep", good | {10: Raw(b"\x81" * 400 + b"\x00")}, "400 arrays in each other")
    reject("huge-array", good | {10: Raw(b"\x9a\xff\xff\xff\xff")}, "4 Gi items announced")
    reject("huge-bytes", good | {6: Raw(b"\x5b" + b"\x7f" * 8)}, "a string of exabytes")
    reject("version", good | {1: 2}, "format version 2")
    reject("unknown-key", good | {11: 0}, "a key of the future")
    for key, name in (
        (2, "model"),
        (6, "old-release"),
        (9, "allows-downgrade"),
        (10, "partitions"),
    ):
        without = {k: v for k, v in good.items() if k != key}
        reject(f"no-{name}", without, f"the {name} is missing")
    reject("model-type", good | {2: b"BG96"}, "the model is a byte string")
    reject("model-empty", good | {2: ""}, "the model is empty")
    reject("model-newline", good | {2: "BG96\n"}, "the model ends with a line feed")
    reject("model-long", good | {2: "B" * 33}, "the model has 33 characters")
    reject("revision-quote", good | {5: 'R"2'}, "a quotation mark in the revision")
    reject("revision-long", good | {5: "R" * 65}, "the revision has 65 characters")
    reject("digest-short", good | {6: good[6][:31]}, "a digest of 31 bytes")
    reject("counter-bool", good | {8: True}, "the security counter is true")
    reject("counter-negative", good | {8: -1}, "the security counter is -1")
    reject("counter-large", good | {8: 2**32}, "the security counter is 2^32")
    reject("downgrade-integer", good | {9: 0}, "allows downgrade is 0")
    reject("nothing", good | {5: good[4], 7: good[6], 10: []}, "old and new are the same")
    reject("change-without-list", good | {10: []}, "releases differ, no partition does")
    reject("list-without-change", good | {7: good[6]}, "partitions differ, releases do not")

    def reject_partition(name: str, changes: dict[int, Any], reason: str, index: int = 0) -> None:
        rows = partition_rows()
        row = {key: value for key, value in (rows[index] | changes).items() if value is not None}
        rows[index] = dict(sorted(row.items()))
        reject(f"partition-{name}", good | {10: rows}, reason)

    reject("partition-order", good | {10: partition_rows()[::-1]}, "names not ascending")
    reject("partition-twice", good | {10: partition_rows()[:1] * 2}, "a name twice")
    reject("partition-integer", good | {10: [1]}, "a partition that is no map")
    reject_partition("name-slash", {1: "../x"}, "a name that escapes")
    reject_partition("name-upper", {1: "BOOT"}, "a name in upper case")
    reject_partition("action", {2: 4}, "an unknown action")
    reject_partition("no-old-digest", {4: None}, "a patch without the old digest")
    reject_partition("no-new-size", {5: None}, "a patch without the new size")
    reject_partition("unknown-key", {9: 0}, "a key of the future")
    reject_partition("size-zero", {5: 0}, "an empty new image")
    reject_partition("size-huge", {5: 2**28 + 1}, "an image over the limit")
    reject_partition("size-astronomic", {3: 2**63}, "an image of exabytes")
    reject_partition("payload-empty", {7: 0}, "an empty payload")
    reject_partition("no-change", {6: sha256(OLD["boot"])}, "old and new digest are the same")
    reject_partition("half-old", {3: 5}, "an old size without an old digest", 1)
    reject_partition("remove-new", {5: 1}, "a removed partition with a new size", 3)
    many = [{1: f"p{n:02}", 2: 3, 3: 1, 4: sha256(b"x")} for n in range(65)]
    reject("partition-many", good | {10: many}, "65 partitions")
    reject("large", cbor(good) + bytes(32 * 1024), "more than 32 KiB")


def add_bad_signatures(vectors: Vectors) -> None:
    code = "package.signature"

    def reject(name: str, make: Callable[[bytes], Any], reason: str, **facts: Any) -> None:
        data = container(entries_of(manifest_map(), make))
        vectors.reject(f"signature-{name}", data, code, reason, **facts)

    def one(name: str, reason: str, *, seed: bytes = TRUSTED_SEED, **options: Any) -> None:
        facts = {"stage": options.pop("stage", "parse")}
        reject(name, lambda m: [cose_sign1(m, seed, **options)], reason, **facts)

    late = {"stage": "verify"}
    kid = key_id(TRUSTED_SEED)
    one("stranger", "only a key that is not trusted signed", seed=STRANGER_SEED, **late)
    one("claimed", "a stranger claims a trusted key", seed=STRANGER_SEED,
        claimed_seed=TRUSTED_SEED, **late)  # fmt: skip
    one("flipped", "one bit is wrong", mangle=lambda s: s[:-1] + bytes([s[-1] ^ 1]), **late)
    one("zero", "64 zero bytes", mangle=lambda s: bytes(64), **late)
    order = 2**252 + 27742317777372353535851937790883648493

    def plus_order(signature: bytes) -> bytes:
        scalar = int.from_bytes(signature[32:], "little") + order
        return signature[:32] + scalar.to_bytes(32, "little")

    one("malleable", "S is not below the group order", mangle=plus_order, **late)
    one("no-domain", "signed without the domain", aad=b"", **late)
    one("other-context", "signed as a counter signature", context="CounterSignature", **late)
    reject("other-manifest", lambda m: [cose_sign1(m + b"\0", TRUSTED_SEED)], "of another manifest",
           **late)  # fmt: skip
    by_id = sorted((TRUSTED_SEED, SECOND_SEED), key=key_id)
    wrong = {"mangle": lambda s: bytes(64)}
    reject(
        "one-of-two-wrong",
        lambda m: [cose_sign1(m, seed, **(wrong if seed == SECOND_SEED else {})) for seed in by_id],
        "one trusted key's signature is right, the other's wrong",
        **late,
    )
    reject("empty", lambda m: b"", "no value")
    reject("none", lambda m: [], "no signature")
    reject("map", lambda m: {}, "not an array")
    reject("three", lambda m: [cose_sign1(m, TRUSTED_SEED)[:3]], "an array of three")
    reject("tagged", lambda m: [Raw(b"\xd2" + cbor(cose_sign1(m, TRUSTED_SEED)))], "tag 18")
    reject("twice", lambda m: [cose_sign1(m, TRUSTED_SEED)] * 2, "the same key twice")
    reject("order", lambda m: [cose_sign1(m, seed) for seed in by_id[::-1]], "not ascending")
    one("short", "63 bytes", mangle=lambda s: s[:-1])
    one("text", "the signature is text", mangle=lambda s: "s" * 64)
    one("attached", "the payload is not detached", payload=b"x")
    one("unprotected", "a key id in the unprotected header", unprotected={4: kid})
    one("es256", "another algorithm", protected=cbor({1: -7, 4: kid}))
    one("no-algorithm", "no algorithm", protected=cbor({4: kid}))
    one("no-key-id", "no key id", protected=cbor({1: -8}))
    one("key-id-short", "a key id of 7 bytes", protected=cbor({1: -8, 4: kid[:7]}))
    one("critical", "a header that must be understood", protected=cbor({1: -8, 2: [99], 4: kid}))
    one("header-order", "the protected header is not deterministic",
        protected=cbor(((4, kid), (1, -8))))  # fmt: skip
    one("protected-map", "the protected header is no byte string", protected=Raw(b"\xa0"))
    many = sorted((sha256(bytes([n])) for n in range(9)), key=key_id)
    reject("many", lambda m: [cose_sign1(m, seed) for seed in many], "nine signatures")
    reject("large", lambda m: cbor([]) + bytes(4096), "more than 4 KiB")


def add_bad_payloads(vectors: Vectors) -> None:
    changed = payload_entries(boot=b"X" + PATCH[1:])
    data = container(entries_of(manifest_map(), payloads=changed))
    reason = "a payload of the right size with another content"
    vectors.reject("payload-digest", data, "package.digest-mismatch", reason, stage="verify")

    image = NEW["modem"]
    good = xz(image)

    def reject(name: str, payload: bytes, reason: str) -> None:
        rows = partition_rows()
        rows[2] |= {7: len(payload), 8: sha256(payload)}
        entries = entries_of(manifest_map() | {10: rows}, payloads=payload_entries(modem=payload))
        vectors.reject(
            f"image-{name}", container(entries), "package.container", reason, stage="open"
        )

    reject("raw", image, "not compressed at all")
    reject("truncated", good[:-4], "the stream is cut short")
    reject("longer", xz(image + b"!"), "one byte more than the manifest says")
    reject("shorter", xz(image[:-1]), "one byte less than the manifest says")
    reject("two-streams", good + xz(b"more"), "a second stream")
    reject("padding", good + bytes(4), "padding behind the stream")
    reject("check", xz(image, check=1), "an integrity check of its own")
    reject("dictionary", xz(image, dictionary_code=23), "a dictionary of 12 MiB")
    reject("damaged", patched(good, 12, b"\x03"), "a damaged block header")
    vectors.accept(
        "valid-dictionary",
        _with_modem_payload(xz(image, dictionary_code=22)),
        "a dictionary of 8 MiB, the largest",
        images={"modem": image.hex()},
    )


def _with_modem_payload(payload: bytes) -> bytes:
    rows = partition_rows()
    rows[2] |= {7: len(payload), 8: sha256(payload)}
    return container(
        entries_of(manifest_map() | {10: rows}, payloads=payload_entries(modem=payload))
    )


def public_pem(seed: bytes) -> str:
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    pem = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode()


def write_vectors(directory: Path) -> None:
    """Write all files and the index into *directory*."""
    vectors = Vectors()
    for add in (
        add_accepted,
        add_misfits,
        add_bad_containers,
        add_bad_manifests,
        add_bad_signatures,
        add_bad_payloads,
    ):
        add(vectors)
    directory.mkdir(parents=True, exist_ok=True)
    for name, data in vectors.files.items():
        (directory / name).write_bytes(data)
    manifest = manifest_map()
    index = {
        "about": (
            "dfota packages, format version 1. Each case goes through the stages parse, verify "
            "(with the trusted keys), fits (the module) and open (every image payload, to its "
            "end) and is accepted by all, or rejected by its stage with its error code."
        ),
        "trusted": [
            {"key_id": key_id(seed).hex(), "raw": public_key(seed).hex(), "pem": public_pem(seed)}
            for seed in (TRUSTED_SEED, SECOND_SEED)
        ],
        "module": {
            "model": manifest[2],
            "hardware": manifest[3],
            "revision": manifest[4],
            "release_digest": manifest[6].hex(),
            "minimum_security_counter": 5,
        },
        "cases": vectors.cases,
    }
    (directory / "index.json").write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    write_vectors(Path(sys.argv[1]))
