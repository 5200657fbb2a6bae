# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The exception tree of dfota; it must import nothing, print nothing and know no exit code.

Every class carries its facts in attributes, passes them to ``super().__init__`` so
that it survives pickling, and has a stable dotted ``code`` (``room.reason``). What a
person reads is one sentence (``str(error)``) and one remedy (``error.remedy``).

A test compares this drawing with the classes::

    DfotaError
    ├── MisuseError
    ├── InputError
    │   ├── FileUnreadableError
    │   ├── FetchError
    │   ├── UpdateListError
    │   ├── CertificateError
    │   ├── ReleaseError
    │   ├── KeyFileError
    │   ├── ScenarioError
    │   ├── InventoryError
    │   └── TraceError
    ├── OutputError
    ├── DeltaError
    │   ├── PatchFormatError
    │   ├── PatchVersionError
    │   ├── PatchCorruptError
    │   ├── OldImageMismatchError
    │   ├── NothingToPatchError
    │   └── ImageTooLargeError
    ├── PackageError
    │   ├── ContainerError
    │   ├── ForeignPackageError
    │   ├── ManifestError
    │   ├── SignatureError
    │   ├── DigestMismatchError
    │   ├── PackageMismatchError
    │   ├── RollbackError
    │   └── IndexFormatError
    ├── FlashError
    │   ├── FlashMisuseError
    │   ├── FlashUnreadableError
    │   └── GeometryError
    ├── EngineError
    │   ├── UpdateFailedError
    │   └── FirmwareDamagedError
    ├── AtError
    │   ├── AtSyntaxError
    │   ├── AtParameterError
    │   └── LocationError
    ├── ModemError
    │   ├── ControlRefusedError
    │   ├── ReplayDiffersError
    │   ├── StateDirectoryError
    │   ├── EndpointError
    │   ├── FileSystemError
    │   └── HttpClientError
    ├── HostError
    │   ├── PortError
    │   │   ├── PortBusyError
    │   │   └── WrongSpeedError
    │   ├── NoReplyError
    │   ├── CommandRefusedError
    │   ├── CheckFailedError
    │   ├── NothingToDoError
    │   ├── NoPathError
    │   ├── RecordError
    │   ├── ModuleFileError
    │   ├── DownloadFailedError
    │   ├── InstallFailedError
    │   ├── RevisionMismatchError
    │   │   └── UpdateDroppedError
    │   └── OutcomeUnknownError
    │       └── OtherModuleError
    └── ServerError
        ├── BindError
        ├── ServerExtraError
        └── TlsFilesError
