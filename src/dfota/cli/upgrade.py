# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota upgrade``: options in, one procedure of the host room, words and bars out.

What is asked of the module, in which order, is decided in ``dfota.host``.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path

import click
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates

from dfota.cli.console import Console
from dfota.cli.upgrade_display import UpgradeDisplay
from dfota.errors import FileUnreadableError, TlsFilesError
from dfota.host import (
    BAUDRATE,
    CA_FILE,
    CLIENT_CERTIFICATE_FILE,
    CLIENT_KEY_FILE,
    AccessPoint,
    CheckStatus,
    Examined,
    PackageFacts,
    Plan,
    SerialxTransport,
    Session,
    TimeLimits,
    Transcript,
    Upgraded,
    examine,
)
from dfota.host import (
    upgrade as upgrade_procedure,
)
from dfota.package import LIMITS, PublicKey, parse
from dfota.values import FirmwareVersion

_FILE = click.Path(path_type=Path)
_IP_TYPES = {"ipv4": 0, "ipv6": 1, "ipv4v6": 2}
_PEM_MAX_BYTES = 16384


@click.command()
@click.argument("port")
@click.argument("package", type=_FILE, required=False)
@click.option("--url", help="Where the module downloads the package: http:// or https://.")
@click.option("--expect", metavar="REVISION",
              help="Revision that must run afterwards, if PACKAGE is not given.")  # fmt: skip
@click.option("--key", "key_files", type=_FILE, multiple=True, metavar="PUB",
              help="Verify PACKAGE with this public key first. Repeatable.")  # fmt: skip
@click.option("--apn", help="Access point for the download (fota_apn).")
@click.option("--apn-type", type=click.Choice(list(_IP_TYPES)), default="ipv4", show_default=True,
              help="Address family of the access point.")  # fmt: skip
@click.option("--apn-user", default="", help="User name for the access point.")
@click.option("--apn-password", default="", envvar="DFOTA_APN_PASSWORD", show_envvar=True,
              help="Password for the access point.")  # fmt: skip
@click.option("--ca", type=_FILE, help="CA file (PEM) with which the module checks the server.")
@click.option("--client-cert", type=_FILE, help="Certificate (PEM) of the module.")
@click.option("--client-key", type=_FILE, help="Private key (PEM) of the module's certificate.")
@click.option("--baudrate", type=click.IntRange(min=300), default=BAUDRATE, show_default=True,
              help="Speed of a serial port.")  # fmt: skip
@click.option("--download-timeout", type=click.FloatRange(min=1), metavar="SECONDS",
              help="How long the download may take.  [default: 600, more for large packages]")  # fmt: skip
@click.option("--transcript", type=_FILE, metavar="FILE",
              help="Write every byte of the port, with its time, to FILE.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Make all checks and start nothing.")
@click.pass_obj
def upgrade(
    console: Console,
    *,
    port: str,
    package: Path | None,
    url: str | None,
    expect: str | None,
    key_files: tuple[Path, ...],
    apn: str | None,
    apn_type: str,
    apn_user: str,
    apn_password: str,
    ca: Path | None,
    client_cert: Path | None,
    client_key: Path | None,
    baudrate: int,
    download_timeout: float | None,
    transcript: Path | None,
    dry_run: bool,
) -> None:
    """Take the module at PORT through a whole upgrade.

    PORT is a serial device, a pseudo-terminal, socket://HOST:PORT or rfc2217://HOST:PORT.

    With --url the module downloads the package; without it PACKAGE is uploaded through the
    port. With both, PACKAGE only tells what to expect. It is a success only when the
    revision that is read back at the end is the expected one (or, with nothing to expect,
    another one than before).

    For example:

    \b
        dfota upgrade /dev/ttyUSB2 --url https://example.com/update.zip update.zip
        dfota upgrade socket://localhost:5000 update.zip --key vendor.pub
    """  # noqa: D301 - click wants the backspace character itself
    data, facts = _read_package(package, key_files)
    if url is None and data is None:
        raise click.UsageError("Give the PACKAGE to upload, or its --url.")
    if facts is not None and expect is not None and expect != facts.new_revision.text:
        raise click.UsageError(f"--expect is {expect}, but PACKAGE makes {facts.new_revision}.")
    if apn is None and (apn_user or apn_password):
        raise click.UsageError("--apn-user and --apn-password need --apn.")
    if url is None and (apn or ca or client_cert or client_key):
        raise click.UsageError("--apn, --ca and --client-… are for a download with --url.")
    if (client_cert is None) != (client_key is None) or (client_cert and not ca):
        raise click.UsageError("--client-cert, --client-key and --ca go together.")
    limits = TimeLimits()
    if download_timeout is not None:
        limits = TimeLimits(downloading_s=download_timeout, slowest_download=10**9)
    plan = Plan(
        url=url,
        package=None if url is not None else data,
        facts=facts,
        expected=None if expect is None else FirmwareVersion(expect),
        access_point=None
        if apn is None
        else AccessPoint(apn, _IP_TYPES[apn_type], apn_user, apn_password),
        certificates={
            name: _read_pem(path, label)
            for name, path, label in (
                (CA_FILE, ca, "CERTIFICATE"),
                (CLIENT_CERTIFICATE_FILE, client_cert, "CERTIFICATE"),
                (CLIENT_KEY_FILE, client_key, "PRIVATE KEY"),
            )
            if path is not None
        },
        port=port,
        limits=limits,
    )
    _run(console, plan, partial(SerialxTransport, port, baudrate=baudrate), transcript, dry_run)


