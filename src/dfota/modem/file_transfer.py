# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What goes into and comes out of files in a data mode: FILE manual V1.0, 2.4 to 2.8.

Power: an upload is there whole, or as far as it came when the *host* ended it, but not at all
after a power cut. What ``AT+QFWRITE`` writes goes into the file in the order in which it
comes; every result that was printed stays, and of a write that was cut off a beginning.
"""

from __future__ import annotations

from collections.abc import Callable

from dfota.at import CmeError, xor16
from dfota.errors import FileSystemError
from dfota.modem.filesystem import DRIVE_FULL, FileSystem, IncomingFile
from dfota.modem.open_files import OpenFile
from dfota.modem.profiles import Profile, UploadTimeout
from dfota.modem.reply import OK, Reply, cme
from dfota.modem.storage import EfsPath
from dfota.modem.transfer import Receiving, Sending

ACK_BYTES = 1024
TIMED_OUT = 421


class RunningXor:
    """``xor16`` of pieces of any size."""

    def __init__(self) -> None:
        self._value = 0
        self._odd = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        if not data:
            return
        value = xor16(b"\0" + data if self._odd else data)
        self._value ^= value
        self._odd ^= len(data) % 2 == 1

    def text(self, profile: Profile) -> str:
        """Hexadecimal, as the module prints it."""
        digits = f"{self._value:04x}" if profile.checksum_leading_zeros else f"{self._value:x}"
        return digits.upper() if profile.checksum_upper_case else digits


class Upload(Receiving):
    """A file from the host, ``AT+QFUPL``."""

    def __init__(
        self,
        file: IncomingFile,
        size: int,
        *,
        timeout_s: float,
        acknowledges: bool,
        profile: Profile,
    ) -> None:
        super().__init__(size, timeout_s)
        self._file = file
        self._acknowledges = acknowledges
        self._profile = profile
        self._sum = RunningXor()
        self._error: FileSystemError | None = None

    def abort(self) -> None:
        """Leave nothing behind."""
        super().abort()
        self._file.discard()

    def _take(self, data: bytes) -> None:
        before = (self._received - len(data)) // ACK_BYTES
        self._sum.feed(data)
        if self._error is None:
            try:
                self._file.write(data)
            except FileSystemError as error:
                # The rest is swallowed: the host is in the middle of sending it.
                self._error = error
        count = self._received // ACK_BYTES - before
        is_exact_end = self._received == self._size and self._size % ACK_BYTES == 0
        if is_exact_end and not self._profile.ack_on_exact_kb:
            count -= 1
        if self._acknowledges and count > 0:
            self._port.write(b"A" * count)

    def _result(self) -> Reply:
        return self._kept(Reply((f"+QFUPL: {self._received},{self._sum.text(self._profile)}",)))

    def _silence(self) -> Reply:
        if self._profile.upload_timeout is UploadTimeout.ERROR_421:
            return self._kept(Reply(result=CmeError(TIMED_OUT)))
        return self._result()

    def _leave(self) -> None:
        self._kept(OK)

    def _kept(self, reply: Reply) -> Reply:
        """Let the file appear as far as it came; *reply*, if that goes well."""
        try:
            if self._error is not None:
                raise self._error
            if self._received:
                self._file.end()
        except FileSystemError as error:
            return cme(error.number)
        finally:
            self._file.discard()
        return reply


class Writing(Receiving):
    """Data from the host into an open file, ``AT+QFWRITE``."""

    def __init__(self, files: FileSystem, file: OpenFile, size: int, timeout_s: float) -> None:
        super().__init__(size, timeout_s)
        self._files = files
        self._file = file
        self._error: FileSystemError | None = None

    def _take(self, data: bytes) -> None:
        if self._error is not None:
            return  # the host is in the middle of sending the rest
        try:
            written = self._files.write_part(self._file.path, self._file.position, data)
        except FileSystemError as error:
            self._error = error
            return
        self._file.position += written
        if written < len(data):
            self._error = FileSystemError(DRIVE_FULL, self._file.name)

    def _result(self) -> Reply:
        try:
            self._files.sync(self._file.path)
            if self._error is not None:
                raise self._error
            total = self._files.size(self._file.path)
        except FileSystemError as error:
            return cme(error.number)
        return Reply((f"+QFWRITE: {self._received},{total}",))

    def _silence(self) -> Reply:
        return self._result()

    def _leave(self) -> None:
        self._result()


class Download(Sending):
    """A whole file to the host, ``AT+QFDWL``."""

    def __init__(self, files: FileSystem, path: EfsPath, profile: Profile) -> None:
        self._sum = RunningXor()
        self._profile = profile
        super().__init__(files.size(path), _reader(files, path, 0, self._sum), self._told)

    def _told(self) -> Reply:
        return Reply((f"+QFDWL: {self._size},{self._sum.text(self._profile)}",))


class Reading(Sending):
    """A part of an open file to the host, ``AT+QFREAD``; moves its pointer."""

    def __init__(self, files: FileSystem, file: OpenFile, size: int) -> None:
        super().__init__(size, _reader(files, file.path, file.position, RunningXor()), lambda: OK)
        self.connect_size = size
        file.position += size


def _reader(
    files: FileSystem, path: EfsPath, start: int, checksum: RunningXor
) -> Callable[[int, int], bytes | Reply]:
    def read(offset: int, size: int) -> bytes | Reply:
        try:
            piece = files.read_part(path, start + offset, size)
        except FileSystemError as error:
            return cme(error.number)
        # Somebody cut the file meanwhile: zeros keep the promise of the size.
        piece += bytes(size - len(piece))
        checksum.feed(piece)
        return piece

    return read