"""

from __future__ import annotations

from typing import ClassVar


class DfotaError(Exception):
    """Anything that dfota refuses or cannot do; never raised itself."""

    code: ClassVar[str] = "dfota.error"

    @property
    def remedy(self) -> str:
        """What the person can do about it: one sentence, or empty."""
        return ""


class MisuseError(DfotaError):
    """The caller broke the contract of a function: *rule* says which, *advice* what to do."""

    code = "dfota.misuse"

    def __init__(self, rule: str, advice: str = "") -> None:
        super().__init__(rule)
        self.rule = rule
        self.advice = advice

    @property
    def remedy(self) -> str:
        """What the caller can do instead."""
        return self.advice


# -- files that a person gave ---------------------------------------------------------


class InputError(DfotaError):
    """A file or value from outside cannot be used."""

    code = "input.unusable"


class FileUnreadableError(InputError):
    """The file at *path* cannot be read, because of *reason*."""

    code = "input.unreadable"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot read {self.path}: {self.reason}"

    @property
    def remedy(self) -> str:
        """Look at the name and the permissions."""
        return "Check the file name and that you may read it."


class FetchError(InputError):
    """What *url* names cannot be fetched by this computer, because of *reason*."""

    code = "input.fetch"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot fetch {self.url}: {self.reason}"

    @property
    def remedy(self) -> str:
        """Try it by hand."""
        return "Check the address, and that this computer reaches it; a private CA goes in --ca."


class UpdateListError(InputError):
    """The list of updates *name* has a wrong *line*: *reason*."""

    code = "input.update-list"

    def __init__(self, name: str, line: int, reason: str) -> None:
        super().__init__(name, line, reason)
        self.name = name
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        where = f"{self.name}:{self.line}" if self.line else self.name
        return f"{where}: {self.reason}"

    @property
    def remedy(self) -> str:
        """Name the forms."""
        return (
            "A source is a folder of packages, a page that links to them, an index that "
            "'dfota package index' wrote, or a text with lines <current>:<new>:<file>."
        )


class CertificateError(InputError):
    """The certificate or key *name* is of no use to a module, because of *reason*."""

    code = "input.certificate"

    def __init__(self, name: str, reason: str, advice: str) -> None:
        super().__init__(name, reason, advice)
        self.name = name
        self.reason = reason
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"

    @property
    def remedy(self) -> str:
        """What to give instead."""
        return self.advice


class ReleaseError(InputError):
    """The firmware release at *path* is not one: *reason*."""

    code = "input.release"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path} is not a firmware release: {self.reason}"

    @property
    def remedy(self) -> str:
        """Name the two accepted forms."""
        return (
            "Give a directory with a firmware.toml and one file per partition, "
            "or a single image file."
        )


class KeyFileError(InputError):
    """The key file at *path* cannot be used: *reason*."""

    code = "input.key"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot use the key {self.path}: {self.reason}"

    @property
    def remedy(self) -> str:
        """Say how keys are made."""
        return "Make a key pair with: dfota key new NAME"


class ScenarioError(InputError):
    """The scenario at *path* is none: *reason*, in *line* (0 where no line is to blame)."""

    code = "input.scenario"

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(path, line, reason)
        self.path = path
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.reason}"

    @property
    def remedy(self) -> str:
        """Where the language is described."""
        return "docs/reference/scenarios.md describes what a scenario can say."


class InventoryError(InputError):
    """The inventory *path* of a rack of modules cannot be used: *reason*."""

    code = "input.inventory"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path} is no inventory: {self.reason}"

    @property
    def remedy(self) -> str:
        """Name the page."""
        return "Its keys are described in docs/reference/inventory.md."


class TraceError(InputError):
    """The trace at *path* cannot be replayed: *reason*, in *line* (0: none is to blame)."""

    code = "input.trace"

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(path, line, reason)
        self.path = path
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.reason}"

    @property
    def remedy(self) -> str:
        """How traces are made."""
        return "Record one with: dfota modem run --trace FILE"


class OutputError(DfotaError):
    """*path* cannot be written, because of *reason*; nothing half-written was left."""

    code = "output.unwritable"

    def __init__(
        self,
        path: str,
        reason: str,
        advice: str = "Check free space and permissions, or choose another place.",
    ) -> None:
        super().__init__(path, reason, advice)
        self.path = path
        self.reason = reason
        self.advice = advice

    def __str__(self) -> str:
        return f"cannot write {self.path}: {self.reason}"

    @property
    def remedy(self) -> str:
        """What fits the reason."""
        return self.advice


# -- delta ------------------------------------------------------------------------------


class DeltaError(DfotaError):
    """A patch cannot be made or applied."""

    code = "delta.failed"


class PatchFormatError(DeltaError):
    """The bytes are not a dfota patch at all: *reason*."""

    code = "delta.not-a-patch"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"this is not a dfota patch: {self.reason}"

    @property
    def remedy(self) -> str:
        """Say how patches are made."""
        return "Make one with: dfota delta create OLD NEW PATCH"


class PatchVersionError(DeltaError):
    """The patch has format *version*, this applier reads *supported*."""

    code = "delta.version"

    def __init__(self, version: int, supported: int) -> None:
        super().__init__(version, supported)
        self.version = version
        self.supported = supported

    def __str__(self) -> str:
        return f"the patch has format version {self.version}, this dfota reads {self.supported}"

    @property
    def remedy(self) -> str:
        """Update or make it anew."""
        return "Use the dfota release that made it, or make the patch anew."


class PatchCorruptError(DeltaError):
    """The patch is damaged, truncated or hostile: *reason*."""

    code = "delta.corrupt"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the patch is damaged: {self.reason}"

    @property
    def remedy(self) -> str:
        """Fetch it anew."""
        return "Fetch or make the patch again; nothing was changed."


class OldImageMismatchError(DeltaError):
    """The old image is not the one the patch was made from."""

    code = "delta.old-mismatch"

    def __init__(
        self, expected: bytes, actual: bytes, expected_size: int, actual_size: int
    ) -> None:
        super().__init__(expected, actual, expected_size, actual_size)
        self.expected = expected
        self.actual = actual
        self.expected_size = expected_size
        self.actual_size = actual_size

    def __str__(self) -> str:
        return (
            f"the patch wants an old image of {self.expected_size} bytes with digest "
            f"{self.expected.hex()[:12]}…, this one has {self.actual_size} bytes and "
            f"{self.actual.hex()[:12]}…"
        )

    @property
    def remedy(self) -> str:
        """Point at the old image."""
        return "Give the very image that the patch was made from."


class NothingToPatchError(DeltaError):
    """The files *old* and *new* are the same image."""

    code = "delta.no-difference"

    def __init__(self, old: str, new: str) -> None:
        super().__init__(old, new)
        self.old = old
        self.new = new

    def __str__(self) -> str:
        return f"{self.old} and {self.new} are the same image: there is nothing to patch"

    @property
    def remedy(self) -> str:
        """Look at the names."""
        return "Give two images that differ; a device that has the old one needs no update."


class ImageTooLargeError(DeltaError):
    """An image of *size* bytes is over the *limit* of the format."""

    code = "delta.too-large"

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(size, limit)
        self.size = size
        self.limit = limit

    def __str__(self) -> str:
        return f"the image has {self.size} bytes, the format holds at most {self.limit}"

    @property
    def remedy(self) -> str:
        """Split it."""
        return "Split the image into partitions."


# -- package ----------------------------------------------------------------------------


class PackageError(DfotaError):
    """A package is not acceptable."""

    code = "package.refused"


class ContainerError(PackageError):
    """The file is not a package container in the strict profile: *reason*."""

    code = "package.container"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"not a dfota package: {self.reason}"

    @property
    def remedy(self) -> str:
        """Say how packages are made."""
        return "Fetch it again, or make one with: dfota package build OLD NEW update.zip"


class ForeignPackageError(PackageError):
    """The file at *path* is no package of ours, because of *reason*: it may be a vendor's."""

    code = "package.foreign"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path} is not a dfota package: {self.reason}"

    @property
    def remedy(self) -> str:
        """A vendor's package can be installed, if somebody says what it leads to."""
        return "If it is the vendor's own package, add --expect with the revision it leads to."


