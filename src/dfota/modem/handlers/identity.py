# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Who the module is: AT manual V2.3, chapters 2.1 to 2.9 and 2.26."""

from __future__ import annotations

from dfota.at import Form
from dfota.at.catalog.general import ATI, CGMI, CGMM, CGMR, CGSN, GMI, GMM, GMR, GSN, QAPPVER, QGMR
from dfota.modem.port import Port
from dfota.modem.reply import ERROR, Reply, cme, handles, information

MEMORY_FAILURE = 23


@handles(ATI, Form.EXECUTE)
def show_product(port: Port, value: int) -> Reply:
    """Manufacturer, model and short revision."""
    firmware = port.module.running_firmware()
    return information(
        port.module.profile.manufacturer, firmware.model, f"Revision: {firmware.revision.short}"
    )


@handles(GMI, Form.EXECUTE)
@handles(CGMI, Form.EXECUTE)
def show_manufacturer(port: Port) -> Reply:
    """The manufacturer alone."""
    return information(port.module.profile.manufacturer)


@handles(GMM, Form.EXECUTE)
@handles(CGMM, Form.EXECUTE)
def show_model(port: Port) -> Reply:
    """The model alone."""
    return information(port.module.running_firmware().model)


@handles(GMR, Form.EXECUTE)
@handles(CGMR, Form.EXECUTE)
def show_short_revision(port: Port) -> Reply:
    """The revision without modem and application version."""
    return information(port.module.running_firmware().revision.short)


@handles(QGMR, Form.EXECUTE)
def show_revision(port: Port) -> Reply:
    """The whole revision: the one that tells two builds apart."""
    return information(port.module.revision())


@handles(QGMR, Form.READ)
def read_revision(port: Port) -> Reply:
    """The same, for hosts that ask with a question mark."""
    if not port.module.profile.answer_qgmr_read_form:
        return ERROR
    return show_revision(port)


@handles(QAPPVER, Form.EXECUTE)
def show_application_version(port: Port) -> Reply:
    """The second pair of the revision; its format is not documented."""
    _, _, versions = port.module.revision().partition("_")
    pairs = versions.split(".")
    return information(".".join(pairs[2:4]) if len(pairs) == 4 else "00.000")


@handles(GSN, Form.EXECUTE)
@handles(CGSN, Form.EXECUTE)
def show_imei(port: Port) -> Reply:
    """The 15 digits, bare; a unit without calibration data has none."""
    if port.module.profile.calibration_lost:
        return cme(MEMORY_FAILURE)
    return information(port.module.nv.imei)
