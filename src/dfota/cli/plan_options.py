# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The options that say what an upgrade shall do, for every command that plans one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from dfota.cli.input_file import read_input
from dfota.cli.option_group import option_group
from dfota.cli.port_options import FILE
from dfota.errors import ContainerError, ForeignPackageError
from dfota.host import (
    CA_FILE,
    CERTIFICATE_FILES,
    CHECKS,
    KINDS,
    PEM_MAX_BYTES,
    PORT_ROLES,
    AccessPoint,
    PackageFacts,
    Plan,
    TimeLimits,
    check_certificates,
)
from dfota.package import LIMITS, PublicKey, parse
from dfota.values import FirmwareVersion

F = TypeVar("F", bound=Callable[..., Any])

IP_TYPES = {"ipv4": 0, "ipv6": 1, "ipv4v6": 2}

_OPTIONS = (
    click.argument("package", type=FILE, required=False),
    click.option("--module", "kind", type=click.Choice(list(KINDS)),
                 help="What the module is.  [default: as it says itself]"),
    click.option("--port-role", type=click.Choice(PORT_ROLES),
                 help="Which port of the module PORT is.  [default: found out]"),
    click.option("--url", help="Where the module downloads the package: http:// or https://."),
    click.option("--expect", metavar="REVISION",
                 help="Revision that must run afterwards, where no PACKAGE of ours tells it."),
    click.option("--key", "key_files", type=FILE, multiple=True, metavar="PUB",
                 help="Verify PACKAGE with this public key first. Repeatable."),
    click.option("--apn", help="Access point for the download (fota_apn)."),
    click.option("--apn-type", type=click.Choice(list(IP_TYPES)), default="ipv4",
                 show_default=True, help="Address family of the access point."),
    click.option("--apn-user", default="", help="User name for the access point."),
    click.option("--apn-password", default="", envvar="DFOTA_APN_PASSWORD", show_envvar=True,
                 help="Password for the access point."),
    click.option("--ca", type=FILE,
                 help="CA file (PEM) with which the module checks the server."),
    click.option("--client-cert", type=FILE, help="Certificate (PEM) of the module."),
    click.option("--client-key", type=FILE,
                 help="Private key (PEM) of the module's certificate."),
    click.option("--download-timeout", type=click.FloatRange(min=1), metavar="SECONDS",
                 help="How long the download may take.  [default: 600, more for large packages]"),
    click.option("--skip", multiple=True, metavar="CHECK",
                 type=click.Choice([check.name for check in CHECKS]),
                 help="Do not make this check; dfota check names them. Repeatable."),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What the person wrote; field by field the options above."""

    package: Path | None = None
    kind: str | None = None
    port_role: str | None = None
    url: str | None = None
    expect: str | None = None
    key_files: tuple[Path, ...] = ()
    apn: str | None = None
    apn_type: str = "ipv4"
    apn_user: str = ""
    apn_password: str = ""
    ca: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    download_timeout: float | None = None
    skip: tuple[str, ...] = ()


def plan_options(command: F) -> F:
    """Give *command* the options of a plan; it is called with ``plan_options``."""
    return option_group(
        command,
        _OPTIONS,
        name="plan_options",
        names=[field.name for field in fields(PlanOptions)],
        make=lambda given: PlanOptions(**given),
    )


def read_plan(
    options: PlanOptions,
    port: str,
    *,
    is_hosted: bool = False,
    is_check: bool = False,
    at_hand: tuple[bytes, PackageFacts | None] | None = None,
) -> Plan:
    """Read the files that *options* name and make the plan for the module at *port*.

    Args:
        options: what the person wrote.
        port: of the module.
        is_hosted: the package will be hosted for a download; see ``hosted_plan``.
        is_check: nothing will be started, so nothing need be given either.
        at_hand: the package and what it says, where both were read and judged already.

    Raises:
        click.UsageError: options contradict each other.
        FileUnreadableError: a file cannot be read.
        PackageError: the package is damaged or not signed by a key that was given.
        CertificateError: a certificate or key is none that a module can use.
        LocationError: the module cannot download the URL.
    """
    data, facts = at_hand or _read_package(options)
    if is_check and data is None and options.url is None:
        data = b""  # the module alone is looked at
    _check(options, data, facts, is_hosted=is_hosted)
    limits = TimeLimits()
    if options.download_timeout is not None:
        limits = TimeLimits(downloading_s=options.download_timeout, slowest_download=10**9)
    return Plan(
        url=options.url,
        package=None if options.url is not None else data,
        facts=facts,
        expected=None if options.expect is None else FirmwareVersion(options.expect),
        access_point=None
        if options.apn is None
        else AccessPoint(
            options.apn, IP_TYPES[options.apn_type], options.apn_user, options.apn_password
        ),
        certificates=_read_certificates(options),
        port=port,
        port_role=options.port_role or "",
        kind=None if options.kind is None else KINDS[options.kind],
        limits=limits,
        skipped_checks=frozenset(options.skip),
    )


def hosted_plan(plan: Plan, url: str, ca: bytes | None) -> Plan:
    """*plan* with its package hosted at *url*; *ca* is what the module needs to trust it.

    Raises:
        LocationError: the module cannot download *url*.
    """
    certificates = plan.certificates if ca is None else {**plan.certificates, CA_FILE: ca}
    return replace(plan, url=url, package=None, certificates=certificates)


def _check(
    options: PlanOptions, data: bytes | None, facts: PackageFacts | None, *, is_hosted: bool
) -> None:
    url, expect = options.url, options.expect
    if is_hosted:
        if data is None or url is not None:
            raise click.UsageError("--serve hosts PACKAGE: give it, and no --url.")
        url = "hosted"
    if url is None and data is None:
        raise click.UsageError("Give the PACKAGE to upload, or its --url.")
    if facts is not None and expect is not None and expect != facts.new_revision.text:
        raise click.UsageError(f"--expect is {expect}, but PACKAGE makes {facts.new_revision}.")
    if options.apn is None and (options.apn_user or options.apn_password):
        raise click.UsageError("--apn-user and --apn-password need --apn.")
    client_cert, client_key = options.client_cert, options.client_key
    if url is None and (options.apn or options.ca or client_cert or client_key):
        raise click.UsageError("--apn, --ca and --client-… are for a download: --url or --serve.")
    if (client_cert is None) != (client_key is None) or (client_cert and not options.ca):
        raise click.UsageError("--client-cert, --client-key and --ca go together.")


def _read_package(options: PlanOptions) -> tuple[bytes | None, PackageFacts | None]:
    """The package, and what it says of itself; a vendor's own format says nothing to us."""
    if options.package is None:
        if options.key_files:
            raise click.UsageError("--key verifies PACKAGE: give both.")
        return None, None
    data = read_input(options.package, LIMITS.package_size)
    try:
        opened = parse(data)
    except ContainerError as error:
        if options.key_files:
            raise
        if options.expect is None:
            raise ForeignPackageError(str(options.package), error.reason) from error
        return data, None
    verified_by: tuple[str, ...] = ()
    if options.key_files:
        verified = opened.verify([PublicKey.load(file) for file in options.key_files])
        verified_by = tuple(key_id.hex() for key_id in verified.key_ids)
    return data, PackageFacts.of(opened, len(data), verified_by)


def _read_certificates(options: PlanOptions) -> dict[str, bytes]:
    """Read and judge what the module is to keep: a wrong file would stay there."""
    paths = {
        name: path
        for name, path in zip(
            CERTIFICATE_FILES, (options.ca, options.client_cert, options.client_key), strict=True
        )
        if path is not None
    }
    files = {name: read_input(path, PEM_MAX_BYTES) for name, path in paths.items()}
    check_certificates(files, names={name: str(path) for name, path in paths.items()})
    return files
