# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota efs``: look into and change the files of a module; what a file is *for* is not here."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from dfota.atomic import write_atomically
from dfota.cli.console import Console
from dfota.cli.efs_trees import Entry, OnProgress, Tree, absolute, check_not_needed, open_tree
from dfota.cli.port_options import FILE, PortOptions, port_options
from dfota.errors import FileUnreadableError, ModuleFileError

_FILE_MAX_BYTES = 64 * 1024 * 1024
_STDOUT = Path("-")
_TEXT = re.compile(rb"[\t\r\n\x20-\x7e]*")
_SAFE = re.compile(r"[^\x00-\x1f\x7f/\\:*?\"<>|]+")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


@click.group()
def efs() -> None:
    """List, fetch, place and remove files of a module.

    PORT is a serial device, a pseudo-terminal, socket://HOST:PORT or rfc2217://HOST:PORT
    (what AT commands reach), or the state directory of a virtual module that does not run
    (the whole tree). A PATH is /folder/name; a bare name, like UFS:name, is in /datatx, where the
    certificates are. The package of AT+QFOTADL=1 is /fota/update.zip.

    For example:

    \b
        dfota efs ls module
        dfota efs put module update.zip /fota/update.zip
        dfota efs put /dev/ttyUSB2 fota_cacert.pem
        dfota efs get /dev/ttyUSB2 '*' -o backup
    """  # noqa: D301 - click wants the backspace character itself


@efs.command()
@port_options
@click.argument("path", required=False)
@click.option("-R", "--recursive", is_flag=True, help="List folders in folders, too.")
@click.pass_obj
def ls(console: Console, *, port_options: PortOptions, path: str | None, recursive: bool) -> None:
    """List the files of PORT, or those in the folder PATH.

    Without PATH it is / of a state directory, and /datatx (UFS) at a port.

    For example:

    \b
        dfota efs ls module -R
        dfota efs ls /dev/ttyUSB2
        dfota efs ls /dev/ttyUSB2 /fota
    """  # noqa: D301 - click wants the backspace character itself
    with open_tree(port_options) as tree:
        where = tree.home if path is None else absolute(path)
        entries = _listed(tree, where, recursive=recursive)
        space = tree.space()
    facts: dict[str, object] = {
        "target": port_options.port,
        "path": where,
        "entries": [
            {
                "path": entry.path,
                "type": "folder" if entry.is_folder else "file",
                **({} if entry.is_folder else {"bytes": entry.size}),
            }
            for entry in entries
        ],
    }
    if space is not None:
        facts["free_bytes"], facts["total_bytes"] = space
        console.note(f"{space[0]:,} of {space[1]:,} bytes are free")
    lines = [
        f"{'' if entry.is_folder else format(entry.size, ','):>12}  {_shown(entry)}"
        for entry in entries
    ]
    if lines or console.as_json:
        console.result(facts, text="\n".join(lines))
    else:
        console.note(f"no files in {where}")


@efs.command()
@port_options
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("-o", "--output", type=FILE, metavar="FILE|DIR",
              help="Where to: a folder, or with one PATH a file or - for standard output.  "
              "[default: this folder]")  # fmt: skip
@click.pass_obj
def get(
    console: Console,
    *,
    port_options: PortOptions,
    paths: tuple[str, ...],
    output: Path | None,
) -> None:
    """Fetch files from PORT; '*' means all files of /datatx.

    Each file appears whole or not at all; at a port its checksum is verified. A module's
    file names are not trusted: what could leave the folder is refused.

    For example:

    \b
        dfota efs get module /fota/update.zip -o package.zip
        dfota efs get /dev/ttyUSB2 '*' -o backup
        dfota efs get /dev/ttyUSB2 fota_cacert.pem -o - | openssl x509 -noout -text
    """  # noqa: D301 - click wants the backspace character itself
    if output == _STDOUT:
        _get_to_stdout(console, port_options, paths)
        return
    with open_tree(port_options) as tree:
        wanted = [path for text in paths for path in _matching(tree, text)]
        outputs = _outputs(wanted, output, is_one=len(paths) == 1 and not _is_pattern(paths[0]))
        fetched: list[dict[str, object]] = []
        for path in wanted:
            with _shown_progress(console, path) as on_progress:
                data = tree.read(path, on_progress)
            write_atomically(outputs[path], data)
            digest = hashlib.sha256(data).hexdigest()
            fetched.append(
                {
                    "path": path,
                    "output": str(outputs[path]),
                    "bytes": len(data),
                    "sha256": digest,
                }
            )
    text = "\n".join(f"{entry['path']} → {entry['output']}" for entry in fetched)
    console.result({"target": port_options.port, "files": fetched}, text=text)


@efs.command()
@port_options
@click.argument("file", type=FILE)
@click.argument("path", required=False)
@click.pass_obj
def put(console: Console, *, port_options: PortOptions, file: Path, path: str | None) -> None:
    """Place FILE in PORT as PATH, in place of an older file.

    Without PATH it goes to /datatx under its own name. A PATH that ends with a slash is a
    folder. At a port the data are acknowledged and the checksum is verified.

    For example:

    \b
        dfota efs put module update.zip /fota/update.zip
        dfota efs put /dev/ttyUSB2 ca.pem fota_cacert.pem
    """  # noqa: D301 - click wants the backspace character itself
    data = _content(file)
    with open_tree(port_options) as tree:
        place = _place(path, file)
        if path is not None and not path.endswith("/") and _is_folder(tree, place):
            place = absolute(f"{place}/{file.name}")
        with _shown_progress(console, place) as on_progress:
            tree.write(place, data, on_progress)
    facts = {"target": port_options.port, "path": place, "bytes": len(data)}
    console.result(facts, text=f"{file} → {place}, {len(data):,} bytes")


