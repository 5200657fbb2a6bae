# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Where ``dfota cert`` works: at a port, or in the state directory of a virtual module."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from dfota.cli.efs_trees import UFS_FOLDER, Tree, is_state_directory, open_tree
from dfota.cli.port_options import PortOptions, open_session
from dfota.errors import ModuleFileError
from dfota.host import (
    CERTIFICATE_FILES,
    PlacedCertificate,
    Proof,
    Session,
    StoredCertificate,
    check_certificate_removal,
    check_certificate_support,
    describe_certificate,
    get_attention,
    identify,
    kind_of,
    list_certificates,
    provision,
    remove_certificates,
)


class Place(Protocol):
    """Where certificates are; every method may raise ``HostError``."""

    def put(self, files: Mapping[str, bytes]) -> tuple[PlacedCertificate, ...]:
        """Place *files*, which have been judged, and prove that they are there."""

    def stored(self) -> tuple[StoredCertificate, ...]:
        """What is there."""

    def remove(self, names: Collection[str]) -> tuple[str, ...]:
        """Remove those of *names* that are there; gives which were."""


@contextmanager
def open_place(options: PortOptions) -> Iterator[Place]:
    """The place behind PORT.

    Raises:
        HostError: no module answers there, or one of which the place is not known.
        StateDirectoryError: it is a directory, but not of a module that does not run.
    """
    if is_state_directory(options.port):
        with open_tree(options) as tree:
            yield _StatePlace(tree)
        return
    with open_session(options) as session:
        if session.run(get_attention()) is not None:
            raise ModuleFileError(
                options.port,
                "the module is in the middle of an upgrade",
                "Follow it with dfota upgrade, and try again afterwards.",
            )
        identity = session.run(identify())
        check_certificate_support(kind_of(identity.model), identity.model)
        yield _PortPlace(session)


class _PortPlace:
    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, files: Mapping[str, bytes]) -> tuple[PlacedCertificate, ...]:
        return self._session.run(provision(files))

    def stored(self) -> tuple[StoredCertificate, ...]:
        return self._session.run(list_certificates())

    def remove(self, names: Collection[str]) -> tuple[str, ...]:
        return self._session.run(remove_certificates(names))


class _StatePlace:
    """The files of a module that does not run; each is written whole or not at all."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def put(self, files: Mapping[str, bytes]) -> tuple[PlacedCertificate, ...]:
        placed: list[PlacedCertificate] = []
        for name in CERTIFICATE_FILES:
            if name not in files:
                continue
            data = files[name]
            was_there = self._content(name) == data
            if not was_there:
                self._tree.write(_path(name), data, _tell_nobody)
            placed.append(PlacedCertificate(name, len(data), was_there, Proof.CONTENT))
        return tuple(placed)

    def stored(self) -> tuple[StoredCertificate, ...]:
        contents = {name: self._content(name) for name in CERTIFICATE_FILES}
        return tuple(
            describe_certificate(name, data) for name, data in contents.items() if data is not None
        )

    def remove(self, names: Collection[str]) -> tuple[str, ...]:
        there = [name for name in CERTIFICATE_FILES if self._tree.find(_path(name)) is not None]
        check_certificate_removal(names, there)
        removed = [name for name in there if name in names]
        for name in removed:
            self._tree.remove(_path(name))
        return tuple(removed)

    def _content(self, name: str) -> bytes | None:
        if self._tree.find(_path(name)) is None:
            return None
        return self._tree.read(_path(name), _tell_nobody)


def _path(name: str) -> str:
    return f"{UFS_FOLDER}/{name}"


def _tell_nobody(_done: int, _total: int) -> None:
    return
