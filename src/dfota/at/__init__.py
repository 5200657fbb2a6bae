# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The AT language, both ends, sans-I/O: nothing here opens a port or keeps time.

One catalogue of commands says what can be asked; the module decodes and the host encodes
with it. What a command *does* is in ``dfota.modem``, when it is asked in ``dfota.host``.
The commands themselves are behind a second door, ``dfota.at.catalog.<group>``.
"""

from __future__ import annotations

from dfota.at.catalog import COMMANDS
from dfota.at.catalog.files import FILE_NAME_MAX_BYTES
from dfota.at.checksum import xor16
from dfota.at.code_families import (
    Family,
    explain_file_error,
    explain_fota_error,
    explain_ftp_error,
    explain_http_error,
)
from dfota.at.codes import (
    CME_ERRORS,
    CMS_ERRORS,
    FILE_ERRORS,
    FOTA_ERRORS,
    HTTP_ERRORS,
    Explanation,
)
from dfota.at.command import DERIVED, Command, Form, Saving, encode_line, list_settings
from dfota.at.command_decoder import (
    LINE_MAX_BYTES,
    TYPE_AHEAD_MAX_BYTES,
    CommandEvent,
    CommandLineDecoder,
    Echo,
    LineReceived,
    LineTooLong,
    RepeatRequested,
)
from dfota.at.commandline import Invocation, parse_line
from dfota.at.location import FTP_SCHEMES, LOCATION_MAX_BYTES, Location, parse_location
from dfota.at.parameters import Choice, Hexadecimal, Integer, Parameter, String, Value
from dfota.at.printable import escape
from dfota.at.reply import CmeError, CmsError, FinalResult, ReplyFormat, ResultCode
from dfota.at.reply_decoder import (
    DataAcknowledged,
    DataModeEntered,
    InformationReceived,
    LineIgnored,
    ReplyDecoder,
    ReplyEvent,
    ResultReceived,
    UrcReceived,
)
from dfota.at.urc import (
    FOTA_URCS,
    AppReady,
    CfunReported,
    CpinReported,
    FotaContinued,
    FotaDownloading,
    FotaEnded,
    FotaFileEnded,
    FotaFileStarted,
    FotaFtpEnded,
    FotaFtpStarted,
    FotaHttpEnded,
    FotaHttpStarted,
    FotaRestoring,
    FotaStarted,
    FotaUpdating,
    PercentStyle,
    PhonebookDone,
    PoweredDown,
    QusimReported,
    Ready,
    RegistrationReported,
    ScrubEnded,
    ScrubStarted,
    SmsDone,
    Urc,
    decode_urc,
)

__all__ = [
    "CME_ERRORS",
    "CMS_ERRORS",
    "COMMANDS",
    "DERIVED",
    "FILE_ERRORS",
    "FILE_NAME_MAX_BYTES",
    "FOTA_ERRORS",
    "FOTA_URCS",
    "FTP_SCHEMES",
    "HTTP_ERRORS",
    "LINE_MAX_BYTES",
    "LOCATION_MAX_BYTES",
    "TYPE_AHEAD_MAX_BYTES",
    "AppReady",
    "CfunReported",
    "Choice",
    "CmeError",
    "CmsError",
    "Command",
    "CommandEvent",
    "CommandLineDecoder",
    "CpinReported",
    "DataAcknowledged",
    "DataModeEntered",
    "Echo",
    "Explanation",
    "Family",
    "FinalResult",
    "Form",
    "FotaContinued",
    "FotaDownloading",
    "FotaEnded",
    "FotaFileEnded",
    "FotaFileStarted",
    "FotaFtpEnded",
    "FotaFtpStarted",
    "FotaHttpEnded",
    "FotaHttpStarted",
    "FotaRestoring",
    "FotaStarted",
    "FotaUpdating",
    "Hexadecimal",
    "InformationReceived",
    "Integer",
    "Invocation",
    "LineIgnored",
    "LineReceived",
    "LineTooLong",
    "Location",
    "Parameter",
    "PercentStyle",
    "PhonebookDone",
    "PoweredDown",
    "QusimReported",
    "Ready",
    "RegistrationReported",
    "RepeatRequested",
    "ReplyDecoder",
    "ReplyEvent",
    "ReplyFormat",
    "ResultCode",
    "ResultReceived",
    "Saving",
    "ScrubEnded",
    "ScrubStarted",
    "SmsDone",
    "String",
    "Urc",
    "UrcReceived",
    "Value",
    "decode_urc",
    "encode_line",
    "escape",
    "explain_file_error",
    "explain_fota_error",
    "explain_ftp_error",
    "explain_http_error",
    "list_settings",
    "parse_line",
    "parse_location",
    "xor16",
]
