# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The running server: a socket, a thread with its own event loop, and uvicorn in it.

The web application is in ``app``; nothing here looks at a request. Importing this is cheap:
the web libraries are loaded when a server is made.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dfota.errors import FileUnreadableError, LocationError, MisuseError, ServerExtraError
from dfota.server.addresses import in_url, is_wildcard, lan_address, listen
from dfota.server.downloads import Download, DownloadWatch
from dfota.server.hosted_files import HostedFile, list_files, quoted
from dfota.server.tls import TlsFiles, server_context
from dfota.server.tls_gate import HandshakeFailure

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_log = logging.getLogger(__name__)
_LOOPBACK = "127.0.0.1"


def _ignore(_: object) -> None:
    """Take no notice."""


class PackageServer:
    """Serve the files below *directory* until closed; a context manager.

    Args:
        directory: what is served. Names with a leading dot are not.
        host: the address to listen on; ``0.0.0.0`` or ``::`` for all.
        port: 0 takes a free one.
        tls: serve HTTPS with these files.
        client_ca: clients must show a certificate of this CA; needs *tls*.
        public_host: the name or address that modules use, for :meth:`url_for`.
        on_progress: told of every request while it goes on, from the server's thread.
        on_handshake_failure: told of clients that failed in TLS, from the server's thread.

    Attributes:
        directory: what is served, resolved.
        host: as given.
        tls: as given; ``tls.ca_path`` is what modules need.

    Raises:
        ServerExtraError: Starlette or uvicorn is not installed.
        MisuseError: *client_ca* without *tls*.
        FileUnreadableError: *directory* is none.
        TlsFilesError: a TLS file cannot be used.
    """

    def __init__(
        self,
        directory: Path,
        *,
        host: str = _LOOPBACK,
        port: int = 0,
        tls: TlsFiles | None = None,
        client_ca: Path | None = None,
        public_host: str | None = None,
        on_progress: Callable[[Download], None] | None = None,
        on_handshake_failure: Callable[[HandshakeFailure], None] | None = None,
    ) -> None:
        if client_ca is not None and tls is None:
            raise MisuseError("client certificates need HTTPS")
        if not directory.is_dir():
            raise FileUnreadableError(str(directory), "it is not a directory")
        self.directory = directory.resolve()
        self.host = host
        self.tls = tls
        self._requested_port = port
        self._public_host = public_host
        self._context = None if tls is None else server_context(tls, client_ca)
        self._app = _load_app(self.directory, on_progress or _ignore)
        self._on_handshake_failure = on_handshake_failure or _ignore
        self._port: int | None = None
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], None] = lambda: None
        self._ready = threading.Event()
        self._ended = threading.Event()
        self._failure: BaseException | None = None

    # -- what it is -------------------------------------------------------------------

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return "http" if self._context is None else "https"

    @property
    def port(self) -> int:
        """The port that it listens on."""
        if self._port is None:
            raise MisuseError("the server is not started")
        return self._port

    @property
    def public_host(self) -> str:
        """The name or address that stands in the URLs."""
        if self._public_host:
            return self._public_host
        if is_wildcard(self.host):
            return lan_address(self.host) or _LOOPBACK
        return self.host

    def files(self) -> tuple[HostedFile, ...]:
        """What can be downloaded at this moment."""
        return list_files(self.directory)

    def url_for(self, name: str) -> str:
        """The URL of the file *name*, as ``AT+QFOTADL`` takes it.

        Args:
            name: path below the directory, as :meth:`files` gives it.

        Raises:
            LocationError: the module could not take the URL; it names the file.
        """
        from dfota.at import parse_location  # noqa: PLC0415 - the port alone needs no grammar

        url = f"{self.scheme}://{in_url(self.public_host)}:{self.port}{quoted(name)}"
        try:
            return parse_location(url).text
        except LocationError as error:
            raise LocationError(url, f"file {name!r}: {error.rule}") from error

    # -- running ----------------------------------------------------------------------

    def start(self) -> None:
        """Return when the server listens.

        Raises:
            BindError: the address cannot be listened on.
            MisuseError: it was started before.
        """
        if self._thread is not None:
            raise MisuseError("a server starts once")
        listener = listen(self.host, self._requested_port)
        self._port = listener.getsockname()[1]
        self._thread = threading.Thread(
            target=self._run, args=(listener,), name="dfota-server", daemon=True
        )
        self._thread.start()
        self._ready.wait()
        self._raise_failure()

    def wait(self) -> None:
        """Block until the server is closed, or Ctrl-C."""
        self._ended.wait()
        self._raise_failure()

    def close(self) -> None:
        """End every connection at once and return when the thread is gone; twice is fine."""
        if self._thread is not None:
            self._stop()
            self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, listener: socket.socket) -> None:
        try:
            asyncio.run(self._serve(listener))
        except BaseException as error:  # noqa: BLE001 - it crosses to the thread that waits
            self._failure = error
        finally:
            listener.close()
            self._ready.set()
            self._ended.set()

    async def _serve(self, listener: socket.socket) -> None:
        from dfota.server.uvicorn_server import StoppableServer  # noqa: PLC0415 - heavy

        loop = asyncio.get_running_loop()
        server = StoppableServer(self._app, self._context, self._on_handshake_failure)

        def stop() -> None:
            try:
                loop.call_soon_threadsafe(server.stop)
            except RuntimeError:  # the loop is closed: it ended before
                _log.debug("close() after the end")

        self._stop = stop
        await server.serve_until_stopped(listener, self._ready)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


def _load_app(directory: Path, on_progress: Callable[[Download], None]) -> ASGIApp:
    try:
        import uvicorn  # noqa: F401, PLC0415 - its absence shall be told now, not in the thread

        from dfota.server.app import make_app  # noqa: PLC0415 - heavy
    except ModuleNotFoundError as error:
        raise ServerExtraError(error.name or "a library") from error
    return DownloadWatch(make_app(directory), on_progress)
