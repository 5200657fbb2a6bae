# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota serve``: host packages for modules; how they are served is the server room's."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from dfota.at import Form
from dfota.at.catalog.files import QFUPL
from dfota.at.catalog.fota import QFOTADL
from dfota.cli.console import Console
from dfota.errors import FileUnreadableError
from dfota.server import (
    AccessLog,
    Download,
    HandshakeFailure,
    PackageServer,
    TlsFiles,
    auto_tls,
    describe_end,
    describe_failure,
    is_wildcard,
    lan_address,
)

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_FILE = click.Path(path_type=Path)
_TLS_DIRECTORY = ".dfota-tls"
_LOOPBACK = "127.0.0.1"


@click.command()
@click.argument("directory", metavar="DIR", type=_FILE)
@click.option("--host", default="0.0.0.0", show_default=True,  # noqa: S104 - it is a server
              help="Address to listen on.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535),
              help="Port to listen on.  [default: 8080, with TLS 8443]")  # fmt: skip
@click.option("--public-host", metavar="NAME",
              help="Name or address that modules use.  [default: this machine's]")  # fmt: skip
@click.option("--tls", type=click.Choice(["auto"]),
              help="HTTPS with a CA and certificate of our own, made when needed.")  # fmt: skip
@click.option("--tls-dir", type=_FILE,
              help="Where --tls auto keeps its files.  [default: .dfota-tls beside DIR]")  # fmt: skip
@click.option("--cert", type=_FILE, help="HTTPS with this certificate (PEM, with its chain).")
@click.option("--key", type=_FILE, help="Private key of --cert (PEM).")
@click.option("--client-ca", type=_FILE,
              help="Serve only modules with a certificate of this CA (PEM).")  # fmt: skip
@click.pass_obj
def serve(  # noqa: PLR0917 - click passes each option by name
    console: Console,
    directory: Path,
    host: str,
    port: int | None,
    public_host: str | None,
    tls: str | None,
    tls_dir: Path | None,
    cert: Path | None,
    key: Path | None,
    client_ca: Path | None,
) -> None:
    """Serve the packages in DIR over HTTP or HTTPS until Ctrl-C.

    Prints for every package the line to type at the module.

    For example:

    \b
        dfota serve packages
        dfota serve packages --tls auto --public-host fota.example.org
        dfota serve packages --cert server.pem --key server.key --client-ca devices.pem
    """  # noqa: D301 - click wants the backspace character itself
    _check_tls_options(directory, tls=tls, tls_dir=tls_dir, cert=cert, key=key)
    if client_ca is not None and not (tls or cert):
        raise click.UsageError("--client-ca needs --tls auto, or --cert and --key")
    if not directory.is_dir():  # before keys are put beside it
        raise FileUnreadableError(str(directory), "it is not a directory")
    public_host = public_host or _public_host(console, host)
    files: TlsFiles | None = None
    if tls == "auto":
        names = dict.fromkeys([public_host, *([] if is_wildcard(host) else [host]), "localhost"])
        files = auto_tls(
            tls_dir or directory.resolve().parent / _TLS_DIRECTORY, [*names, _LOOPBACK]
        )
    elif cert is not None and key is not None:
        files = TlsFiles(None, cert, key)

    with _watcher(console) as watcher:
        server = PackageServer(
            directory,
            host=host,
            port=port if port is not None else (8443 if files else 8080),
            tls=files,
            client_ca=client_ca,
            public_host=public_host,
            on_progress=watcher.download,
            on_handshake_failure=watcher.failure,
        )
        # A service manager stops with SIGTERM what a person stops with Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            with server:
                _announce(console, server, files)
                server.wait()
        except KeyboardInterrupt:
            console.note("stopped")