def _run(
    console: Console,
    plan: Plan,
    open_transport: partial[SerialxTransport],
    transcript_file: Path | None,
    dry_run: bool,
) -> None:
    transcript: Transcript | None = None
    with ExitStack() as stack:
        if transcript_file is not None:
            transcript = Transcript(transcript_file)
            stack.callback(transcript.close)
        display = stack.enter_context(UpgradeDisplay(console))
        # A dry run prints all its checks at the end; only a program wants them one by one.
        tell = None if dry_run and not console.as_json else display.show
        session = stack.enter_context(
            Session(open_transport, port=plan.port, on_event=tell, transcript=transcript)
        )
        try:
            if dry_run:
                examined = session.run(examine(plan))
            else:
                upgraded = session.run(upgrade_procedure(plan))
        except KeyboardInterrupt:
            display.interrupted()
            raise
        display.close()
    if dry_run:
        _print_examined(console, examined)
    else:
        _print_upgraded(console, upgraded)
    if transcript is not None and transcript.failure is not None:
        raise transcript.failure


def _print_examined(console: Console, examined: Examined) -> None:
    if console.as_json:
        console.event({"event": "examined", **examined.to_facts()})
    failed = [check for check in examined.checks if check.status is CheckStatus.FAILED]
    if not console.as_json:
        identity = examined.identity
        rows = [f"{identity.manufacturer} {identity.model}, IMEI {identity.imei or 'not told'}"]
        rows += [
            f"{check.status.value:<7} {check.check}: {check.found}"
            + (f"\n        {check.remedy}" if check.remedy else "")
            for check in examined.checks
        ]
        console.result({}, text="\n".join(rows))
    for check in failed:
        raise check.as_error()


def _print_upgraded(console: Console, upgraded: Upgraded) -> None:
    if console.as_json:
        console.event({"event": "upgraded", **upgraded.to_facts()})
        return
    times = ", ".join(
        f"{entry.phase.value} {entry.seconds:.1f} s"
        for entry in upgraded.phases
        if entry.seconds >= 0.05
    )
    before = upgraded.revision_before or "an upgrade that was already running"
    console.result(
        {},
        text=f"upgraded: {before} → {upgraded.revision_after}\n"
        f"proof:    {upgraded.proof}\n"
        f"times:    {times}",
    )


def _read_package(
    path: Path | None, key_files: tuple[Path, ...]
) -> tuple[bytes | None, PackageFacts | None]:
    if path is None:
        if key_files:
            raise click.UsageError("--key verifies PACKAGE: give both.")
        return None, None
    data = _read_file(path, LIMITS.package_size)
    opened = parse(data)
    if key_files:
        opened.verify([PublicKey.load(file) for file in key_files])
    manifest = opened.manifest
    return data, PackageFacts(
        manifest.model, manifest.old_revision, manifest.new_revision, len(data)
    )


def _read_pem(path: Path, label: str) -> bytes:
    """Read a PEM file (RFC 7468) that the module is to keep: a wrong one would stay there."""
    data = _read_file(path, _PEM_MAX_BYTES)
    try:
        if label == "CERTIFICATE":
            load_pem_x509_certificates(data)
        else:
            load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise TlsFilesError(str(path), f"it holds no {label.lower()} (PEM, unencrypted)") from error
    return data


def _read_file(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise FileUnreadableError(str(path), error.strerror or str(error)) from error
    if len(data) > limit:
        raise FileUnreadableError(str(path), f"it has more than {limit} bytes")
    if not data:
        raise FileUnreadableError(str(path), "it is empty")
    return data