class ManifestError(PackageError):
    """The manifest breaks a rule at *field*: *reason*."""

    code = "package.manifest"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return f"the manifest is not acceptable at {self.field}: {self.reason}"

    @property
    def remedy(self) -> str:
        """Make it anew."""
        return "Fetch the package again, or build it with this dfota."


class SignatureError(PackageError):
    """No signature of the package can be trusted: *reason*."""

    code = "package.signature"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the signature is not acceptable: {self.reason}"

    @property
    def remedy(self) -> str:
        """Name the right key."""
        return "Verify with the public key (.pub) of whoever built the package."


class DigestMismatchError(PackageError):
    """The content of *part* does not hash to what the manifest promises."""

    code = "package.digest-mismatch"

    def __init__(self, part: str, expected: bytes, actual: bytes) -> None:
        super().__init__(part, expected, actual)
        self.part = part
        self.expected = expected
        self.actual = actual

    def __str__(self) -> str:
        expected, actual = self.expected.hex(), self.actual.hex()
        return f"{self.part}: expected digest {expected[:12]}…, got {actual[:12]}…"

    @property
    def remedy(self) -> str:
        """Fetch it anew."""
        return "Fetch the package again; it was damaged or changed."


class PackageMismatchError(PackageError):
    """The package is whole but made for something else: *what* differs."""

    code = "package.mismatch"

    def __init__(self, what: str, expected: str, actual: str) -> None:
        super().__init__(what, expected, actual)
        self.what = what
        self.expected = expected
        self.actual = actual

    def __str__(self) -> str:
        return f"the package is for {self.what} {self.expected}, not {self.actual}"

    @property
    def remedy(self) -> str:
        """Build for this pair."""
        return "Build or fetch the package for exactly this old firmware."


