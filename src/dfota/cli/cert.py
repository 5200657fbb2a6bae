# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota cert``: the certificates with which a module checks the server of its packages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from dfota.cli.cert_places import open_place
from dfota.cli.console import Console
from dfota.cli.input_file import read_input
from dfota.cli.port_options import FILE, PortOptions, port_options
from dfota.errors import ModuleFileError
from dfota.host import (
    CA_FILE,
    CERTIFICATE_FILES,
    CLIENT_CERTIFICATE_FILE,
    CLIENT_KEY_FILE,
    PEM_MAX_BYTES,
    StoredCertificate,
    check_certificates,
    pair_problem,
)

_SHORT = {"ca": CA_FILE, "client-cert": CLIENT_CERTIFICATE_FILE, "client-key": CLIENT_KEY_FILE}


@click.group()
def cert() -> None:
    """Place, list and remove the certificates for downloads with https.

    A BG96 looks for them under fixed names in its file system: fota_cacert.pem is the CA that
    it trusts (without one it trusts every server), fota_client_cert.pem and
    fota_client_key.pem are what it shows when the server asks.

    PORT is a serial device, a pseudo-terminal, socket://HOST:PORT, rfc2217://HOST:PORT, or
    the state directory of a virtual module that does not run.

    For example:

    \b
        dfota cert put /dev/ttyUSB2 --ca ca.pem
        dfota cert list /dev/ttyUSB2
        dfota cert rm /dev/ttyUSB2 client-cert client-key
    """  # noqa: D301 - click wants the backspace character itself


@cert.command()
@port_options
@click.option("--ca", type=FILE, help="CA file (PEM) with which the module checks the server.")
@click.option("--client-cert", type=FILE, help="Certificate (PEM) of the module.")
@click.option("--client-key", type=FILE, help="Private key (PEM) of the module's certificate.")
@click.pass_obj
def put(
    console: Console,
    *,
    port_options: PortOptions,
    ca: Path | None,
    client_cert: Path | None,
    client_key: Path | None,
) -> None:
    """Place certificates in the module at PORT and prove that they are there.

    They are judged first: that a CA is one, that the key fits the certificate, what has
    expired. What is the same already is not sent. A client certificate never stands without
    its key, and if the new files cannot be placed, the old ones come back.

    For example:

    \b
        dfota cert put /dev/ttyUSB2 --ca ca.pem
        dfota cert put /dev/ttyUSB2 --ca ca.pem --client-cert c.pem --client-key k.pem
    """  # noqa: D301 - click wants the backspace character itself
    paths = {
        name: path
        for name, path in zip(CERTIFICATE_FILES, (ca, client_cert, client_key), strict=True)
        if path is not None
    }
    if not paths:
        raise click.UsageError("Give --ca, or --client-cert and --client-key, or all of them.")
    files = {name: read_input(path, PEM_MAX_BYTES) for name, path in paths.items()}
    called = {name: str(path) for name, path in paths.items()}
    for sentence in check_certificates(files, now=datetime.now(UTC), names=called):
        console.warn(sentence)
    with open_place(port_options) as place:
        placed = place.put(files)
        problem = pair_problem(place.stored())
    if problem:
        console.warn(problem)
    facts: dict[str, Any] = {
        "port": port_options.port,
        "files": [
            {
                "name": one.name,
                "bytes": one.size,
                "was_there": one.was_there,
                "proof": one.proof.value,
            }
            for one in placed
        ],
    }
    lines = [
        f"{one.name}: {one.size:,} bytes, "
        + ("was there already" if one.was_there else f"placed, proven by {one.proof.value}")
        for one in placed
    ]
    console.result(facts, text="\n".join(lines))


@cert.command("list")
@port_options
@click.pass_obj
def list_(console: Console, *, port_options: PortOptions) -> None:
    """Show which certificates are in the module at PORT, and what they are.

    For example:

    \b
        dfota cert list /dev/ttyUSB2
        dfota cert list /dev/ttyUSB2 --json
    """  # noqa: D301 - click wants the backspace character itself
    with open_place(port_options) as place:
        stored = place.stored()
    problem = pair_problem(stored)
    facts = {
        "port": port_options.port,
        "files": [_to_facts(one) for one in stored],
        "problem": problem,
    }
    if problem:
        console.warn(problem)
    if not stored:
        console.note("no certificates: the module trusts every server")
    if stored or console.as_json:
        console.result(facts, text="\n".join(line for one in stored for line in _lines(one)))


@cert.command()
@port_options
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Remove all three.")
@click.pass_obj
def rm(
    console: Console, *, port_options: PortOptions, names: tuple[str, ...], is_all: bool
) -> None:
    """Remove certificates from the module at PORT.

    NAME is ca, client-cert or client-key, or the name in the module. A client certificate is
    not left without its key.

    For example:

    \b
        dfota cert rm /dev/ttyUSB2 client-cert client-key
        dfota cert rm /dev/ttyUSB2 --all
    """  # noqa: D301 - click wants the backspace character itself
    if bool(names) == is_all:
        raise click.UsageError("Give NAMEs (ca, client-cert, client-key), or --all.")
    wanted = set(CERTIFICATE_FILES) if is_all else {_file_name(name) for name in names}
    with open_place(port_options) as place:
        removed = place.remove(wanted)
        left = {one.name for one in place.stored()}
    missing = sorted(wanted - set(removed))
    if missing and not is_all:
        raise ModuleFileError(
            missing[0], "it is not in the module", "List what is there: dfota cert list."
        )
    if CA_FILE in removed:
        console.warn("without a CA file the module trusts every server")
    facts = {"port": port_options.port, "removed": list(removed), "left": sorted(left)}
    if removed or console.as_json:
        console.result(facts, text="\n".join(f"removed {name}" for name in removed))
    else:
        console.note("there were none")


def _file_name(name: str) -> str:
    found = _SHORT.get(name, name)
    if found not in CERTIFICATE_FILES:
        raise click.UsageError(f"{name!r} is no certificate of an upgrade: {', '.join(_SHORT)}.")
    return found


def _to_facts(stored: StoredCertificate) -> Mapping[str, Any]:
    facts: dict[str, Any] = {"name": stored.name, "bytes": stored.size, "problem": stored.problem}
    if stored.facts is not None:
        facts["certificates"] = [one.to_facts() for one in stored.facts.certificates]
        facts["key"] = stored.facts.key
    return facts


def _lines(stored: StoredCertificate) -> list[str]:
    head = f"{stored.name}, {stored.size:,} bytes"
    if stored.facts is None:
        return [f"{head}: {stored.problem}"]
    if stored.facts.key:
        return [f"{head}: private key, {stored.facts.key}"]
    lines = [head]
    for one in stored.facts.certificates:
        expired = " (expired)" if one.not_after < datetime.now(UTC) else ""
        lines += [
            f"  subject      {one.subject}",
            f"  issuer       {one.issuer}",
            f"  not after    {one.not_after:%Y-%m-%d}{expired}",
            f"  key          {one.key}",
            f"  SHA-256      {one.fingerprint}",
        ]
    return lines
