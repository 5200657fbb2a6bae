# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of the upgrade: DFOTA guide V1.1, chapter 3, and the forms of the kin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfota.at import FTP_SCHEMES, HTTP_SCHEMES, Form, Location, parse_location
from dfota.at.catalog.fota import (
    FOTA_APN,
    FOTA_CID,
    FOTA_PATH,
    QFOTADL,
    QFOTADL_LINUX,
    QFOTADL_STANDARD_A,
)
from dfota.errors import FileSystemError
from dfota.modem.filesystem import PACKAGE_NAME
from dfota.modem.job import FOTA_CID_ITEM, FOTA_PATH_ITEM, NO_WISH, Wish
from dfota.modem.nv import FotaApn
from dfota.modem.port import Port
from dfota.modem.profiles import MissingPackage
from dfota.modem.reply import ERROR, OK, Reply, handles, information
from dfota.modem.scrub import Scrub

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule

_FILE = "FILE:"


@handles(QFOTADL, Form.WRITE)
def start_upgrade(port: Port, location: int | str) -> Reply:
    """Accept at once; the outcome arrives later in ``+QIND`` URCs."""
    if isinstance(location, int):
        return _start_local(port.module, PACKAGE_NAME)
    return _start_remote(port.module, location)


@handles(QFOTADL_LINUX, Form.WRITE)
def start_upgrade_of_linux(port: Port, location: str) -> Reply:
    """The same, from a path of the module's Linux, too."""
    module = port.module
    for folder in filter(None, module.profile.local_folders.split(",")):
        if location.startswith(folder):
            return _start_local(module, location.removeprefix(folder))
    return _start_remote(module, location)


@handles(QFOTADL_STANDARD_A, Form.WRITE)
def start_upgrade_of_standard_a(
    port: Port,
    location: str,
    upgrade_mode: int | None,
    download_urc_max: int | None,
    update_urc_max: int | None,
) -> Reply:
    """The same, from a file that the host sends on this port, too."""
    module = port.module
    wish = Wish(
        None if upgrade_mode is None else upgrade_mode == 0, download_urc_max, update_urc_max
    )
    if location.startswith(_FILE):
        size = location.removeprefix(_FILE)
        is_number = size.isascii() and size.isdigit() and 0 < len(size) <= 9
        if _is_busy(module) or not is_number or not 0 < int(size) <= module.files.free_bytes:
            return ERROR
        return Reply(afterwards=lambda: module.upgrade.begin_from_host(port, int(size), wish))
    return _start_remote(module, location, wish)


def _is_busy(module: VirtualModule) -> bool:
    return module.upgrade.is_busy or module.part(Scrub).is_running


def _start_local(module: VirtualModule, name: str) -> Reply:
    if _is_busy(module):
        return ERROR
    try:
        module.files.locate(name, is_trusted=True)
    except FileSystemError:
        return ERROR
    is_missing = not module.files.has(name)
    if is_missing and module.profile.missing_package is MissingPackage.ERROR:
        return ERROR
    return Reply(afterwards=lambda: module.upgrade.begin_local(name))


def _start_remote(module: VirtualModule, url: str, wish: Wish = NO_WISH) -> Reply:
    if _is_busy(module):
        return ERROR
    place: Location = parse_location(
        url,
        default_https_port=module.profile.https_default_port,
        schemes=FTP_SCHEMES if module.profile.ftp_urls else HTTP_SCHEMES,
    )
    return Reply(afterwards=lambda: module.upgrade.begin_remote(place, wish))


@handles(FOTA_APN, Form.READ)
def read_access_point(port: Port) -> Reply:
    """The access point of the download."""
    now = port.module.nv.fota_apn
    return information(
        f'+QCFGEXT: "fota_apn",{now.ip_type},"{now.apn}","{now.username}","{now.password}"'
    )


@handles(FOTA_APN, Form.WRITE)
def set_access_point(
    port: Port, ip_type: int, apn: str, username: str | None, password: str | None
) -> Reply:
    """Set and keep it."""
    module = port.module
    module.nv.fota_apn = FotaApn(ip_type, apn, username or "", password or "")
    module.save_nv()
    return OK


@handles(FOTA_CID, Form.READ)
def read_context(port: Port) -> Reply:
    """Which context the download uses."""
    return information(f'+QCFG: "fota/cid",{port.module.nv.number(FOTA_CID_ITEM)}')


@handles(FOTA_CID, Form.WRITE)
def set_context(port: Port, cid: int) -> Reply:
    """Choose and keep it."""
    port.module.nv.change(FOTA_CID_ITEM, cid)
    port.module.save_nv()
    return OK


@handles(FOTA_PATH, Form.READ)
def read_path(port: Port) -> Reply:
    """Where the package is put."""
    return information(f'+QCFG: "fota/path","{port.module.nv.text(FOTA_PATH_ITEM)}"')


@handles(FOTA_PATH, Form.WRITE)
def set_path(port: Port, path: str) -> Reply:
    """Anything is taken; a wrong one shows in the next download."""
    port.module.nv.change(FOTA_PATH_ITEM, path)
    port.module.save_nv()
    return OK