class RollbackError(PackageError):
    """The package's security counter is below the device's and no downgrade is allowed."""

    code = "package.rollback"

    def __init__(self, counter: int, minimum: int) -> None:
        super().__init__(counter, minimum)
        self.counter = counter
        self.minimum = minimum

    def __str__(self) -> str:
        return f"the package's security counter {self.counter} is below the module's {self.minimum}"

    @property
    def remedy(self) -> str:
        """Name the option."""
        return "A deliberate downgrade is built with: dfota package build --allow-downgrade"


class IndexFormatError(PackageError):
    """The bytes are no index of packages, or break a rule at *field*: *reason*."""

    code = "package.index"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return f"the index is not acceptable at {self.field}: {self.reason}"

    @property
    def remedy(self) -> str:
        """Make it anew."""
        return "Fetch the index again, or write it with: dfota package index FOLDER --key FILE"


# -- flash and engine -------------------------------------------------------------------


class FlashError(DfotaError):
    """The flash cannot do what was asked."""

    code = "flash.failed"


class FlashMisuseError(FlashError):
    """An operation at *offset* breaks the flash's *rule*; a real chip would corrupt data."""

    code = "flash.misuse"

    def __init__(self, offset: int, rule: str) -> None:
        super().__init__(offset, rule)
        self.offset = offset
        self.rule = rule

    def __str__(self) -> str:
        return f"flash operation at {self.offset:#x}: {self.rule}"


class FlashUnreadableError(FlashError):
    """The page at *offset* has more wrong bits than the chip can correct."""

    code = "flash.unreadable"

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset

    def __str__(self) -> str:
        return f"flash operation at {self.offset:#x}: the page cannot be read any more"


class GeometryError(FlashError):
    """Sizes do not fit together: *reason*."""

    code = "flash.geometry"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"flash geometry: {self.reason}"

    @property
    def remedy(self) -> str:
        """Name the knobs."""
        return "Choose a larger flash or smaller slots."


class EngineError(DfotaError):
    """An update cannot go on."""

    code = "engine.failed"


class UpdateFailedError(EngineError):
    """Applying the package failed in *partition*: *reason*; the old firmware still runs."""

    code = "engine.update-failed"

    def __init__(self, partition: str, reason: str) -> None:
        super().__init__(partition, reason)
        self.partition = partition
        self.reason = reason

    def __str__(self) -> str:
        return f"updating {self.partition} failed: {self.reason}"

    @property
    def remedy(self) -> str:
        """The old firmware is whole."""
        return "The old firmware still runs; build the package anew and try again."


class FirmwareDamagedError(EngineError):
    """The firmware in flash is neither whole nor recoverable: *reason*."""

    code = "engine.firmware-damaged"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the module cannot boot: {self.reason}"

    @property
    def remedy(self) -> str:
        """Make a new module."""
        return "Delete the state directory to get a factory-new module."


# -- AT ---------------------------------------------------------------------------------


