# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Put certificates into the module and prove that they are there; what is in one is ``pem``.

Rule 1. At no moment a client certificate is there without its key: the certificate goes
first and comes last.
Rule 2. What was there comes back if the new cannot be placed.
Rule 3. Without a CA file the module trusts every server, so a lost one is told as an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from dfota.at import CmeError
from dfota.errors import (
    CertificateError,
    CheckFailedError,
    ModuleFileError,
    NoReplyError,
    PortError,
)
from dfota.host.dialogue import Procedure, Report
from dfota.host.events import CertificatePlaced
from dfota.host.files import upload_file
from dfota.host.kinds import ModuleKind
from dfota.host.module_files import delete_file, download_file, list_files
from dfota.host.pem import (
    CA_FILE,
    CERTIFICATE_FILES,
    CLIENT_CERTIFICATE_FILE,
    CLIENT_KEY_FILE,
    PEM_MAX_BYTES,
    PemFacts,
    check_certificates,
    read_certificates,
    read_key,
)

_NO_SUCH_FILE = str(CmeError(405))


class Proof(Enum):
    """How sure it is that a file in the module is the one that was given."""

    CONTENT = "content"
    """It was read back, byte by byte."""
    CHECKSUM = "checksum"
    """The module does not give it back; its size and the checksum of the upload are right."""


@dataclass(frozen=True, slots=True)
class PlacedCertificate:
    """A file that is in the module now.

    Attributes:
        name: in the module.
        size: in bytes.
        was_there: it was the same before, and nothing was sent.
        proof: how sure it is.
    """

    name: str
    size: int
    was_there: bool
    proof: Proof


@dataclass(frozen=True, slots=True)
class StoredCertificate:
    """A file of ``CERTIFICATE_FILES`` as it was found in the module.

    Attributes:
        name: in the module.
        size: in bytes.
        facts: what it holds; ``None`` where it cannot be read.
        problem: why it cannot be read or used; empty where it can.
    """

    name: str
    size: int
    facts: PemFacts | None = None
    problem: str = ""


def check_certificate_support(kind: ModuleKind | None, model: str) -> None:
    """Refuse a module of which it is not known where it looks for certificates.

    Raises:
        ModuleFileError: it is one.
    """
    if kind is None or not kind.has_fota_certificates:
        raise ModuleFileError(
            CA_FILE,
            f"no manual says where a {model} looks for the certificates of an upgrade",
            "Use http:// with a signed package, or upload the package through the port.",
        )


def provision(certificates: Mapping[str, bytes]) -> Procedure[tuple[PlacedCertificate, ...]]:
    """Place *certificates* (name in the module → content) and verify each.

    A file that is the same already is left alone.

    Raises:
        CertificateError: a module could not use them; nothing was changed.
        ModuleFileError: the module refuses; what was there before is there again where that
            was possible, and the message says what is not.
        NoReplyError: the module stopped answering.
        PortError: the port went away.
    """
    check_certificates(certificates)
    sizes = yield from _sizes()
    placed: dict[str, PlacedCertificate] = {}
    before: dict[str, bytes | None] = {}
    for name in certificates:
        before[name] = (yield from _content(name)) if name in sizes else None
        if before[name] == certificates[name]:
            size = len(certificates[name])
            placed[name] = PlacedCertificate(name, size, was_there=True, proof=Proof.CONTENT)
    if CLIENT_KEY_FILE not in placed:
        placed.pop(CLIENT_CERTIFICATE_FILE, None)  # it goes before the old key does
    wanted = {name: data for name, data in certificates.items() if name not in placed}
    touched: set[str] = set()
    try:
        yield from _place(wanted, sizes, placed, touched)
    except ModuleFileError as error:
        lost = yield from _put_back(touched, before)
        raise _failure(error, [name for name in lost if name in sizes]) from error
    except (NoReplyError, PortError) as error:
        risked = [name for name in CERTIFICATE_FILES if name in touched and name not in placed]
        if not risked:
            raise
        raise _broken_off(error, risked) from error
    for result in placed.values():
        yield Report(CertificatePlaced(result.name, result.size, result.was_there))
    return tuple(placed[name] for name in CERTIFICATE_FILES if name in placed)


def list_certificates() -> Procedure[tuple[StoredCertificate, ...]]:
    """What is in the module, in the order of ``CERTIFICATE_FILES``.

    Raises:
        ModuleFileError: the module refuses to list files.
        NoReplyError: the module stopped answering.
        PortError: the port went away.
    """
    sizes = yield from _sizes()
    found: list[StoredCertificate] = []
    for name in CERTIFICATE_FILES:
        if name not in sizes:
            continue
        data = yield from _content(name) if sizes[name] <= PEM_MAX_BYTES else _nothing()
        if data is None:
            found.append(StoredCertificate(name, sizes[name], None, "it cannot be read back"))
        else:
            found.append(describe_certificate(name, data))
    return tuple(found)


def describe_certificate(name: str, data: bytes) -> StoredCertificate:
    """What *data*, found in a module as *name*, is."""
    try:
        read = read_key if name == CLIENT_KEY_FILE else read_certificates
        return StoredCertificate(name, len(data), read(name, data))
    except CertificateError as error:
        return StoredCertificate(name, len(data), None, error.reason)


def pair_problem(stored: Iterable[StoredCertificate]) -> str:
    """What is wrong with the client's certificate and key together; empty where nothing is."""
    files = {one.name: one for one in stored}
    certificate, key = files.get(CLIENT_CERTIFICATE_FILE), files.get(CLIENT_KEY_FILE)
    if certificate is not None and key is None:
        return "the client certificate has no key: every download with https will fail"
    if certificate is None and key is not None:
        return "the client key has no certificate and is of no use"
    if certificate is not None and CA_FILE not in files:
        return "without a CA file the client certificate is not used, and any server is trusted"
    return ""


