# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The exit codes of ``dfota`` and which error class leads to which; nothing else decides one.

The table is documented in ``docs/reference/exit-codes.md``; a test holds the two together
and checks that every class of ``dfota.errors`` has exactly one code.
"""

from __future__ import annotations

from enum import IntEnum

from dfota import errors


class ExitCode(IntEnum):
    """What the shell sees. Numbers are part of the public interface and never change."""

    OK = 0
    """Done."""
    FAILED = 1
    """A defect of dfota itself: please report it."""
    USAGE = 2
    """The command line is wrong."""
    INPUT = 3
    """A file that was given is missing, unreadable or not what it should be, or two are the same."""
    OUTPUT = 4
    """A file cannot be written; nothing half-written was left."""
    PACKAGE = 5
    """A patch or package is damaged, not trusted, or made for something else."""
    PORT = 6
    """A serial port or network address cannot be opened, or went away."""
    REFUSED = 7
    """Checks before the upgrade, the module, or its control channel refused."""
    DOWNLOAD = 8
    """The module could not download the package."""
    INSTALL = 9
    """The module could not install the package, or runs another revision than expected."""
    OUTCOME_UNKNOWN = 10
    """The module went silent; whether the upgrade will finish is not known."""
    DIFFERENT = 11
    """A replay gave something else than its trace says."""
    NOTHING_TO_DO = 12
    """The module already runs what was wanted; nothing was changed."""
    SOME_FAILED = 13
    """Of several modules, some were not upgraded; the report says which."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C."""
    TERMINATED = 143
    """Stopped by SIGTERM."""


_BY_CLASS: tuple[tuple[type[errors.DfotaError], ExitCode], ...] = (
    (errors.MisuseError, ExitCode.USAGE),
    (errors.LocationError, ExitCode.USAGE),
    (errors.InputError, ExitCode.INPUT),
    (errors.OutputError, ExitCode.OUTPUT),
    (errors.NothingToPatchError, ExitCode.INPUT),
    (errors.DeltaError, ExitCode.PACKAGE),
    (errors.PackageError, ExitCode.PACKAGE),
    (errors.FlashError, ExitCode.INSTALL),
    (errors.EngineError, ExitCode.INSTALL),
    (errors.AtError, ExitCode.USAGE),
    (errors.EndpointError, ExitCode.PORT),
    (errors.ControlRefusedError, ExitCode.REFUSED),
    (errors.ReplayDiffersError, ExitCode.DIFFERENT),
    (errors.ModemError, ExitCode.INPUT),
    (errors.PortError, ExitCode.PORT),
    (errors.NoReplyError, ExitCode.PORT),
    (errors.CommandRefusedError, ExitCode.REFUSED),
    (errors.CheckFailedError, ExitCode.REFUSED),
    (errors.NothingToDoError, ExitCode.NOTHING_TO_DO),
    (errors.RecordError, ExitCode.INPUT),
    (errors.DownloadFailedError, ExitCode.DOWNLOAD),
    (errors.InstallFailedError, ExitCode.INSTALL),
    (errors.RevisionMismatchError, ExitCode.INSTALL),
    (errors.OutcomeUnknownError, ExitCode.OUTCOME_UNKNOWN),
    (errors.HostError, ExitCode.REFUSED),
    (errors.BindError, ExitCode.PORT),
    (errors.ServerError, ExitCode.INPUT),
)


def exit_code_for(error: errors.DfotaError) -> ExitCode:
    """The first row of the table whose class *error* is an instance of."""
    for error_class, exit_code in _BY_CLASS:
        if isinstance(error, error_class):
            return exit_code
    return ExitCode.FAILED


def error_classes_of(code: ExitCode) -> tuple[type[errors.DfotaError], ...]:
    """The classes of errors that lead to *code*, in the order of their definition."""
    classes = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.DfotaError)
    ]
    return tuple(
        one
        for one in classes
        if next((row[1] for row in _BY_CLASS if issubclass(one, row[0])), ExitCode.FAILED) is code
    )