class AtError(DfotaError):
    """A line does not follow the AT language."""

    code = "at.error"


class AtSyntaxError(AtError):
    """The text is not a well-formed command line: *reason* at *position*."""

    code = "at.syntax"

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason, position)
        self.reason = reason
        self.position = position

    def __str__(self) -> str:
        return f"{self.reason} at character {self.position}"


class AtParameterError(AtError):
    """*value* does not fit parameter *parameter* of *command*: *rule*."""

    code = "at.parameter"

    def __init__(self, command: str, parameter: str, value: str, rule: str) -> None:
        super().__init__(command, parameter, value, rule)
        self.command = command
        self.parameter = parameter
        self.value = value
        self.rule = rule

    def __str__(self) -> str:
        return f"{self.command}: <{self.parameter}> {self.value!r}: {self.rule}"


class LocationError(AtError):
    """*location* cannot be given to ``AT+QFOTADL``: *rule*."""

    code = "at.location"

    def __init__(self, location: str, rule: str) -> None:
        super().__init__(location, rule)
        self.location = location
        self.rule = rule

    def __str__(self) -> str:
        shown = self.location if len(self.location) <= 60 else self.location[:57] + "…"
        return f"the module cannot download {shown!r}: {self.rule}"

    @property
    def remedy(self) -> str:
        """State the whole rule."""
        return "Use http://HOST:PORT/PATH or https://…, printable ASCII, at most 255 bytes."


# -- virtual module -----------------------------------------------------------------------


class ModemError(DfotaError):
    """The virtual module cannot run."""

    code = "modem.failed"


class StateDirectoryError(ModemError):
    """The state directory at *path* cannot be used: *reason*; *advice* is what to do."""

    code = "modem.state"

    def __init__(
        self,
        path: str,
        reason: str,
        advice: str = "Choose another --state directory; a new one is made.",
    ) -> None:
        super().__init__(path, reason, advice)
        self.path = path
        self.reason = reason
        self.advice = advice

    def __str__(self) -> str:
        return f"cannot use the state directory {self.path}: {self.reason}"

    @property
    def remedy(self) -> str:
        """What fits the reason."""
        return self.advice


class EndpointError(ModemError):
    """The serial endpoint *endpoint* cannot be opened: *reason*."""

    code = "modem.endpoint"
    _remedy = "Choose another --pty link or --tcp port."

    def __init__(self, endpoint: str, reason: str, *, remedy: str | None = None) -> None:
        super().__init__(endpoint, reason)
        if remedy is not None:
            self._remedy = remedy
        self.endpoint = endpoint
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot open {self.endpoint}: {self.reason}"

    @property
    def remedy(self) -> str:
        """Choose another one, or what the raiser knows better."""
        return self._remedy


class ControlRefusedError(ModemError):
    """A module's control channel refuses: *detail*, for the reason *reason* (a code)."""

    code = "modem.control-refused"

    def __init__(self, status: int, reason: str, detail: str, advice: str = "") -> None:
        super().__init__(status, reason, detail, advice)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.advice = advice

    def __str__(self) -> str:
        return self.detail

    @property
    def remedy(self) -> str:
        """What the module says can be done."""
        if self.status == 401:
            return "Give the file with the token: --token STATE/control.token"
        return self.advice


class ReplayDiffersError(ModemError):
    """A replay gave something else than was recorded, first in *line* of the trace."""

    code = "modem.replay-differs"

    def __init__(self, line: int, expected: str, actual: str) -> None:
        super().__init__(line, expected, actual)
        self.line = line
        self.expected = expected
        self.actual = actual

    def __str__(self) -> str:
        return (
            f"the replay differs from line {self.line} of the trace: "
            f"recorded {self.expected}, replayed {self.actual}"
        )

    @property
    def remedy(self) -> str:
        """What can be the cause."""
        return "Another version of dfota, or a defect: please report it with the trace."