def _check_tls_options(
    directory: Path, *, tls: str | None, tls_dir: Path | None, cert: Path | None, key: Path | None
) -> None:
    if (cert is None) != (key is None):
        raise click.UsageError("--cert and --key belong together")
    if tls and cert:
        raise click.UsageError("give either --tls auto, or --cert and --key")
    if tls_dir is None:
        return
    if not tls:
        raise click.UsageError("--tls-dir needs --tls auto")
    if tls_dir.resolve().is_relative_to(directory.resolve()):
        raise click.UsageError("--tls-dir holds private keys and must not lie in DIR")


def _public_host(console: Console, host: str) -> str:
    if not is_wildcard(host):
        return host
    found = lan_address(host)
    if found is None:
        console.warn("this machine has no network address; only it can reach the server")
    return found or _LOOPBACK


def _announce(console: Console, server: PackageServer, tls: TlsFiles | None) -> None:
    """Say where the packages are and what to type; refuse what the module could not take."""
    packages = [
        {
            "name": hosted.name,
            "size": hosted.size,
            "url": (url := server.url_for(hosted.name)),
            "command": "AT" + QFOTADL.encode(Form.WRITE, location=url),
        }
        for hosted in server.files()
    ]
    root = server.url_for("")
    facts: dict[str, object] = {"event": "listening", "url": root, "packages": packages}
    console.note(f"serving {server.directory} on {root} (Ctrl-C ends it)")
    if tls is not None and tls.ca_path is not None:
        size = tls.ca_path.stat().st_size
        upload = "AT" + QFUPL.encode(
            Form.WRITE, filename=tls.ca_path.name, file_size=size, timeout=60
        )
        facts |= {"ca": str(tls.ca_path), "ca_upload": upload}
        console.note(f"CA for the module: {tls.ca_path}; upload it with {upload}")
    if not packages:
        console.note("there is no package yet; what you put there is served at once")
    if console.as_json:
        console.event(facts)
    elif packages:
        console.note("type at the module:")
        console.result(facts, "\n".join(str(package["command"]) for package in packages))


# -- who tells of downloads -----------------------------------------------------------------


class _Watcher(Protocol):
    """Takes the reports of the server's thread."""

    def download(self, download: Download) -> None: ...

    def failure(self, failure: HandshakeFailure) -> None: ...


@contextmanager
def _watcher(console: Console) -> Iterator[_Watcher]:
    """Bars for a person, lines for a log, events for a machine."""
    if not console.is_interactive:
        yield _Lines(console)
        return
    from rich.console import Console as RichConsole  # noqa: PLC0415 - keeps --help fast
    from rich.progress import (  # noqa: PLC0415 - keeps --help fast
        BarColumn,
        DownloadColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TransferSpeedColumn,
    )

    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=RichConsole(stderr=True),
    ) as bars:
        yield _Bars(bars)


class _Lines:
    """One line on stderr for what is worth one, and an event on stdout with ``--json``."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._log = AccessLog()

    def download(self, download: Download) -> None:
        line = self._log.line_for(download)
        if line is None:
            return
        self._console.event(
            {"event": "download", **asdict(download), "complete": download.is_complete}
        )
        if not self._console.as_json:
            self._console.note(line)

    def failure(self, failure: HandshakeFailure) -> None:
        self._console.event({"event": "handshake-failed", **asdict(failure)})
        if not self._console.as_json:
            self._console.note(describe_failure(failure))


class _Bars:
    """One bar per download that goes on, and the lines of the ended ones above."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[int, TaskID] = {}

    def download(self, download: Download) -> None:
        task = self._tasks.get(download.number)
        if download.finished:
            if task is not None:
                self._bars.remove_task(self._tasks.pop(download.number))
            self._print(describe_end(download))
            return
        if task is None:
            label = f"{download.client} {download.path}"
            self._tasks[download.number] = self._bars.add_task(label, total=download.total_bytes)
            return
        self._bars.update(task, completed=download.sent_bytes)

    def failure(self, failure: HandshakeFailure) -> None:
        self._print(describe_failure(failure))

    def _print(self, line: str) -> None:
        self._bars.console.print(line, markup=False, highlight=False, soft_wrap=True)