def remove_certificates(names: Iterable[str] = CERTIFICATE_FILES) -> Procedure[tuple[str, ...]]:
    """Remove those of *names* that are there, the client certificate before its key.

    Raises:
        ModuleFileError: the module refuses, or a client certificate would be left alone.
        NoReplyError: the module stopped answering.
        PortError: the port went away.
    """
    wanted = set(names)
    sizes = yield from _sizes()
    check_certificate_removal(wanted, sizes)
    removed: list[str] = []
    for name in (CLIENT_CERTIFICATE_FILE, CLIENT_KEY_FILE, CA_FILE):
        if name in wanted and name in sizes:
            yield from delete_file(name)
            removed.append(name)
    return tuple(removed)


def check_certificate_removal(names: Iterable[str], there: Iterable[str]) -> None:
    """Refuse to leave a client certificate without its key.

    Raises:
        ModuleFileError: it would be.
    """
    wanted, present = set(names), set(there)
    leaves_alone = CLIENT_CERTIFICATE_FILE in present - wanted
    if leaves_alone and CLIENT_KEY_FILE in wanted & present:
        raise ModuleFileError(
            CLIENT_KEY_FILE,
            "the client certificate would be left without its key",
            "Remove both: with the certificate alone every download with https fails.",
        )


# -- inside ---------------------------------------------------------------------------------


def _nothing() -> Procedure[None]:
    yield from ()


def _sizes() -> Procedure[dict[str, int]]:
    """The certificate files that are there, with their sizes."""
    try:
        listed = yield from list_files()
    except ModuleFileError as error:
        if _NO_SUCH_FILE in error.reason:  # some firmware says so where there is no file at all
            return {}
        raise
    return {file.name: file.size for file in listed if file.name in CERTIFICATE_FILES}


def _content(name: str) -> Procedure[bytes | None]:
    """What is in a file; ``None`` where the module does not give it, not at a second try."""
    for _ in range(2):
        try:
            return (yield from download_file(name))
        except ModuleFileError:
            continue
    return None


def _place(
    wanted: Mapping[str, bytes],
    sizes: Mapping[str, int],
    placed: dict[str, PlacedCertificate],
    touched: set[str],
) -> Procedure[None]:
    """Rule 1: the CA, then the key with no client certificate beside it, then that."""
    for name in (CA_FILE, CLIENT_KEY_FILE, CLIENT_CERTIFICATE_FILE):
        if name not in wanted:
            continue
        touched.add(name)
        if name == CLIENT_KEY_FILE and CLIENT_CERTIFICATE_FILE in sizes:
            touched.add(CLIENT_CERTIFICATE_FILE)
            yield from delete_file(CLIENT_CERTIFICATE_FILE)
        placed[name] = yield from _upload(name, wanted[name])


def _upload(name: str, data: bytes) -> Procedure[PlacedCertificate]:
    try:
        yield from upload_file(name, data)
    except CheckFailedError as error:
        raise ModuleFileError(name, error.reason, error.advice) from error
    listed = yield from list_files(name)
    if [file.size for file in listed] != [len(data)]:
        found = f"{listed[0].size} bytes" if listed else "nothing"
        raise ModuleFileError(
            name, f"the module lists {found}, not {len(data)} bytes", "Try again."
        )
    content = yield from _content(name)
    if content is not None and content != data:
        raise ModuleFileError(
            name, "the module gives back something else than was sent", "Try again."
        )
    proof = Proof.CHECKSUM if content is None else Proof.CONTENT
    return PlacedCertificate(name, len(data), was_there=False, proof=proof)


def _put_back(touched: set[str], before: Mapping[str, bytes | None]) -> Procedure[list[str]]:
    """Rule 2, and rule 1 again; gives the names that are not what they were before."""
    lost: list[str] = []
    if CLIENT_CERTIFICATE_FILE in touched:
        yield from _try(delete_file(CLIENT_CERTIFICATE_FILE))
    for name in (CA_FILE, CLIENT_KEY_FILE, CLIENT_CERTIFICATE_FILE):
        if name not in touched:
            continue
        old = before.get(name)
        has_no_key = name == CLIENT_CERTIFICATE_FILE and CLIENT_KEY_FILE in lost
        if old is not None and not has_no_key and (yield from _restore(name, old)):
            continue
        yield from _try(delete_file(name))
        lost.append(name)
    return lost


def _restore(name: str, data: bytes) -> Procedure[bool]:
    current = yield from _content(name)
    return current == data or (yield from _try(upload_file(name, data)))


def _try(procedure: Procedure[None]) -> Procedure[bool]:
    try:
        yield from procedure
    except (CheckFailedError, ModuleFileError):
        return False
    return True


def _broken_off(error: NoReplyError | PortError, risked: list[str]) -> ModuleFileError | PortError:
    """Nothing can be put back now, so say what the module may lack."""
    lacks = f"the module may lack {' and '.join(risked)} now"
    if CA_FILE in risked:
        lacks += " and trust every server until dfota cert put mends it"
    if isinstance(error, PortError):
        reason = error.reason.removesuffix("; nothing was started")
        return PortError(error.port, f"{reason}; {lacks}")
    return ModuleFileError(risked[0], f"{error}; {lacks}", "Put it there again: dfota cert put.")


def _failure(error: ModuleFileError, lost: list[str]) -> ModuleFileError:
    reason = error.reason
    if lost:
        reason += f"; {' and '.join(lost)} {'is' if len(lost) == 1 else 'are'} not there any more"
        if CA_FILE in lost:
            reason += ", so the module trusts every server now"
    else:
        reason += "; the module has what it had before"
    return ModuleFileError(error.name, reason, error.advice)