class FileSystemError(ModemError):
    """The module's file system refuses *name*; *number* is the FILE manual's error number."""

    code = "modem.file-system"

    def __init__(self, number: int, name: str) -> None:
        super().__init__(number, name)
        self.number = number
        self.name = name

    def __str__(self) -> str:
        return f"file {self.name!r}: error {self.number}"


class HttpClientError(ModemError):
    """The module's HTTP commands refuse; *number* is the HTTP manual's error number."""

    code = "modem.http-client"

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def __str__(self) -> str:
        return f"HTTP command: error {self.number}"


# -- host updater -------------------------------------------------------------------------


class HostError(DfotaError):
    """The host cannot bring the module through the upgrade."""

    code = "host.failed"


class PortError(HostError):
    """The port *port* cannot be opened, or went away: *reason*."""

    code = "host.port"

    def __init__(self, port: str, reason: str) -> None:
        super().__init__(port, reason)
        self.port = port
        self.reason = reason

    def __str__(self) -> str:
        return f"port {self.port}: {self.reason}"

    @property
    def remedy(self) -> str:
        """Name the usual causes."""
        return "Check the cable, the name, your permissions, and that no other program holds it."


class PortBusyError(PortError):
    """The port *port* is held by *holder*, whose process is *pid* (0: not known)."""

    code = "host.port-busy"

    def __init__(self, port: str, holder: str, pid: int) -> None:
        who = f"{holder or 'another program'}{f' (process {pid})' if pid else ''}"
        super().__init__(port, f"{who} has it")
        self.args = (port, holder, pid)
        self.holder = holder
        self.pid = pid

    @property
    def remedy(self) -> str:
        """How to find out and to free it."""
        if self.holder == "ModemManager":
            return "Stop it for the time being: sudo systemctl stop ModemManager"
        return "Wait for it or end it; dfota ports shows who holds which port."


class WrongSpeedError(PortError):
    """At *port* something answers, but not at *baudrate*: it is readable at *found* (0: none)."""

    code = "host.wrong-speed"

    def __init__(self, port: str, baudrate: int, found: int) -> None:
        if found:
            reason = f"the module answers at {found} baud, not at {baudrate}"
        else:
            reason = "nothing answers AT at any usual speed"
        super().__init__(port, reason)
        self.args = (port, baudrate, found)
        self.baudrate = baudrate
        self.found = found

    @property
    def remedy(self) -> str:
        """Which speed to use."""
        if self.found:
            return f"Use --baudrate {self.found}."
        return "Check that the module is on, and the wiring: ground, levels, TX and RX crossed."


class NoReplyError(HostError):
    """The module did not answer *command* within *timeout_s* seconds."""

    code = "host.no-reply"

    def __init__(self, command: str, timeout_s: float) -> None:
        super().__init__(command, timeout_s)
        self.command = command
        self.timeout_s = timeout_s

    def __str__(self) -> str:
        return f"no answer to {self.command} within {self.timeout_s:g} s"

    @property
    def remedy(self) -> str:
        """Name the usual causes."""
        return "Check power, speed (115200 by default) and that this is the module's AT port."


class CommandRefusedError(HostError):
    """The module answered *command* with the final result code *result*."""

    code = "host.refused"

    def __init__(self, command: str, result: str) -> None:
        super().__init__(command, result)
        self.command = command
        self.result = result

    def __str__(self) -> str:
        return f"the module answered {self.command} with {self.result}"

    @property
    def remedy(self) -> str:
        """Look it up; a refused start has one usual cause."""
        if self.command.startswith("AT+QFOTADL"):
            return "If the module is still downloading, silently, wait for it; else check the URL."
        return "What a code means, and what to try: dfota explain CODE"


