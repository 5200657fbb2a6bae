# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The file tree of a module, behind a state directory or behind a port; no words for people.

Both have the same doors, so that whoever uses one need not know which it is. A path is
absolute, ``/datatx/a.pem``; ``/datatx`` is what the AT commands call UFS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from dfota.at import FILE_ERRORS
from dfota.cli.port_options import PortOptions, open_session
from dfota.errors import (
    CheckFailedError,
    FileSystemError,
    MisuseError,
    ModuleFileError,
    StateDirectoryError,
)
from dfota.host import (
    Downloaded,
    HostEvent,
    Uploaded,
    delete_file,
    download_file,
    file_space,
    get_attention,
    list_files,
    upload_file,
)
from dfota.modem import BG96, StateDirectory, with_settings

UFS_FOLDER = "/datatx"

OnProgress = Callable[[int, int], None]
"""Told bytes so far, and all."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder of the tree."""

    path: str
    size: int = 0
    is_folder: bool = False

    @property
    def name(self) -> str:
        """The last step of the path."""
        return self.path.rpartition("/")[2]


class Tree(Protocol):
    """What can be done with a module's files; a context manager.

    Every method may raise ``ModuleFileError``, those of a port also ``PortError`` and
    ``NoReplyError``.
    """

    home: str
    """The folder that is meant where none is named."""

    def entries(self, folder: str) -> list[Entry]:
        """What is in *folder*, by name."""

    def find(self, path: str) -> Entry | None:
        """What is at *path*; ``None`` for nothing."""

    def read(self, path: str, on_progress: OnProgress) -> bytes:
        """The content of a file."""

    def write(self, path: str, data: bytes, on_progress: OnProgress) -> None:
        """Put a file there, in place of an older one."""

    def remove(self, path: str) -> None:
        """Remove a file or an empty folder."""

    def make_folder(self, path: str) -> None:
        """Make a folder."""

    def space(self) -> tuple[int, int] | None:
        """Free and total bytes, where they are known."""

    def __enter__(self) -> Self:
        """Open."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""


def absolute(text: str) -> str:
    """The absolute path that *text* means: ``/fota/a``, ``EUFS:/fota/a``, ``UFS:a`` or ``a``.

    Raises:
        MisuseError: it is no path of a module.
    """
    head, colon, rest = text.partition(":")
    if colon and head.upper() == "UFS":
        path = f"{UFS_FOLDER}/{rest}"
    elif colon and head.upper() == "EUFS":
        path = rest
    else:
        path = text if text.startswith("/") else f"{UFS_FOLDER}/{text}"
    if path == "/":
        return path
    root, *steps = path.removesuffix("/").split("/")
    if root or not all(_is_step(step) for step in steps):
        raise MisuseError(
            f"{text!r} is no path in a module: write /folder/name, or a name in {UFS_FOLDER}"
        )
    return "/" + "/".join(steps)


def _is_step(step: str) -> bool:
    printable = step.isascii() and step.isprintable()
    return printable and step not in {"", ".", ".."} and not set(step) & set('"\\:')


def check_not_needed(path: str) -> None:
    """Refuse to remove a folder without which a module is none.

    Raises:
        ModuleFileError: it is one.
    """
    if path in {"/", UFS_FOLDER}:
        raise ModuleFileError(path, "the module needs this folder", "Remove what is in it.")


class StateTree:
    """The whole tree of a module that does not run.

    Raises:
        StateDirectoryError: it runs, or the directory is none of a module.
    """

    home = "/"

    def __init__(self, path: Path) -> None:
        # What is missing shall stay missing: this is about looking, too.
        profile = with_settings(BG96, ["fota_folder=false"])
        self._state = StateDirectory(path, profile=profile)
        self._files = self._state.files

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._state.close()

    def entries(self, folder: str) -> list[Entry]:
        """See ``Tree``."""
        found = self.find(folder)
        if found is None or not found.is_folder:
            raise _no_folder(folder)
        with _in_words(folder):
            return [
                Entry(f"{folder.rstrip('/')}/{node.name}", node.size, node.is_folder)
                for node in self._files.nodes(self._steps(folder))
            ]

    def find(self, path: str) -> Entry | None:
        """See ``Tree``."""
        with _in_words(path):
            node = self._files.node(self._steps(path))
        return None if node is None else Entry(path, node.size, node.is_folder)

    def read(self, path: str, on_progress: OnProgress) -> bytes:
        """See ``Tree``."""
        with _in_words(path):
            data = self._files.read(_eufs(path), is_trusted=True)
        on_progress(len(data), len(data))
        return data

    def write(self, path: str, data: bytes, on_progress: OnProgress) -> None:
        """See ``Tree``."""
        folder = path.rpartition("/")[0] or "/"
        found = self.find(folder)
        if found is None or not found.is_folder:
            raise _no_folder(folder)
        with _in_words(path):
            # The old file makes room when the new one is there, not before.
            self._files.check_room(len(data), path)
            file = self._files.begin(_eufs(path), replaces=True, is_trusted=True)
            try:
                file.write(data)
                file.end()
            finally:
                file.discard()
        on_progress(len(data), len(data))

    def remove(self, path: str) -> None:
        """See ``Tree``."""
        found = self.find(path)
        if found is None:
            raise ModuleFileError(path, "there is no such file", "List what is there with ls.")
        check_not_needed(path)
        if found.is_folder and self.entries(path):
            raise ModuleFileError(path, "the folder is not empty", "Add --recursive.")
        with _in_words(path):
            self._files.remove(self._steps(path))

    def make_folder(self, path: str) -> None:
        """See ``Tree``."""
        if path == "/":
            return
        with _in_words(path):
            self._files.make_folder(self._steps(path))

    def space(self) -> tuple[int, int] | None:
        """See ``Tree``."""
        with _in_words("/"):
            return self._files.free_bytes, self._files.total_bytes

    def _steps(self, path: str) -> tuple[str, ...]:
        return () if path == "/" else self._files.locate(_eufs(path), is_trusted=True)


class PortTree:
    """The files that AT commands reach: ``/datatx``, and with newer firmware the others.

    Raises:
        PortError: the port cannot be opened, or went away.
        NoReplyError: no module answers there.
    """

    home = UFS_FOLDER

    def __init__(self, options: PortOptions) -> None:
        self._on_progress: OnProgress = _tell_nobody
        with ExitStack() as stack:
            self._session = stack.enter_context(open_session(options, on_event=self._hear))
            if self._session.run(get_attention()) is not None:
                raise ModuleFileError(
                    options.port,
                    "the module is in the middle of an upgrade",
                    "Follow it with dfota upgrade, and try again afterwards.",
                )
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def entries(self, folder: str) -> list[Entry]:
        """See ``Tree``."""
        pattern = "*" if folder == UFS_FOLDER else f"EUFS:{folder.rstrip('/')}/*"
        found = self._session.run(list_files(pattern))
        # Whatever the module calls them, they are in this folder: its own prefix is cut off.
        prefix = f"EUFS:{folder.rstrip('/')}/"
        return [
            Entry(f"{folder.rstrip('/')}/{file.name.removeprefix(prefix)}", file.size)
            for file in found
        ]

    def find(self, path: str) -> Entry | None:
        """See ``Tree``."""
        try:
            found = self._session.run(list_files(_at_name(path)))
        except ModuleFileError:
            return None
        return Entry(path, found[0].size) if len(found) == 1 else None

    def read(self, path: str, on_progress: OnProgress) -> bytes:
        """See ``Tree``."""
        self._on_progress = on_progress
        return self._session.run(download_file(_at_name(path)))

    def write(self, path: str, data: bytes, on_progress: OnProgress) -> None:
        """See ``Tree``; without a file of that name if it fails in the middle."""
        if not data:
            raise ModuleFileError(
                path, "AT commands cannot make an empty file", "Put at least one byte into it."
            )
        self._on_progress = on_progress
        try:
            self._session.run(upload_file(_at_name(path), data))
        except CheckFailedError as error:
            raise ModuleFileError(path, error.reason, error.advice) from error

    def remove(self, path: str) -> None:
        """See ``Tree``; a folder is refused by the module."""
        self._session.run(delete_file(_at_name(path)))

    def make_folder(self, path: str) -> None:
        """See ``Tree``; never possible.

        Raises:
            ModuleFileError: always.
        """
        raise ModuleFileError(
            path,
            "AT commands cannot make a folder",
            "Make it in the state directory of a virtual module; for a real one use the "
            "vendor's QEFS Explorer on its diagnostic port. Without /fota, upgrade with a URL: "
            "the module makes the folder itself.",
        )

    def space(self) -> tuple[int, int] | None:
        """See ``Tree``."""
        space = self._session.run(file_space())
        return None if space is None else (space.free_bytes, space.total_bytes)

    def _hear(self, event: HostEvent) -> None:
        if isinstance(event, (Downloaded, Uploaded)):
            self._on_progress(event.done, event.total)


def is_state_directory(target: str) -> bool:
    """Whether *target* is a directory of this computer, and not a port."""
    return "://" not in target and Path(target).is_dir()


def open_tree(options: PortOptions) -> Tree:
    """The tree behind the port of *options*: a directory, else a port.

    Raises:
        StateDirectoryError: a directory, but not of a module, or one that runs.
        PortError: the port cannot be opened.
        NoReplyError: no module answers there.
    """
    path = Path(options.port)
    if is_state_directory(options.port):
        if not (path / "module.json").exists():
            raise StateDirectoryError(
                options.port, "it holds no module", "Make one with: dfota modem run --state"
            )
        return StateTree(path)
    return PortTree(options)


def _at_name(path: str) -> str:
    """*path* as an AT command names it, so that the oldest firmware knows it, too."""
    name = path.removeprefix(f"{UFS_FOLDER}/")
    return name if "/" not in name else f"EUFS:{path}"


def _eufs(path: str) -> str:
    return f"EUFS:{path}"


def _no_folder(folder: str) -> ModuleFileError:
    return ModuleFileError(folder, "there is no such folder", "Make it with: dfota efs mkdir")


def _tell_nobody(_done: int, _total: int) -> None:
    return


@contextmanager
def _in_words(path: str) -> Iterator[None]:
    """Turn the file system's numbers into a sentence about *path*."""
    try:
        yield
    except FileSystemError as error:
        meaning = FILE_ERRORS.get(error.number, "it failed")
        reason = f"{meaning[0].lower()}{meaning[1:]} (error {error.number})"
        is_full = error.number in {420, 423}
        advice = "Remove files that are not needed with: dfota efs rm" if is_full else ""
        raise ModuleFileError(path, reason, advice) from error
