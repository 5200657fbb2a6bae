# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.server.hosted_files import find_file, list_files, quoted

ESCAPES = [
    b"/../secret.key",
    b"/%2e%2e/secret.key",
    b"/%2E%2E%2Fsecret.key",
    b"/..%2fsecret.key",
    b"/bg96/../../secret.key",
    b"/bg96/%2e%2e/%2e%2e/secret.key",
    b"/..%5csecret.key",
    b"/.%2e/secret.key",
    b"/%252e%252e/secret.key",
    b"/out.zip",
    b"/outdir/secret.key",
    b"//etc/passwd",
    b"/%2fetc%2fpasswd",
    b"/.hidden",
    b"/%2ehidden",
    b"/.git/config",
    b"/to-hidden.zip",
    b"/.alias.zip",
    b"/two%0alines.zip",
    b"/bg96%2fbeta%2fa-b.bin",
    b"/bg96%2f..%2fupdate.zip",
    b"/update.zip%00",
    b"/update.zip%00.txt",
    b"/update.zip/",
    b"/./update.zip",
    b"/bg96",
    b"/bg96/",
    b"/loop",
    b"/dangling.zip",
    b"",
    b"update.zip",
    b"*",
    b"/" + b"a" * 300,
    b"/" + b"a/" * 3000,
    b"/%ff%fe",
]


@pytest.mark.parametrize("raw_path", ESCAPES, ids=lambda path: path[:40].decode() or "empty")
def test_no_path_leads_outside_or_to_the_hidden(tree, raw_path):
    assert find_file(tree.resolve(), raw_path) is None


@pytest.mark.parametrize(
    ("raw_path", "name"),
    [
        (b"/update.zip", "update.zip"),
        (b"/update%2ezip", "update.zip"),
        (b"/%75pdate.zip", "update.zip"),
        (b"/bg96/beta/a-b.bin", "bg96/beta/a-b.bin"),
        (b"/with%20blank%20&%20%3Cb%3E.zip", "with blank & <b>.zip"),
        (b"/in.zip", "in.zip"),
    ],
)
def test_a_plain_path_finds_its_file(tree, raw_path, name):
    hosted = find_file(tree.resolve(), raw_path)

    assert hosted is not None
    assert hosted.name == name
    assert hosted.size == hosted.path.stat().st_size


def test_the_list_holds_what_a_request_can_get_and_nothing_else(tree):
    assert [hosted.name for hosted in list_files(tree.resolve())] == [
        "bg96/beta/a-b.bin",
        "empty.zip",
        "in.zip",
        "update.zip",
        "with blank & <b>.zip",
    ]


def test_every_listed_name_is_found_again_under_its_quoted_path(tree):
    for hosted in list_files(tree.resolve()):
        assert find_file(tree.resolve(), quoted(hosted.name).encode()) == hosted


def test_a_name_that_is_not_utf_8_is_served(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.zip")).write_bytes(b"latin")

    (hosted,) = list_files(tmp_path)

    assert quoted(hosted.name) == "/caf%E9.zip"
    assert find_file(tmp_path, b"/caf%E9.zip") == hosted


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=8),
            st.sampled_from([b"..", b"outdir", b"bg96", b".", b"", b"/", b"secret.key"]),
        ),
        max_size=6,
    )
)
def test_whatever_is_asked_stays_inside(tree, segments):
    root = tree.resolve()
    for path in (
        b"/".join(segments),
        b"/" + b"/".join(quote_from_bytes(s).encode() for s in segments),
    ):
        hosted = find_file(root, path)
        assert hosted is None or hosted.path.is_relative_to(root)


@pytest.mark.parametrize("kind", ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
def test_a_private_key_is_never_served_under_any_name(tmp_path, kind):
    root = tmp_path.resolve()
    pem = f"text before\n-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----\n"
    (root / "release.key").write_text(pem)
    (root / "renamed.zip").symlink_to("release.key")
    assert list_files(root) == ()
    for path in (b"/release.key", b"/renamed.zip"):
        assert find_file(root, path) is None
    (root / "release.key").write_text(pem.replace("PRIVATE", "PUBLIC"))
    assert find_file(root, b"/release.key") is not None