class CheckFailedError(HostError):
    """A check before the upgrade failed: *check*, because of *reason*; nothing was started."""

    code = "host.check"

    def __init__(self, check: str, reason: str, advice: str) -> None:
        super().__init__(check, reason, advice)
        self.check = check
        self.reason = reason
        self.advice = advice

    def __str__(self) -> str:
        return f"not started, {self.check}: {self.reason}"

    @property
    def remedy(self) -> str:
        """What the check advises."""
        return self.advice


class NothingToDoError(HostError):
    """The module already runs *revision*, the one that was wanted."""

    code = "host.nothing-to-do"

    def __init__(self, revision: str) -> None:
        super().__init__(revision)
        self.revision = revision

    def __str__(self) -> str:
        return f"the module already runs {self.revision}"

    @property
    def remedy(self) -> str:
        """Nothing is wrong."""
        return "There is nothing to do."


class NoPathError(HostError):
    """No packages lead from *running* to *wanted*: *reason*."""

    code = "host.no-path"

    def __init__(self, running: str, wanted: str, reason: str) -> None:
        super().__init__(running, wanted, reason)
        self.running = running
        self.wanted = wanted
        self.reason = reason

    def __str__(self) -> str:
        return f"nothing leads from {self.running} to {self.wanted}: {self.reason}"

    @property
    def remedy(self) -> str:
        """Show what there is."""
        return "See what there is, and why something is refused, with: dfota updates PORT --from …"


class RecordError(HostError):
    """The state file *name* of an upgrade cannot be believed: *reason*."""

    code = "host.record"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.name} is no record of an upgrade: {self.reason}"

    @property
    def remedy(self) -> str:
        """How to find out without it."""
        return (
            "Ask the module itself which revision runs: dfota info PORT. "
            "Remove the file only when no upgrade is under way."
        )


class ModuleFileError(HostError):
    """The file *name* of a module cannot be read, written or removed, because of *reason*."""

    code = "host.module-file"

    def __init__(self, name: str, reason: str, advice: str) -> None:
        super().__init__(name, reason, advice)
        self.name = name
        self.reason = reason
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"

    @property
    def remedy(self) -> str:
        """What to do."""
        return self.advice


class DownloadFailedError(HostError):
    """The module could not get the package: *http_err* of *urc*, as *family* numbers it."""

    code = "host.download"

    def __init__(
        self,
        http_err: int,
        meaning: str,
        advice: str,
        family: str = "bg96",
        urc: str = "HTTPEND",
    ) -> None:
        super().__init__(http_err, meaning, advice, family, urc)
        self.http_err = http_err
        self.meaning = meaning
        self.advice = advice
        self.family = family
        self.urc = urc

    def __str__(self) -> str:
        return f"the download failed with {self.urc},{self.http_err} ({self.meaning})"

    @property
    def remedy(self) -> str:
        """What usually causes this code, and where more is said."""
        return (
            f"{self.advice} More causes: dfota explain {self.urc},{self.http_err}{_of(self.family)}"
        )


def _sentence(advice: str) -> str:
    return f"{advice.rstrip('.')}."


def _of(family: str) -> str:
    return "" if family == "bg96" else f" --family {family}"


class InstallFailedError(HostError):
    """The module could not install the package: *err* of ``END``, as *family* numbers it."""

    code = "host.install"

    def __init__(self, err: int, meaning: str, advice: str, family: str = "bg96") -> None:
        super().__init__(err, meaning, advice, family)
        self.err = err
        self.meaning = meaning
        self.advice = advice
        self.family = family

    def __str__(self) -> str:
        return f"the upgrade failed with END,{self.err} ({self.meaning})"

    @property
    def remedy(self) -> str:
        """What usually causes this code, and where more is said."""
        return (
            f"{_sentence(self.advice)} More causes: dfota explain END,{self.err}{_of(self.family)}"
        )


