# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The file commands: FILE manual V1.0, chapter 2. A refusal is ``+CME ERROR: 4xx``."""

from __future__ import annotations

from dfota.at import Form
from dfota.at.catalog.files import QFDEL, QFDWL, QFLDS, QFLST, QFUPL
from dfota.errors import FileSystemError
from dfota.modem.filesystem import INVALID_PARAMETER, NO_SPACE, TOO_LARGE, StoredFile
from dfota.modem.port import Port
from dfota.modem.reply import Reply, handles, information
from dfota.modem.transfer import Sending, Upload


@handles(QFLDS, Form.WRITE)
def show_space(port: Port, name_pattern: str) -> Reply:
    """Free and total size of the one storage."""
    if name_pattern.upper().rstrip(":") != "UFS":
        raise FileSystemError(INVALID_PARAMETER, name_pattern)
    files = port.module.files
    return information(f"+QFLDS: {files.free_bytes},{files.total_bytes}")


@handles(QFLDS, Form.EXECUTE)
def show_usage(port: Port) -> Reply:
    """Size and number of the files."""
    files = port.module.files.files()
    return information(f"+QFLDS: {sum(file.size for file in files)},{len(files)}")


@handles(QFLST, Form.EXECUTE)
def list_all(port: Port) -> Reply:
    """Every file of UFS."""
    return information(*(_line(port, file) for file in port.module.files.files()))


@handles(QFLST, Form.WRITE)
def list_some(port: Port, name_pattern: str) -> Reply:
    """One file, or all with ``*``."""
    if name_pattern.upper() in {"*", "UFS:*", "UFS"}:
        return list_all(port)
    return information(_line(port, port.module.files.file(name_pattern)))


@handles(QFDEL, Form.WRITE)
def delete_file(port: Port, filename: str) -> Reply:
    """One file, or all with ``*``."""
    port.module.files.delete(filename)
    return Reply()


@handles(QFUPL, Form.WRITE)
def upload_file(port: Port, filename: str, file_size: int, timeout: int, ackmode: int) -> Reply:
    """Take a file from the host."""
    files = port.module.files
    file = files.begin(filename)
    if file_size > files.free_bytes:
        file.discard()
        is_hopeless = file_size > files.total_bytes
        raise FileSystemError(TOO_LARGE if is_hopeless else NO_SPACE, filename)
    upload = Upload(
        file,
        file_size,
        timeout_s=timeout,
        acknowledges=bool(ackmode),
        profile=port.module.profile,
    )
    return Reply(transfer=upload)


@handles(QFDWL, Form.WRITE)
def download_file(port: Port, filename: str) -> Reply:
    """Give a file to the host."""
    return Reply(transfer=Sending(port.module.files.read(filename)))


def _line(port: Port, file: StoredFile) -> str:
    is_plain = ":" not in file.name
    prefix = "UFS:" if port.module.profile.list_prefix and is_plain else ""
    return f'+QFLST: "{prefix}{file.name}",{file.size}'
