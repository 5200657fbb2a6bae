# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The file commands: FILE manual V1.0, chapter 2. A refusal is ``+CME ERROR: 4xx``."""

from __future__ import annotations

from dfota.at import Form
from dfota.at.catalog.files import (
    QFCLOSE,
    QFDEL,
    QFDWL,
    QFLDS,
    QFLST,
    QFOPEN,
    QFPOSITION,
    QFREAD,
    QFSEEK,
    QFTUCAT,
    QFUPL,
    QFWRITE,
)
from dfota.errors import FileSystemError
from dfota.modem.file_transfer import Download, Reading, Upload, Writing
from dfota.modem.filesystem import (
    DELETE_FAILED,
    INVALID_PARAMETER,
    INVALID_VALUE,
    NOTHING_TO_READ,
    UFS,
)
from dfota.modem.open_files import OpenFiles, OpenMode
from dfota.modem.port import Port
from dfota.modem.reply import Reply, handles, information

_ALL_OF_UFS = {"*", "UFS:*", "UFS"}
_ALL_OF = "/*"


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
    files = port.module.files.files()
    return information(*(_line(port, file.name, file.size) for file in files))


@handles(QFLST, Form.WRITE)
def list_some(port: Port, name_pattern: str) -> Reply:
    """One file, all with ``*``, or all of a folder with ``EUFS:/folder/*``."""
    files = port.module.files
    if name_pattern.upper() in _ALL_OF_UFS:
        return list_all(port)
    if name_pattern.upper().startswith("EUFS:/") and name_pattern.endswith(_ALL_OF):
        folder = name_pattern.removesuffix(_ALL_OF)
        path = files.locate(folder) if folder[5:] else ()
        return information(
            *(
                _line(port, f"{folder}/{node.name}", node.size)
                for node in files.nodes(path)
                if not node.is_folder
            )
        )
    file = files.file(name_pattern)
    return information(_line(port, file.name, file.size))


@handles(QFDEL, Form.WRITE)
def delete_file(port: Port, filename: str) -> Reply:
    """One file, or all with ``*``."""
    files = port.module.files
    if not port.module.profile.delete_open_file:
        opened = port.module.part(OpenFiles)
        is_all = filename in {"*", "UFS:*"}
        paths = (
            [(*UFS, file.name) for file in files.files()] if is_all else [files.locate(filename)]
        )
        if any(opened.is_open(path) for path in paths):
            raise FileSystemError(DELETE_FAILED, filename)
    files.delete(filename)
    return Reply()


@handles(QFUPL, Form.WRITE)
def upload_file(port: Port, filename: str, file_size: int, timeout: int, ackmode: int) -> Reply:
    """Take a file from the host."""
    files = port.module.files
    file = files.begin(filename)
    try:
        files.check_room(file_size, filename)
    except FileSystemError:
        file.discard()
        raise
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
    files = port.module.files
    return Reply(transfer=Download(files, files.require(filename), port.module.profile))


@handles(QFOPEN, Form.WRITE)
def open_file(port: Port, filename: str, mode: int) -> Reply:
    """Give a handle for a file."""
    handle = port.module.part(OpenFiles).open(filename, OpenMode(mode))
    return information(f"+QFOPEN: {handle}")


@handles(QFOPEN, Form.READ)
def list_open_files(port: Port) -> Reply:
    """Every open file, its handle and its mode."""
    return information(
        *(
            f'+QFOPEN: "{file.name}",{handle},{int(file.mode)}'
            for handle, file in port.module.part(OpenFiles)
        )
    )


@handles(QFREAD, Form.WRITE)
def read_file(port: Port, filehandle: int, length: int | None) -> Reply:
    """Give a part of an open file to the host, from the pointer on."""
    file = port.module.part(OpenFiles).file(filehandle)
    if length == 0:
        raise FileSystemError(INVALID_VALUE, file.name)
    left = max(0, port.module.files.size(file.path) - file.position)
    if not left and port.module.profile.read_at_end_is_error:
        raise FileSystemError(NOTHING_TO_READ, file.name)
    size = left if length is None else min(length, left)
    return Reply(transfer=Reading(port.module.files, file, size))


@handles(QFWRITE, Form.WRITE)
def write_file(port: Port, filehandle: int, length: int, timeout: int) -> Reply:
    """Take data from the host into an open file, from the pointer on."""
    file = port.module.part(OpenFiles).file(filehandle)
    file.check_writable()
    files = port.module.files
    files.check_room(length, file.name)
    return Reply(transfer=Writing(files, file, length, timeout))


@handles(QFSEEK, Form.WRITE)
def move_pointer(port: Port, filehandle: int, offset: int, position: int) -> Reply:
    """Move the pointer of an open file."""
    port.module.part(OpenFiles).seek(filehandle, offset, position)
    return Reply()


@handles(QFPOSITION, Form.WRITE)
def show_pointer(port: Port, filehandle: int) -> Reply:
    """Where the pointer of an open file is."""
    return information(f"+QFPOSITION: {port.module.part(OpenFiles).file(filehandle).position}")


@handles(QFTUCAT, Form.WRITE)
def cut_file(port: Port, filehandle: int) -> Reply:
    """Cut an open file at its pointer."""
    file = port.module.part(OpenFiles).file(filehandle)
    file.check_writable()
    port.module.files.truncate(file.path, file.position)
    return Reply()


@handles(QFCLOSE, Form.WRITE)
def close_file(port: Port, filehandle: int) -> Reply:
    """Forget a handle."""
    port.module.part(OpenFiles).close(filehandle)
    return Reply()


def _line(port: Port, name: str, size: int) -> str:
    prefix = "UFS:" if port.module.profile.list_prefix and ":" not in name else ""
    return f'+QFLST: "{prefix}{name}",{size}'
