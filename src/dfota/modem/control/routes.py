# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The routes of the control channel, over the verbs; how bytes travel is the server's.

``POST /v1/<verb>`` with an object of parameters does a verb. The rest is there for tools
that want bytes, a stream, or a plain GET: see ``docs/reference/control-api.md``.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

from dfota.errors import DfotaError, FileSystemError, MisuseError
from dfota.modem.control.server import Answer, Request, problem
from dfota.modem.events import Event, Watch
from dfota.modem.verbs import VERBS, Facts

PREFIX = "/v1/"
QUEUE_MAX = 10_000
"""Events that a slow watcher may leave; then he is told of a gap."""

SLOW_BEAT_S = 15.0
"""An empty line comes so often, so that a watcher knows that we live."""


class Laboratory(Protocol):
    """What the routes need of a running module."""

    watch: Watch

    @property
    def addresses(self) -> dict[str, str]:
        """Port name → what a host opens."""

    async def perform(self, verb: str, given: Facts) -> Facts:
        """Do a verb; its answer.

        Raises:
            DfotaError: it is refused.
        """


async def answer(laboratory: Laboratory, request: Request) -> Answer:
    """Answer *request*; no error but a defect leaves here."""
    if not request.path.startswith(PREFIX):
        return _not_found(request)
    name, slash, rest = request.path.removeprefix(PREFIX).partition("/")
    try:
        if slash and name == "files" and rest:
            return await _file(laboratory, request, rest)
        if slash:
            return _not_found(request)
        special = _SPECIAL.get((request.method, name))
        if special is not None:
            return await special(laboratory, request)
        if name in VERBS and request.method == "POST":
            return Answer.of(await laboratory.perform(name, _parameters(request.body)))
    except MisuseError as error:
        return problem(400, error.code, str(error), remedy=error.remedy)
    except FileSystemError as error:
        status = 404 if error.number == 405 else 409
        return problem(status, error.code, str(error), number=error.number)
    except DfotaError as error:
        return problem(409, error.code, str(error), remedy=error.remedy)
    known = name in VERBS or any(name == path for _, path in _SPECIAL)
    if known:
        return problem(405, "control.method", f"{request.method} is not for {request.path[:80]}")
    return _not_found(request)


def _not_found(request: Request) -> Answer:
    return problem(404, "control.not-found", f"there is no {request.path[:80]}; see /v1/verbs")


def _parameters(body: bytes) -> Facts:
    try:
        given = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise MisuseError(f"the body is no JSON: {error}") from None
    if not isinstance(given, dict):
        raise MisuseError("the body is an object of parameters")
    return given


async def _file(laboratory: Laboratory, request: Request, name: str) -> Answer:
    match request.method:
        case "GET":
            facts = await laboratory.perform("get", {"name": name})
            body = base64.b64decode(facts["content"])
            return Answer(media_type="application/octet-stream", body=body)
        case "PUT":
            content = base64.b64encode(request.body).decode()
            return Answer.of(await laboratory.perform("put", {"name": name, "content": content}))
        case "DELETE":
            return Answer.of(await laboratory.perform("rm", {"name": name}))
    return problem(405, "control.method", f"{request.method} is not for files")


async def _state(laboratory: Laboratory, _request: Request) -> Answer:
    facts = await laboratory.perform("state", {})
    for name, address in laboratory.addresses.items():
        facts["ports"].setdefault(name, {})["address"] = address
    return Answer.of(facts)


async def _metrics(laboratory: Laboratory, _request: Request) -> Answer:
    return Answer.of(laboratory.watch.metrics())


async def _world(laboratory: Laboratory, _request: Request) -> Answer:
    return Answer.of(await laboratory.perform("world", {}))


async def _files(laboratory: Laboratory, _request: Request) -> Answer:
    return Answer.of(await laboratory.perform("ls", {}))


async def _verbs(_laboratory: Laboratory, _request: Request) -> Answer:
    return Answer.of(
        {
            verb.name: {
                "summary": verb.summary,
                "parameters": {entry.name: entry.meaning for entry in verb.parameters},
            }
            for verb in VERBS.values()
        }
    )


async def _get_snapshot(laboratory: Laboratory, _request: Request) -> Answer:
    facts = await laboratory.perform("snapshot", {})
    return Answer(media_type="application/x-ndjson", body=facts["snapshot"].encode())


async def _put_snapshot(laboratory: Laboratory, request: Request) -> Answer:
    try:
        text = request.body.decode("ascii")
    except UnicodeDecodeError:
        raise MisuseError("that is no snapshot: it is not ASCII") from None
    return Answer.of(await laboratory.perform("restore", {"snapshot": text}))


async def _events(laboratory: Laboratory, request: Request) -> Answer:
    as_sse = "text/event-stream" in request.accept
    media_type = "text/event-stream" if as_sse else "application/x-ndjson"
    return Answer(media_type=media_type, pieces=_stream(laboratory.watch, as_sse=as_sse))


async def _stream(watch: Watch, *, as_sse: bool) -> AsyncIterator[bytes]:
    queue: asyncio.Queue[Event] = asyncio.Queue(QUEUE_MAX)
    lost = 0

    def put(event: Event) -> None:
        nonlocal lost
        if queue.full():
            lost += 1
        else:
            queue.put_nowait(event)

    end = watch.add(put)
    try:
        yield b":\n\n" if as_sse else b"\n"
        while True:
            try:
                event: dict[str, Any] = await asyncio.wait_for(queue.get(), SLOW_BEAT_S)
            except TimeoutError:
                yield b":\n\n" if as_sse else b"\n"
                continue
            if lost:
                gap, lost = lost, 0
                yield _line({"kind": "gap", "lost": gap}, as_sse=as_sse)
            yield _line(event, as_sse=as_sse)
    finally:
        end()


def _line(event: Event, *, as_sse: bool) -> bytes:
    text = json.dumps(event, ensure_ascii=False)
    return f"data: {text}\n\n".encode() if as_sse else f"{text}\n".encode()


_SPECIAL: dict[tuple[str, str], Callable[[Laboratory, Request], Awaitable[Answer]]] = {
    ("GET", "state"): _state,
    ("GET", "metrics"): _metrics,
    ("GET", "world"): _world,
    ("GET", "files"): _files,
    ("GET", "verbs"): _verbs,
    ("GET", "snapshot"): _get_snapshot,
    ("PUT", "snapshot"): _put_snapshot,
    ("GET", "events"): _events,
}
