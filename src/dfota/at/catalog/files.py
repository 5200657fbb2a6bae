# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Commands of the module's file system, as data only.

References are chapters of the BG96 FILE AT Commands Manual V1.0. The manual gives no
maximum response time; five seconds is its default for a data phase.
"""

from __future__ import annotations

from dfota.at.command import Command
from dfota.at.parameters import Integer, String

FILE_NAME_MAX_BYTES = 80
"""Longest file name, prefix such as ``UFS:`` included."""

_NAME = String("filename", FILE_NAME_MAX_BYTES)
_HANDLE = Integer("filehandle")

QFLDS = Command(
    name="+QFLDS",
    summary="Free and total space of a storage, or what the files use.",
    reference="FILE 2.1",
    test="",
    write=(String("name_pattern", FILE_NAME_MAX_BYTES),),
    execute=(),
    max_response_s=5.0,
    errors=(406, 419, 425),
)
QFLST = Command(
    name="+QFLST",
    summary="List files.",
    reference="FILE 2.2",
    test="",
    write=(String("name_pattern", FILE_NAME_MAX_BYTES),),
    execute=(),
    max_response_s=5.0,
    errors=(405, 406, 417, 425),
)
QFDEL = Command(
    name="+QFDEL",
    summary="Delete a file, or all of them.",
    reference="FILE 2.3",
    test="+QFDEL: <filename>",
    write=(_NAME,),
    max_response_s=5.0,
    errors=(405, 406, 418, 425),
)
QFUPL = Command(
    name="+QFUPL",
    summary="Upload a file from the host to the module.",
    reference="FILE 2.4",
    test="+QFUPL: <filename>[,(1-{free_size})[,(1-65535)[,(0,1)]]]",
    write=(
        _NAME,
        Integer("file_size", 1, default=10240),
        Integer("timeout", 1, 65535, default=5),
        Integer("ackmode", 0, 1, default=0),
    ),
    max_response_s=5.0,
    errors=(403, 406, 407, 409, 420, 421, 423, 425),
)
QFDWL = Command(
    name="+QFDWL",
    summary="Download a file from the module to the host.",
    reference="FILE 2.5",
    test="+QFDWL: <filename>",
    write=(_NAME,),
    max_response_s=5.0,
    errors=(405, 406, 411, 425),
)

QFOPEN = Command(
    name="+QFOPEN",
    summary="Open a file, or list the open ones.",
    reference="FILE 2.6",
    test="+QFOPEN: <filename>[,(0-2)]",
    has_read=True,
    write=(_NAME, Integer("mode", 0, 2, default=0)),
    max_response_s=5.0,
    errors=(405, 406, 410, 413, 420, 425, 426),
)
QFREAD = Command(
    name="+QFREAD",
    summary="Read from an open file, from its pointer on.",
    reference="FILE 2.7",
    test="+QFREAD: <filehandle>[,<length>]",
    write=(_HANDLE, Integer("length", optional=True)),
    max_response_s=5.0,
    errors=(402, 411, 416, 425),
)
QFWRITE = Command(
    name="+QFWRITE",
    summary="Write into an open file, from its pointer on.",
    reference="FILE 2.8",
    test="+QFWRITE: <filehandle>[,<length>[,<timeout>]]",
    write=(
        _HANDLE,
        Integer("length", 1, default=10240),
        Integer("timeout", 1, 65535, default=5),
    ),
    max_response_s=5.0,
    errors=(403, 409, 414, 416, 420, 421, 425),
)
QFSEEK = Command(
    name="+QFSEEK",
    summary="Move the pointer of an open file.",
    reference="FILE 2.9",
    test="+QFSEEK: <filehandle>,<offset>[,<position>]",
    write=(_HANDLE, Integer("offset"), Integer("position", 0, 2, default=0)),
    max_response_s=5.0,
    errors=(400, 401, 416, 425),
)
QFPOSITION = Command(
    name="+QFPOSITION",
    summary="Where the pointer of an open file is.",
    reference="FILE 2.10",
    test="+QFPOSITION: <filehandle>",
    write=(_HANDLE,),
    max_response_s=5.0,
    errors=(416, 425),
)
QFTUCAT = Command(
    name="+QFTUCAT",
    summary="Cut an open file at its pointer.",
    reference="FILE 2.11",
    test="+QFTUCAT: <filehandle>",
    write=(_HANDLE,),
    max_response_s=5.0,
    errors=(409, 414, 416, 425),
)
QFCLOSE = Command(
    name="+QFCLOSE",
    summary="Close a file.",
    reference="FILE 2.12",
    test="+QFCLOSE: <filehandle>",
    write=(_HANDLE,),
    max_response_s=5.0,
    errors=(416, 425),
)

FILES = (
    QFLDS,
    QFLST,
    QFDEL,
    QFUPL,
    QFDWL,
    QFOPEN,
    QFREAD,
    QFWRITE,
    QFSEEK,
    QFPOSITION,
    QFTUCAT,
    QFCLOSE,
)
"""Commands whose every fault is a ``+CME ERROR`` (FILE manual, chapter 2)."""
