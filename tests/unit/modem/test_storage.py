# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What every storage promises, and what only a real directory can go through."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.errors import FileSystemError
from dfota.modem.directory_storage import DirectoryStorage
from dfota.modem.filesystem import FileSystem
from dfota.modem.storage import MemoryStorage, Node, Storage, walk

A = ("a",)


@pytest.fixture(params=["directory", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return MemoryStorage() if request.param == "memory" else DirectoryStorage(tmp_path / "efs")


def number_of(action: Callable[[], object]) -> int | None:
    with pytest.raises(OSError) as caught:
        action()
    return caught.value.errno


def test_a_new_storage_is_an_empty_folder(storage):
    assert storage.children(()) == []
    assert storage.find(()) == Node("", is_folder=True)
    assert storage.find(A) is None
    assert storage.find(("a", "b")) is None


def test_a_staged_file_is_seen_when_it_is_whole(storage):
    staged = storage.stage(A)
    staged.write(b"12")
    staged.write(b"34")
    assert storage.find(A) is None
    assert storage.children(()) == []
    staged.commit()
    assert storage.find(A) == Node("a", 4)
    staged.discard()
    assert storage.read(A) == b"1234"


def test_a_discarded_file_was_never_there_and_the_old_one_stays(storage):
    storage.create(A)
    storage.write(A, 0, b"old")
    staged = storage.stage(A)
    staged.write(b"new")
    staged.discard()
    staged.discard()
    assert storage.read(A) == b"old"


def test_a_staged_file_takes_the_place_of_the_old_one(storage):
    storage.create(A)
    storage.write(A, 0, b"old and long")
    staged = storage.stage(A)
    staged.write(b"new")
    staged.commit()
    assert storage.read(A) == b"new"


def test_parts_are_read_written_and_cut_in_place(storage):
    storage.create(A)
    storage.write(A, 0, b"0123456789")
    storage.write(A, 4, b"xyz")
    storage.write(A, 10, b"!")
    storage.sync(A)
    assert storage.read(A) == b"0123xyz789!"
    assert storage.read(A, 4, 3) == b"xyz"
    assert storage.read(A, 9, 100) == b"9!"
    assert storage.read(A, 11, 5) == b""
    assert storage.read(A, 99) == b""
    storage.truncate(A, 4)
    assert storage.read(A) == b"0123"


def test_folders(storage):
    storage.make_folder(("d",))
    storage.make_folder(("d",))
    storage.make_folder(("d", "e"))
    storage.create(("d", "f"))
    storage.create(("z",))
    assert [path for path, _ in walk(storage)] == [("d",), ("d", "e"), ("d", "f"), ("z",)]
    assert number_of(lambda: storage.remove(("d",))) == errno.ENOTEMPTY
    storage.remove(("d", "e"))
    storage.remove(("d", "f"))
    storage.remove(("d",))
    assert storage.children(()) == [Node("z")]


def test_what_a_storage_refuses(storage):
    storage.make_folder(("d",))
    storage.create(A)
    assert number_of(lambda: storage.read(("b",))) == errno.ENOENT
    assert number_of(lambda: storage.read(("d",))) in (errno.EISDIR, errno.EINVAL)
    assert number_of(lambda: storage.write(("b",), 0, b"x")) == errno.ENOENT
    assert number_of(lambda: storage.truncate(("b",), 0)) == errno.ENOENT
    assert number_of(lambda: storage.sync(("b",))) == errno.ENOENT
    assert number_of(lambda: storage.create(A)) == errno.EEXIST
    assert number_of(lambda: storage.create(("n", "a"))) == errno.ENOENT
    assert number_of(lambda: storage.stage(("n", "a"))) == errno.ENOENT
    assert number_of(lambda: storage.stage(("a", "b"))) == errno.ENOTDIR
    assert number_of(lambda: storage.children(A)) == errno.ENOTDIR
    assert number_of(lambda: storage.children(("n",))) == errno.ENOENT
    assert number_of(lambda: storage.make_folder(A)) == errno.EEXIST
    assert number_of(lambda: storage.make_folder(("n", "d"))) == errno.ENOENT
    assert number_of(lambda: storage.remove(("n",))) == errno.ENOENT
    assert number_of(lambda: storage.remove(())) == errno.EBUSY


def test_a_file_whose_folder_went_away_fails_and_leaves_nothing(storage):
    storage.make_folder(("d",))
    staged = storage.stage(("d", "a"))
    staged.write(b"x")
    storage.remove(("d",))
    assert number_of(staged.commit) == errno.ENOENT
    assert storage.children(()) == []


@given(
    script=st.lists(
        st.tuples(
            st.sampled_from(["create", "write", "truncate", "stage", "remove", "folder"]),
            st.sampled_from([("a",), ("b",), ("a", "a"), ("b", "c")]),
            st.binary(max_size=6),
            st.integers(0, 6),
        ),
        max_size=12,
    )
)
def test_both_kinds_do_the_same(tmp_path_factory, script):
    """Whatever is asked, directory and memory hold the same files, and refuse the same."""
    kinds: tuple[Storage, ...] = (
        DirectoryStorage(tmp_path_factory.mktemp("efs")),
        MemoryStorage(),
    )
    for step in script:
        outcomes = [_does(storage, *step) for storage in kinds]
        assert outcomes[0] == outcomes[1], step
    trees = [
        [(path, None if node.is_folder else storage.read(path)) for path, node in walk(storage)]
        for storage in kinds
    ]
    assert trees[0] == trees[1]


def _does(storage: Storage, verb: str, path: tuple[str, ...], data: bytes, at: int) -> bool:
    node = storage.find(path)
    try:
        if verb == "create":
            storage.create(path)
        elif verb == "write":
            storage.write(path, min(at, node.size if node else 0), data)
        elif verb == "truncate":
            storage.truncate(path, min(at, node.size if node else 0))
        elif verb == "stage":
            staged = storage.stage(path)
            try:
                staged.write(data)
                staged.commit()
            finally:
                staged.discard()
        elif verb == "remove":
            storage.remove(path)
        else:
            storage.make_folder(path)
    except OSError:
        return False
    return True


def test_an_empty_file_system_in_memory_is_below_one_kibibyte():
    files = FileSystem(MemoryStorage(), total_bytes=1000, reserved_bytes=0)
    storage = files._storage
    size = sum(map(sys.getsizeof, (files, storage, storage._tree, *storage._tree)))
    assert size < 1024


# -- a real directory -----------------------------------------------------------------------


@pytest.fixture
def efs(tmp_path: Path) -> Path:
    return tmp_path / "efs"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_text("secret")
    return folder


def test_a_link_to_a_folder_leads_nowhere(efs, secret):
    storage = DirectoryStorage(efs)
    (efs / "link").symlink_to(secret)
    inside = ("link", "secret")
    assert storage.find(("link",)) is None
    assert storage.find(inside) is None
    assert storage.children(()) == []
    for action in (
        lambda: storage.read(inside),
        lambda: storage.write(inside, 0, b"x"),
        lambda: storage.create(("link", "new")),
        lambda: storage.stage(("link", "new")),
        lambda: storage.remove(inside),
        lambda: storage.children(("link",)),
        lambda: storage.make_folder(("link", "new")),
        lambda: storage.make_folder(("link",)),
    ):
        assert number_of(action) in (errno.ELOOP, errno.ENOTDIR)
    assert [entry.name for entry in secret.iterdir()] == ["secret"]
    assert (secret / "secret").read_text() == "secret"


def test_a_link_to_a_file_leads_nowhere(efs, secret):
    storage = DirectoryStorage(efs)
    (efs / "link").symlink_to(secret / "secret")
    assert storage.find(("link",)) is None
    assert number_of(lambda: storage.read(("link",))) == errno.ELOOP
    assert number_of(lambda: storage.write(("link",), 0, b"x")) == errno.ELOOP
    assert number_of(lambda: storage.create(("link",))) == errno.EEXIST
    assert number_of(lambda: storage.stage(("link",))) == errno.EEXIST
    assert (secret / "secret").read_text() == "secret"


def test_a_planted_pipe_keeps_nobody_waiting(efs):
    storage = DirectoryStorage(efs)
    os.mkfifo(efs / "pipe")
    assert storage.find(("pipe",)) is None
    assert number_of(lambda: storage.read(("pipe",))) == errno.EINVAL
    assert number_of(lambda: storage.write(("pipe",), 0, b"x")) in (errno.EINVAL, errno.ENXIO)


def test_a_planted_staging_link_is_not_followed(efs, secret):
    efs.mkdir()
    (efs / ".unfinished").symlink_to(secret)
    with pytest.raises(OSError, match="unfinished"):
        DirectoryStorage(efs).stage(A)
    assert [entry.name for entry in secret.iterdir()] == ["secret"]


def test_what_a_killed_process_was_writing_is_removed(efs):
    storage = DirectoryStorage(efs)
    staged = storage.stage(A)
    staged.write(b"x")
    staged._stream.close()  # as the kernel does
    assert len(list((efs / ".unfinished").iterdir())) == 1
    DirectoryStorage(efs)
    assert list((efs / ".unfinished").iterdir()) == []


def test_names_that_no_command_could_say_are_passed_over(efs):
    files = FileSystem(DirectoryStorage(efs), total_bytes=1000, reserved_bytes=0)
    for name in ("ü", 'a"b', "a\nb", ".hidden", "a" * 81, "back\\slash", "star*"):
        (efs / "datatx" / name).write_text("x")
    (efs / "datatx" / "good").write_text("12")
    assert [file.name for file in files.files()] == ["good"]
    assert files.used_bytes == 9  # they take room nevertheless


def test_an_older_writer_of_the_same_file_gives_way(efs):
    files = FileSystem(DirectoryStorage(efs), total_bytes=1000, reserved_bytes=0)
    old = files.begin("EUFS:/fota/update.zip", replaces=True)
    old.write(b"old")
    new = files.begin("EUFS:/fota/update.zip", replaces=True)
    new.write(b"new")
    new.end()
    for action in (lambda: old.write(b"x"), old.end):
        with pytest.raises(FileSystemError) as caught:
            action()
        assert caught.value.number == 409
    assert files.read("EUFS:/fota/update.zip") == b"new"
    assert files.used_bytes == 3


def test_without_the_folder_only_a_download_makes_it(efs):
    files = FileSystem(
        DirectoryStorage(efs), total_bytes=1000, reserved_bytes=0, has_fota_folder=False
    )
    with pytest.raises(FileSystemError) as caught:
        files.begin("EUFS:/fota/update.zip")
    assert caught.value.number == 410
    file = files.begin("EUFS:/fota/update.zip", is_trusted=True)
    file.write(b"zip")
    file.end()
    assert (efs / "fota" / "update.zip").read_bytes() == b"zip"
