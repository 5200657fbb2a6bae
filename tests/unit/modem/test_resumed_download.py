# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Going on with a package of which a part has come: only where set, and never a mixture."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator

import pytest

from dfota.modem import HttpError
from dfota.testing import Behaviour, FakePackageServer

BODY = hashlib.shake_256(b"one").digest(30_000)
OTHER = hashlib.shake_256(b"other").digest(30_000)
NAME = "update.zip"
SETTINGS = ("connect_attempts=1", "download_resume=true")
BROKEN = Behaviour(etag="one", close_after=10_000)
WHOLE = Behaviour(etag="one")


@pytest.fixture
def server() -> Iterator[FakePackageServer]:
    with FakePackageServer({NAME: BODY, "other.zip": OTHER}) as server:
        yield server


def fetch(rig, server: FakePackageServer, *settings: str, name: str = NAME) -> HttpError:
    rig.prepare((*SETTINGS, *settings))
    return asyncio.run(rig.fetch(server.url_for(name)))


def package(rig) -> bytes:
    return rig.files.read("EUFS:/fota/update.zip", is_trusted=True)


def ranges(server: FakePackageServer) -> list[tuple[str | None, str | None]]:
    return [(r.fields.get("range"), r.fields.get("if-range")) for r in server.requests]


def test_a_lost_connection_is_gone_on_with_by_tag(rig, server):
    server.behave(BROKEN, Behaviour(etag="one", reset_after=5000), WHOLE)
    assert fetch(rig, server) is HttpError.OK
    assert package(rig) == BODY
    assert rig.leftovers() == []
    first, second, third = ranges(server)
    assert first == (None, None)
    assert second == ("bytes=10000-", '"one"')
    assert third[1] == '"one"'


def test_a_date_is_a_validator_where_there_is_no_tag(rig, server):
    date = "Mon, 30 Nov 2026 10:00:00 GMT"
    server.behave(Behaviour(last_modified=date, close_after=10_000), Behaviour(last_modified=date))
    assert fetch(rig, server) is HttpError.OK
    assert package(rig) == BODY
    assert ranges(server)[1] == ("bytes=10000-", date)


def test_off_nothing_is_gone_on_with(rig, server):
    server.behave(BROKEN, WHOLE)
    assert fetch(rig, server, "download_resume=false") is HttpError.UNKNOWN
    assert rig.leftovers() == []
    assert len(server.requests) == 1


def test_without_a_validator_it_begins_anew_and_only_when_asked(rig, server):
    server.behave(Behaviour(close_after=10_000), Behaviour())
    assert fetch(rig, server) is HttpError.UNKNOWN
    assert rig.leftovers() == []
    assert fetch(rig, server) is HttpError.OK
    assert ranges(server) == [(None, None), (None, None)]


def test_a_weak_tag_is_no_validator(rig, server):
    head = b'HTTP/1.1 200 OK\r\nETag: W/"one"\r\nContent-Length: 30000\r\n\r\n'
    server.behave(Behaviour(head=head, close_after=10_000), WHOLE)
    assert fetch(rig, server) is HttpError.UNKNOWN
    assert len(server.requests) == 1


def test_it_is_given_up_after_as_many_losses_as_are_set(rig, server):
    server.behave(Behaviour(etag="one", close_after=1000))
    assert fetch(rig, server, "resume_attempts=2") is HttpError.UNKNOWN
    assert len(server.requests) == 3
    server.behave(WHOLE)
    assert fetch(rig, server) is HttpError.OK  # the next command goes on with it
    assert ranges(server)[3] == ("bytes=3000-", '"one"')
    assert package(rig) == BODY


def test_another_file_at_the_same_url_is_taken_whole(rig, server):
    server.behave(BROKEN)
    fetch(rig, server, "resume_attempts=0")
    server._files[NAME] = OTHER
    server.behave(Behaviour(etag="two"))
    assert fetch(rig, server) is HttpError.OK
    assert package(rig) == OTHER
    assert rig.leftovers() == []


def test_another_url_begins_anew(rig, server):
    server.behave(BROKEN)
    fetch(rig, server, "resume_attempts=0")
    server.behave(WHOLE)
    assert fetch(rig, server, name="other.zip") is HttpError.OK
    assert package(rig) == OTHER
    assert ranges(server)[-1] == (None, None)


def test_a_part_that_the_server_does_not_have_is_forgotten(rig, server):
    server.behave(BROKEN)
    fetch(rig, server, "resume_attempts=0")
    server._files[NAME] = OTHER[:5000]
    server.behave(WHOLE)
    assert fetch(rig, server) is HttpError.OK
    assert package(rig) == OTHER[:5000]
    assert ranges(server)[-2:] == [("bytes=10000-", '"one"'), (None, None)]


@pytest.mark.parametrize(
    "content_range", ["bytes 9999-29999/30000", "bytes x-y/z", "lines 10000-29999/30000"]
)
def test_another_part_than_the_wanted_one_is_refused(rig, server, content_range):
    server.behave(BROKEN, Behaviour(etag="one", content_range=content_range))
    assert fetch(rig, server) is HttpError.UNKNOWN
    assert rig.leftovers() == []


def test_a_power_cut_is_gone_on_with_by_the_next_command(rig, server):
    server.behave(Behaviour(etag="one", stall_after=10_000), WHOLE)
    module = rig.prepare(SETTINGS)
    url = server.url_for(NAME)

    async def run() -> None:
        begin = rig.begin(url, lambda _code: None).begin
        await rig.drive(lambda: rig.progress[-1:] == [(10_000, 30_000)], begin)
        module.cut_power()

    asyncio.run(run())
    assert rig.leftovers() == ["update.part"]
    rig.state.flash.power_on()
    assert fetch(rig, server) is HttpError.OK
    assert package(rig) == BODY
    assert ranges(server)[1] == ("bytes=10000-", '"one"')


def test_what_is_there_counts_as_room(rig, server):
    server.behave(BROKEN, WHOLE)
    assert fetch(rig, server, "resume_attempts=0") is HttpError.UNKNOWN
    file = rig.files.begin("other")
    file.write(bytes(rig.files.free_bytes - 20_000))
    file.end()
    assert fetch(rig, server) is HttpError.OK
    assert package(rig) == BODY


def test_no_room_for_the_rest_is_707_and_too_large_is_708(rig, server):
    server.behave(Behaviour(etag="one", omit_length=True))
    file = rig.files.begin("other")
    file.write(bytes(rig.files.free_bytes - 20_000))
    file.end()
    assert fetch(rig, server) is HttpError.FILE_TOO_LARGE
    server.behave(WHOLE)
    assert fetch(rig, server) is HttpError.FILE_TOO_LARGE
    assert rig.leftovers() == ["other"]
