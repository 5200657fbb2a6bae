# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Sources of updates: their content decides, and only what is trusted is offered with a key."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.errors import (
    DfotaError,
    DigestMismatchError,
    FetchError,
    PackageMismatchError,
    SignatureError,
    UpdateListError,
)
from dfota.host import Fetched, Running, Trust, Updates, UpdateSources
from dfota.host.update_lists import read_listing, read_update_list
from dfota.host.update_sources import DOWNLOADS_MAX
from dfota.package import (
    IndexEntry,
    Partition,
    Release,
    SigningKey,
    build,
    build_index,
    parse,
)
from dfota.values import Digest, FirmwareVersion

KEY = SigningKey(bytes(range(32)))
STRANGER = SigningKey(bytes(range(1, 33)))
RUNNING = Running(FirmwareVersion("R1"), "BG96")
NGINX = """<html>
<head><title>Index of /bg96/</title></head>
<body>
<h1>Index of /bg96/</h1><hr><pre><a href="../">../</a>
<a href="R1-R2.bin">R1-R2.bin</a>                 01-Dec-2026 01:20              441472
<a href="R2-TO-R3.zip">R2-TO-R3.zip</a>              01-Dec-2026 01:20                 900
<a href="notes.zip">notes.zip</a>                 01-Dec-2026 01:20                 900
</pre><hr></body>
</html>
"""


def package(old: str, new: str, *, key: SigningKey = KEY, counter: int = 1) -> bytes:
    def release(name: str) -> Release:
        data = hashlib.shake_128(name.encode()).digest(200)
        return Release(
            "BG96", "HW", FirmwareVersion(name), (Partition("app", data),), security_counter=counter
        )

    return build(release(old), release(new), keys=[key], make_patch=lambda _o, n, progress=None: n)


class Web:
    """A web server in a dictionary; whoever asks for more than is allowed fails."""

    def __init__(self, **files: bytes | str) -> None:
        self.files = {name: data.encode() if isinstance(data, str) else data
                      for name, data in files.items()}  # fmt: skip
        self.asked: list[str] = []

    def put(self, url: str, data: bytes | str) -> Web:
        self.files[url] = data.encode() if isinstance(data, str) else data
        return self

    def __call__(self, url: str, size_limit: int) -> Fetched:
        self.asked.append(url)
        if url not in self.files:
            raise FetchError(url, "the server answers 404")
        if len(self.files[url]) > size_limit:
            raise FetchError(url, f"it has more than {size_limit} bytes")
        return Fetched(url, self.files[url])


def find(source: str, web: Web | None = None, *, trusted: bool = False) -> Updates:
    keys = [KEY.public_key] if trusted else []
    return UpdateSources([source], web or Web(), trusted=keys).find(RUNNING)


def reached(updates: Updates) -> list[str]:
    return sorted(path.new.text for path in updates.paths)


def test_in_a_folder_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    (tmp_path / "R1-R9.zip").write_bytes(package("R1", "R2"))
    (tmp_path / "nothing.txt").write_text("not looked at")
    (path,) = find(str(tmp_path)).paths
    assert path.new.text == "R2"
    assert path.trust is Trust.CONTENT


