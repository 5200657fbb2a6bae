# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of the upgrade: DFOTA guide V1.1, chapter 3."""

from __future__ import annotations

from dfota.at import Form, parse_location
from dfota.at.catalog.fota import QCFGEXT, QFOTADL
from dfota.modem.filesystem import PACKAGE_NAME
from dfota.modem.nv import FotaApn
from dfota.modem.port import Port
from dfota.modem.profiles import MissingPackage
from dfota.modem.reply import ERROR, OK, Reply, handles, information


@handles(QFOTADL, Form.WRITE)
def start_upgrade(port: Port, location: int | str) -> Reply:
    """Accept at once; the outcome arrives later in ``+QIND`` URCs."""
    module = port.module
    if module.upgrade.is_busy:
        return ERROR
    if isinstance(location, int):
        missing = not module.files.has(PACKAGE_NAME)
        if missing and module.profile.missing_package is MissingPackage.ERROR:
            return ERROR
        return Reply(afterwards=module.upgrade.begin_local)
    place = parse_location(location, default_https_port=module.profile.https_default_port)
    return Reply(afterwards=lambda: module.upgrade.begin_remote(place))


@handles(QCFGEXT, Form.WRITE)
def configure_apn(  # noqa: PLR0917 - the parameters of the command
    port: Port,
    setting: str,
    ip_type: int | None,
    apn: str | None,
    username: str | None,
    password: str | None,
) -> Reply:
    """Query the access point of the download, or set and keep it."""
    module = port.module
    if ip_type is None and apn is None and username is None and password is None:
        now = module.nv.fota_apn
        return information(
            f'+QCFGEXT: "fota_apn",{now.ip_type},"{now.apn}","{now.username}","{now.password}"'
        )
    if ip_type is None or apn is None:
        return ERROR
    module.nv.fota_apn = FotaApn(ip_type, apn, username or "", password or "")
    module.save_nv()
    return OK