@efs.command()
@port_options
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("-r", "--recursive", is_flag=True, help="Remove folders with what is in them.")
@click.pass_obj
def rm(
    console: Console, *, port_options: PortOptions, paths: tuple[str, ...], recursive: bool
) -> None:
    """Remove files from PORT; '*' means all files of /datatx.

    For example:

    \b
        dfota efs rm module /fota/update.zip
        dfota efs rm /dev/ttyUSB2 old.bin
    """  # noqa: D301 - click wants the backspace character itself
    removed: list[str] = []
    with open_tree(port_options) as tree:
        for path in [path for text in paths for path in _matching(tree, text)]:
            check_not_needed(path)  # before anything in it is removed
            if recursive and _is_folder(tree, path):
                inside = [entry.path for entry in _listed(tree, path, recursive=True)]
                for inner in reversed(inside):  # what is in a folder stands behind it
                    tree.remove(inner)
                    removed.append(inner)
            tree.remove(path)
            removed.append(path)
    facts = {"target": port_options.port, "removed": removed}
    console.result(facts, text="\n".join(f"removed {path}" for path in removed))


@efs.command()
@port_options
@click.argument("path")
@click.pass_obj
def mkdir(console: Console, *, port_options: PortOptions, path: str) -> None:
    """Make the folder PATH in PORT; harmless when it is there.

    Only in a state directory: AT commands cannot make folders.

    For example:

        dfota efs mkdir module /fota
    """
    with open_tree(port_options) as tree:
        place = absolute(path)
        tree.make_folder(place)
    console.result({"target": port_options.port, "path": place}, text=f"made {place}")


def _get_to_stdout(console: Console, options: PortOptions, paths: tuple[str, ...]) -> None:
    """Write one file to stdout as it is; a terminal gets text only."""
    if len(paths) != 1 or _is_pattern(paths[0]) or console.as_json:
        raise click.UsageError("-o - takes one PATH, and no --json: stdout is the file.")
    path = absolute(paths[0])
    with open_tree(options) as tree, _shown_progress(console, path) as on_progress:
        data = tree.read(path, on_progress)
    if sys.stdout.isatty() and not _TEXT.fullmatch(data):
        raise click.UsageError(f"{path} is no plain text: send it to a file, with -o FILE.")
    console.raw(data)


def _listed(tree: Tree, folder: str, *, recursive: bool) -> list[Entry]:
    found: list[Entry] = []
    for entry in tree.entries(folder):
        found.append(entry)
        if recursive and entry.is_folder:
            found += _listed(tree, entry.path, recursive=True)
    return found


def _shown(entry: Entry) -> str:
    """A path that cannot play with the terminal; folders end with a slash."""
    text = entry.path if entry.path.isprintable() else ascii(entry.path)[1:-1]
    return f"{text}/" if entry.is_folder else text


def _is_folder(tree: Tree, path: str) -> bool:
    found = tree.find(path)
    return found is not None and found.is_folder


def _is_pattern(text: str) -> bool:
    return text == "*" or text.endswith((":*", "/*"))


def _matching(tree: Tree, text: str) -> list[str]:
    """The paths that *text* means; a name ``*`` means every file of its folder."""
    if not _is_pattern(text):
        return [absolute(text)]
    folder = absolute(text[:-1] + "x").rpartition("/")[0] or "/"
    return [entry.path for entry in tree.entries(folder) if not entry.is_folder]


def _outputs(paths: list[str], output: Path | None, *, is_one: bool) -> dict[str, Path]:
    """Where each file goes; two that would fall on one name are refused."""
    if is_one and output is not None and not output.is_dir():
        return {paths[0]: output}
    folder = output or Path()
    outputs: dict[str, Path] = {}
    for path in paths:
        *folders, name = path[1:].split("/")
        is_safe = _SAFE.fullmatch(name) and not _RESERVED.fullmatch(name)
        is_safe = is_safe and not {"", ".", ".."} & set(folders)
        if not is_safe or name.startswith(".") or name.endswith((".", " ")) or len(name) > 200:
            raise ModuleFileError(
                ascii(path)[1:-1],
                "its name is none for a file on this computer",
                "Fetch it alone and give its name with -o FILE.",
            )
        place = folder / name
        if any(os.path.normcase(place) == os.path.normcase(other) for other in outputs.values()):
            raise ModuleFileError(
                path, f"two files would become {place}", "Fetch them into two folders."
            )
        outputs[path] = place
    if output is not None and not output.exists():
        output.mkdir(parents=True)
    return outputs


def _place(path: str | None, file: Path) -> str:
    if path is None:
        return absolute(file.name)
    return absolute(f"{path}{file.name}" if path.endswith("/") else path)


def _content(file: Path) -> bytes:
    try:
        size = file.stat().st_size
        if size > _FILE_MAX_BYTES:
            raise FileUnreadableError(str(file), f"{size} bytes are too many for any module")
        return file.read_bytes()
    except OSError as error:
        raise FileUnreadableError(str(file), error.strerror or str(error)) from error


@contextmanager
def _shown_progress(console: Console, path: str) -> Iterator[OnProgress]:
    with console.progress(path[-40:], 1.0) as advance:
        yield lambda done, total: advance(done / total if total else 1.0)
