# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The web application: one page, and the bytes of packages the way modules can take them.

Rule 1. Every answer has a Content-Length; nothing is chunked, compressed or redirected.
Rule 2. Only GET and HEAD, only files of ``hosted_files``.
"""

from __future__ import annotations

import os
from html import escape
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from dfota.server.conditions import plain_range, refused_by_condition
from dfota.server.hosted_files import HostedFile, find_file, list_files, quoted

_METHODS = ["GET", "HEAD"]
_HEADERS = {
    # A module takes the bytes as they are; no proxy may change or a browser guess them.
    "Cache-Control": "no-transform",
    "X-Content-Type-Options": "nosniff",
}


def make_app(directory: Path) -> ASGIApp:
    """The application that serves the files below *directory*."""
    root = directory.resolve()

    async def index(request: Request) -> Response:
        return HTMLResponse(_page(list_files(root)), headers=_HEADERS)

    async def package(request: Request) -> Response:
        hosted = find_file(root, request.scope["raw_path"])
        if hosted is None:
            raise HTTPException(404)
        return _answer(hosted, request)

    app = Starlette(
        routes=[
            Route("/", index, methods=_METHODS),
            Route("/{name:path}", package, methods=_METHODS),
        ]
    )
    app.router.redirect_slashes = False
    return _AbsoluteForm(app)


class _PackageResponse(FileResponse):
    """Starlette's file response in small pieces: progress of a slow module is seen."""

    chunk_size = 8 * 1024


def _answer(hosted: HostedFile, request: Request) -> Response:
    try:
        # Opened here too, because later the status line is under way already.
        with hosted.path.open("rb") as stream:
            facts = os.fstat(stream.fileno())
    except PermissionError as error:
        raise HTTPException(403) from error
    except OSError as error:
        raise HTTPException(404) from error
    response = _PackageResponse(
        hosted.path,
        stat_result=facts,
        media_type="application/zip"
        if hosted.path.suffix == ".zip"
        else "application/octet-stream",
        headers=_HEADERS,
    )
    validators = {name: response.headers[name] for name in ("etag", "last-modified")}
    status = refused_by_condition(request.headers, validators["etag"], validators["last-modified"])
    if status is not None:
        return Response(status_code=status, headers=validators)
    _put_range(request.scope, facts.st_size)
    return response


def _put_range(scope: Scope, size: int) -> None:
    """Replace the Range field of the request by its plain form."""
    fields = [value for name, value in scope["headers"] if name == b"range"]
    if not fields:
        return
    plain = plain_range(", ".join(field.decode("latin-1") for field in fields), size)
    others = [(name, value) for name, value in scope["headers"] if name != b"range"]
    scope["headers"] = others if plain is None else [*others, (b"range", plain.encode())]


class _AbsoluteForm:
    """Accept ``GET http://host/path``, which RFC 9112 3.2.2 wants from every server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scheme, _, rest = scope["raw_path"].partition(b"://")
            if scheme.lower() in {b"http", b"https"}:
                _, slash, path = rest.partition(b"/")
                scope["raw_path"] = slash + path or b"/"
            # Routing only has to tell the page from the files; the raw path decides the rest.
            scope["path"] = "/" if scope["raw_path"] == b"/" else "/package"
        await self._app(scope, receive, send)


def _page(files: tuple[HostedFile, ...]) -> str:
    rows = "".join(
        f'<li><a href="{escape(quoted(hosted.name))}">{escape(_shown(hosted.name))}</a>'
        f" {hosted.size} bytes</li>"
        for hosted in files
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>dfota</title></head>'
        f"<body><h1>Packages</h1><ul>{rows}</ul></body></html>"
    )


def _shown(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")