class RevisionMismatchError(HostError):
    """The module reported success, but runs *actual* instead of *expected*."""

    code = "host.revision"

    def __init__(self, expected: str, actual: str) -> None:
        super().__init__(expected, actual)
        self.expected = expected
        self.actual = actual

    def __str__(self) -> str:
        return f"the module runs {self.actual} after the upgrade, not {self.expected}"

    @property
    def remedy(self) -> str:
        """Look before trying again."""
        return "Check that this is the package you meant; read the transcript before a new try."


class UpdateDroppedError(RevisionMismatchError):
    """The module still runs *actual*: it restarted in *phase*, or nothing more was heard.

    *restarts* counts those that were heard; without one, *phase* is the last known.
    """

    code = "host.dropped"

    def __init__(self, expected: str, actual: str, phase: str, restarts: int = 1) -> None:
        super().__init__(expected, actual)
        self.args = (expected, actual, phase, restarts)
        self.phase = phase
        self.restarts = restarts

    def __str__(self) -> str:
        if self.restarts:
            return (
                f"the module restarted in the phase {self.phase} and dropped the upgrade: "
                f"it runs {self.actual} as before"
            )
        return (
            f"the upgrade was not applied: the module answers, runs {self.actual} as before, "
            f"and nothing more was heard of the upgrade (last known phase: {self.phase})"
        )

    @property
    def remedy(self) -> str:
        """Look at the supply first."""
        if self.restarts:
            return "Nothing was changed. Check the module's supply, then start the upgrade again."
        return "Start the upgrade again: if the module is still busy it refuses, and is followed."


class OutcomeUnknownError(HostError):
    """The module went silent in *phase*; whether it will finish is not known."""

    code = "host.outcome-unknown"

    def __init__(self, phase: str, waited_s: float) -> None:
        super().__init__(phase, waited_s)
        self.phase = phase
        self.waited_s = waited_s

    def __str__(self) -> str:
        return f"the module said nothing for {self.waited_s:g} s in {self.phase}; outcome unknown"

    @property
    def remedy(self) -> str:
        """Never start again blindly."""
        return (
            "Do not start again: power the module, wait, and read its revision with AT+QGMR first."
        )


class OtherModuleError(OutcomeUnknownError):
    """When the port came back, the module *actual* answered there instead of *expected*."""

    code = "host.other-module"

    def __init__(self, expected: str, actual: str, phase: str) -> None:
        super().__init__(phase, 0.0)
        self.args = (expected, actual, phase)
        self.expected = expected
        self.actual = actual

    def __str__(self) -> str:
        return (
            f"the port went away in {self.phase} and came back with another module: "
            f"IMEI {self.actual}, not {self.expected}"
        )

    @property
    def remedy(self) -> str:
        """Find the module."""
        return "Find the module's new port, and read its revision with AT+QGMR before a new try."


# -- package server -------------------------------------------------------------------------


class ServerError(DfotaError):
    """The package server cannot serve."""

    code = "server.failed"


class BindError(ServerError):
    """The address *host*:*port* cannot be listened on: *reason*."""

    code = "server.bind"

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(host, port, reason)
        self.host = host
        self.port = port
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot listen on {self.host}:{self.port}: {self.reason}"

    @property
    def remedy(self) -> str:
        """Choose another one."""
        return "Choose another --port (below 1024 needs privileges) or --host."


class ServerExtraError(ServerError):
    """The library *library*, which only the package server needs, is not installed."""

    code = "server.extra"

    def __init__(self, library: str) -> None:
        super().__init__(library)
        self.library = library

    def __str__(self) -> str:
        return f"the package server needs {self.library}, which is not installed"

    @property
    def remedy(self) -> str:
        """Name the extra."""
        return 'Install it with: pip install "dfota[server]"'


class TlsFilesError(ServerError):
    """The certificate or key file at *path* cannot be used: *reason*."""

    code = "server.tls-files"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot use the TLS file {self.path}: {self.reason}"

    @property
    def remedy(self) -> str:
        """Name both ways."""
        return (
            "Give an unencrypted PEM file of the right kind; 'dfota serve --tls auto' makes them."
        )