def test_with_a_key_only_what_it_signed_is_offered(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(package("R1", "R2"))
    (tmp_path / "b.zip").write_bytes(package("R1", "R3", key=STRANGER))
    (tmp_path / "R1-R4.bin").write_bytes(b"of another maker")
    updates = find(str(tmp_path), trusted=True)
    assert reached(updates) == ["R2"]
    assert updates.paths[0].trust is Trust.VERIFIED
    reasons = {one.name: one.reason for one in updates.refused}
    assert "signed with" in reasons["b.zip"]
    assert "no index vouches" in reasons["R1-R4.bin"]


def test_a_damaged_package_is_refused_and_hides_no_other(tmp_path: Path) -> None:
    good = package("R1", "R2")
    (tmp_path / "good.zip").write_bytes(good)
    (tmp_path / "R1-R3.zip").write_bytes(good[:-1])
    updates = find(str(tmp_path))
    assert reached(updates) == ["R2"]
    assert [one.name for one in updates.refused] == ["R1-R3.zip"]


def foreign_entry(data: bytes) -> IndexEntry:
    return IndexEntry(
        "R1-R2.bin",
        len(data),
        Digest.of(data),
        "BG96",
        FirmwareVersion("R1"),
        FirmwareVersion("R2"),
        None,
    )


def test_a_signed_index_vouches_for_a_package_of_another_maker(tmp_path: Path) -> None:
    data = b"of another maker"
    (tmp_path / "R1-R2.bin").write_bytes(data)
    (tmp_path / "index.cbor").write_bytes(build_index([foreign_entry(data)], keys=[KEY]))
    assert find(str(tmp_path), trusted=True).paths[0].trust is Trust.VERIFIED
    (tmp_path / "R1-R2.bin").write_bytes(b"of another makeR")
    assert find(str(tmp_path), trusted=True).paths == ()


def test_an_index_that_nobody_trusted_signed_is_refused(tmp_path: Path) -> None:
    entry = foreign_entry(b"x")
    (tmp_path / "R1-R2.bin").write_bytes(b"x")
    for keys in ([], [STRANGER]):
        (tmp_path / "index.cbor").write_bytes(build_index([entry], keys=keys))
        with pytest.raises(SignatureError):
            find(str(tmp_path / "index.cbor"), trusted=True)
        assert find(str(tmp_path / "index.cbor")).paths[0].trust is Trust.CONTENT


def test_an_index_on_a_server_is_read_and_its_package_is_proven() -> None:
    data = package("R1", "R2")
    entry = IndexEntry.of("a.zip", len(data), Digest.of(data), parse(data).manifest)
    web = Web().put("http://x/p/index.cbor", build_index([entry], keys=[KEY]))
    sources = UpdateSources(["http://x/p/index.cbor"], web, trusted=[KEY.public_key])
    (path,) = sources.find(RUNNING).paths
    offer = path.hops[0].offer
    assert offer.location == "http://x/p/a.zip"
    web.put(offer.location, data)
    assert sources.obtain(offer).data == data
    web.put(offer.location, data[:-1] + b"!")
    with pytest.raises(DigestMismatchError):
        sources.obtain(offer)
    web.put(offer.location, data + b"more")
    with pytest.raises(FetchError, match="more than"):
        sources.obtain(offer)


def test_the_listing_of_nginx_is_read_with_its_sizes() -> None:
    updates = find("http://x/bg96/", Web().put("http://x/bg96/", NGINX))
    assert reached(updates) == ["R2", "R3"]
    assert {path.new.text: path.size for path in updates.paths} == {"R2": 441472, "R3": 442372}
    assert updates.paths[0].trust is Trust.NAME
    assert [one.name for one in updates.refused] == ["notes.zip"]


def test_a_page_with_an_index_is_read_through_the_index() -> None:
    data = package("R1", "R2")
    entry = IndexEntry.of("a.zip", len(data), Digest.of(data), parse(data).manifest)
    page = '<a href="index.cbor">i</a> <a href="R1-R9.zip">x</a>'
    web = Web().put("http://x/", page).put("http://x/index.cbor", build_index([entry]))
    assert reached(find("http://x/", web)) == ["R2"]


def test_with_a_key_a_package_known_by_name_is_fetched_and_verified() -> None:
    page = '<a href="R1-R9.zip">1</a><a href="R2-R3.zip">2</a><a href="R7-R8.zip">3</a>'
    web = Web().put("http://x/", page)
    web.put("http://x/R1-R9.zip", package("R1", "R2"))
    updates = find("http://x/", web, trusted=True)
    assert reached(updates) == []  # it is not the package that its name promises
    web.put("http://x/R1-R9.zip", package("R1", "R9"))
    web.asked.clear()
    assert reached(find("http://x/", web, trusted=True)) == ["R9"]
    assert "http://x/R7-R8.zip" not in web.asked  # out of reach


def test_not_every_package_of_a_page_is_fetched() -> None:
    names = [f"R1-R{number}.zip" for number in range(2, DOWNLOADS_MAX + 10)]
    web = Web().put("http://x/", "".join(f'<a href="{name}">x</a>' for name in names))
    find("http://x/", web, trusted=True)
    assert len(web.asked) == 1 + DOWNLOADS_MAX


def test_a_package_that_is_not_what_was_promised_is_not_handed_out(tmp_path: Path) -> None:
    listing = tmp_path / "list.txt"
    listing.write_text("# ours\nR1:R2:a.zip\n")
    (tmp_path / "a.zip").write_bytes(package("R1", "R3"))
    sources = UpdateSources([str(listing)], Web())
    (path,) = sources.find(RUNNING).paths
    with pytest.raises(PackageMismatchError, match="new revision"):
        sources.obtain(path.hops[0].offer)


def test_a_url_with_the_revision_in_it_is_asked_for_what_runs() -> None:
    web = Web().put("http://x/d?from=R1", package("R1", "R2"))
    assert reached(find("http://x/d?from=<REVISION>", web)) == ["R2"]
    assert web.asked == ["http://x/d?from=R1"]


def test_one_broken_source_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(package("R1", "R2"))
    both = UpdateSources(["http://gone/", str(tmp_path)], Web()).find(RUNNING)
    assert reached(both) == ["R2"]
    assert "404" in both.refused[0].reason
    with pytest.raises(FetchError):
        UpdateSources(["http://gone/"], Web()).find(RUNNING)


@pytest.mark.parametrize(
    "target",
    [
        "http://evil/R1-R2.zip",
        "https://x/bg96/R1-R2.zip",
        "http://x:81/bg96/R1-R2.zip",
        "//evil/bg96/R1-R2.zip",
        "/R1-R2.zip",
        "../R1-R2.zip",
        "sub/R1-R2.zip",
        "%2e%2e%2fR1-R2.zip",
        "javascript:alert(1)",
        "R1-R2%0a.zip",
        "http://[",
    ],
)
def test_a_link_out_of_the_folder_does_not_count(target: str) -> None:
    assert read_listing(f'<a href="{target}">x</a>', "http://x/bg96/") == ()


@pytest.mark.parametrize(
    "line", ["R1:R2", "R1:R2:a:b", "R1:R2:../a.zip", "R1:R2:/etc/passwd", "R 1:R2:a", ":R2:a"]
)
def test_a_wrong_line_of_a_list_is_named(line: str) -> None:
    with pytest.raises(UpdateListError) as caught:
        read_update_list(f"\nR1:R2:ok.zip\n{line}\n", "/p", is_remote=False, source="list")
    assert caught.value.line == 3


@pytest.mark.parametrize("file", ["//evil/x", "/x", "http//../x", "../x"])
def test_a_list_never_leads_to_another_folder_or_server(file: str) -> None:
    with pytest.raises(UpdateListError):
        read_update_list(f"R1:R2:{file}", "http://x/l", is_remote=True, source="s")


@given(st.text(max_size=300))
def test_any_page_is_read_without_harm(page: str) -> None:
    for link in read_listing(page, "http://x/p/"):
        assert link.url.startswith("http://x/p/")
        assert "/" not in link.name


@given(st.text(alphabet="ab:/.\n#R12 %", max_size=80))
def test_any_text_is_a_list_or_refused(text: str) -> None:
    try:
        offers = read_update_list(text, "http://x/p/l", is_remote=True, source="s")
    except UpdateListError:
        return
    assert all(offer.location.startswith("http://x/p/") for offer in offers)


@given(st.binary(max_size=120))
def test_any_bytes_of_a_server_are_an_answer_or_an_error(data: bytes) -> None:
    try:
        find("http://x/p/", Web().put("http://x/p/", data))
    except DfotaError:
        return


@pytest.mark.parametrize("bomb", ["<a ", "<!--", '<a href="', "<script>", "</", "<![CDATA["])
def test_a_page_of_beginnings_without_ends_is_read_in_no_time(bomb: str) -> None:
    page = bomb * 300_000 + '<a href="x-TO-y.zip">x</a>'
    began = time.process_time()
    read_listing(page[-1_200_000:], "http://h/p/")
    assert time.process_time() - began < 10  # it took hours
