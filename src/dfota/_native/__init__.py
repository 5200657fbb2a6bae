# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The C core as small Python classes; the only place that touches ffi, and it judges nothing.

Rule 1. A failure of the C code is a ``NativeError`` with its ``Result``; what that means to a
person is for the room above.
Rule 2. Memory that C reads stays referenced as long as C may read it.
Rule 3. C works on one struct for one caller at a time: it runs without the interpreter's
lock, so a second thread, or a callback that calls back, is refused before it gets there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, TypeVar

from dfota._native._dfota import ffi, lib
from dfota.errors import MisuseError

FORMAT_VERSION: int = lib.DFOTA_PATCH_VERSION
"""Patch format version that the C code reads and writes."""

IMAGE_SIZE_MAX: int = lib.DFOTA_PATCH_IMAGE_MAX
"""Largest image, old or new, in bytes."""

HEADER_SIZE_MAX: int = lib.DFOTA_PATCH_HEADER_MAX
"""Longest header of a patch, in bytes."""

Buffer = bytes | bytearray | memoryview


class Result(IntEnum):
    """What a C function can answer; ``dfota_result`` in ``dfota_patch.h``."""

    OK = 0
    STATE = 1
    IO = 2
    FORMAT = 3
    VERSION = 4
    LIMIT = 5
    HEADER = 6
    TRUNCATED = 7
    RANGE = 8
    CODE = 9
    TRAILING = 10
    DIGEST = 11
    MEMORY = 12
    UNSUPPORTED = 13
    CANCELLED = 14


class Profile(IntEnum):
    """Who a patch is for; ``dfota_profile`` in ``dfota_patch.h``."""

    MAX = 0
    BALANCED = 1
    EMBEDDED = 2


class NativeError(Exception):
    """A C function answered *result*; *version* is the patch's, where one was read."""

    def __init__(self, result: Result, version: int = 0) -> None:
        super().__init__(result, version)
        self.result = result
        self.version = version


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of a patch say; the digests are the first bytes of SHA-256."""

    version: int
    profile: Profile
    old_size: int
    new_size: int
    old_digest: bytes
    new_digest: bytes
    memory_size: int
    sector_size: int
    spare_size: int
    size: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many bytes of new come from where."""

    copied: int
    predicted: int
    corrected: int
    literal: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of old with one load address; ``dfota_segment`` in ``dfota_predict.h``."""

    begin: int
    end: int
    old_base: int
    new_base: int
    space: int
    isa: int
    flags: int


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of new at *at* that resembles old at *source*."""

    at: int
    source: int
    length: int
    plain: bool


class Applier:
    """A patch under way, sequentially, in bounded memory."""

    def __init__(self) -> None:
        self._patch = ffi.new("dfota_patch *")
        self._memory: Any = None
        self._kept: list[Any] = []
        self._turns = [None]  # taken and given back by single operations of the interpreter
        self._read_patch: Callable[[int], Buffer] | None = None
        self._read_old: Callable[[int, int], Buffer] | None = None

    @classmethod
    def in_memory(cls, patch: Buffer, old: Buffer) -> Applier:
        """Begin with everything in memory; C then never calls Python.

        Raises:
            NativeError: the header is not acceptable.
        """
        applier = cls()
        memory = ffi.new("dfota_memory *")
        patch_view = ffi.from_buffer("uint8_t[]", patch)
        old_view = ffi.from_buffer("uint8_t[]", old)
        memory.patch, memory.patch_size = patch_view, len(patch_view)
        memory.old_image, memory.old_size = old_view, len(old_view)
        applier._kept = [memory, patch_view, old_view]
        applier._check(applier._alone(lambda patch: lib.open_in_memory(patch, memory)))
        return applier

    @classmethod
    def with_callbacks(
        cls, read_patch: Callable[[int], Buffer], read_old: Callable[[int, int], Buffer]
    ) -> Applier:
        """Begin with functions that fetch the patch in order and old at random.

        Raises:
            NativeError: the header is not acceptable, or a function misbehaved.
            BaseException: whatever a function raised.
        """
        applier = cls()
        applier._read_patch = read_patch
        applier._read_old = read_old
        applier._check(applier._call(lib.open_with_callbacks))
        return applier

    @property
    def header(self) -> Header:
        """The facts of the header."""
        header = self._patch.header
        return Header(
            version=header.version,
            profile=Profile(header.profile),
            old_size=header.old_size,
            new_size=header.new_size,
            old_digest=bytes(header.old_digest),
            new_digest=bytes(header.new_digest),
            memory_size=header.memory_size,
            sector_size=header.sector_size,
            spare_size=header.spare_size,
            size=header.size,
        )

    def read(self, size: int) -> bytes:
        """The next *size* bytes of new, fewer at its end.

        Raises:
            NativeError: the patch or the result is damaged.
            MisuseError: another call is under way.
            MemoryError: the header asks for more memory than there is.
            BaseException: whatever a callback raised.
        """
        size = min(size, self._patch.header.new_size)  # no memory for what will never come
        out = ffi.new("uint8_t[]", size)
        produced = ffi.new("size_t *")

        def run(patch: Any) -> int:
            if self._memory is None:
                room = self._take_memory()
                start = (
                    lib.start_in_memory if self._read_patch is None else lib.start_with_callbacks
                )
                result = int(start(patch, self._memory, room))
                if result != Result.OK:
                    return result
            return int(lib.dfota_patch_read(patch, out, size, produced))

        if self._read_patch is None:
            result = self._alone(run)
        else:
            result = self._call(lambda patch, _handle: run(patch))
        self._check(result)
        return bytes(ffi.buffer(out, produced[0]))

    def save(self) -> bytes:
        """Where this patch stands, between two reads: a checkpoint for ``resume()``.

        Empty for profile ``max``, whose state is not written down.

        Raises:
            NativeError: the patch is dead, or no byte of it was read yet.
            MisuseError: another call is under way.
        """
        if self._patch.header.profile == Profile.MAX:
            return b""
        if self._memory is None:
            raise NativeError(Result.STATE)
        size = lib.checkpoint_size(self._patch)
        out = ffi.new("uint8_t[]", max(size, 1))
        used = ffi.new("size_t *")
        self._check(self._alone(lambda p: int(lib.save_checkpoint(p, out, size, used))))
        return bytes(ffi.buffer(out, used[0]))

    def resume(self, saved: bytes) -> None:
        """Go on from a checkpoint, before the first read.

        Raises:
            NativeError: it is not one of this patch.
            MisuseError: another call is under way, or something was read already.
            BaseException: whatever a callback raised.
        """
        if self._memory is not None:
            raise MisuseError("a patch is resumed before anything of it is read")
        room = self._take_memory()
        if self._read_patch is None:
            result = self._alone(
                lambda p: int(lib.resume_in_memory(p, self._memory, room, saved, len(saved)))
            )
        else:
            result = self._call(
                lambda p, _: int(
                    lib.resume_with_callbacks(p, self._memory, room, saved, len(saved))
                )
            )
        self._check(result)

    def map(self) -> tuple[tuple[Segment, ...], tuple[Block, ...]]:
        """The segments and the copy map, in order of old; nothing can be read afterwards.

        Raises:
            NativeError: the patch is damaged.
            MemoryError: the header asks for more memory than there is.
        """
        room = self._take_memory()
        self._check(self._alone(lambda patch: lib.dfota_patch_map(patch, self._memory, room)))
        header = self._patch.header
        found = lib.dfota_patch_segments(self._patch)
        segments = tuple(
            Segment(s.begin, s.end, s.old_base, s.new_base, s.space, s.isa, s.flags)
            for s in (found[i] for i in range(header.segment_count))
        )
        there = lib.dfota_patch_blocks(self._patch)
        plain = int(lib.DFOTA_BLOCK_PLAIN)
        blocks = tuple(
            Block(b.at, getattr(b, "from"), b.length & ~plain, bool(b.length & plain))
            for b in (there[i] for i in range(header.block_count))
        )
        return segments, blocks

    @property
    def consumed(self) -> int:
        """Bytes of the patch that were read so far; after ``map()``: header and map."""
        return int(self._patch.consumed)

    @property
    def counts(self) -> Counts:
        """Where the bytes that were read so far came from."""
        counts = self._patch.counts
        return Counts(
            copied=counts.copied,
            predicted=counts.predicted,
            corrected=counts.corrected,
            literal=counts.literal,
        )

    def _take_memory(self) -> int:
        size = int(self._patch.header.memory_size)
        if self._memory is None:
            self._memory = _allocate("uint64_t[]", size // 8 + 1)
        return size

    def _call(self, function: Callable[[Any, Any], int]) -> int:
        """Run *function* with this applier as the one that the callbacks reach."""
        if not self._kept:
            # C keeps the handle inside the patch: it must live as long as that does. It
            # holds no reference back to this object, so that no cycle outlives its use.
            self._kept = [_Callbacks(self._read_patch, self._read_old)]
            self._kept.append(ffi.new_handle(self._kept[0]))
        result = self._alone(lambda patch: function(patch, self._kept[1]))
        failure, self._kept[0].failure = self._kept[0].failure, None
        if failure is not None:
            raise failure
        return result

    def _alone(self, function: Callable[[Any], int]) -> int:
        """Run *function* unless another one runs already."""
        try:
            turn = self._turns.pop()
        except IndexError:
            raise MisuseError("a patch is read by one caller at a time") from None
        try:
            return function(self._patch)
        finally:
            self._turns.append(turn)

    def _check(self, result: int) -> None:
        if result != Result.OK:
            raise NativeError(Result(result), self._patch.header.version)


_allocate = ffi.new_allocator(should_clear_after_alloc=False)


class _Callbacks:
    """What the C callbacks reach through their handle."""

    def __init__(self, read_patch: Any, read_old: Any) -> None:
        self.read_patch = read_patch
        self.read_old = read_old
        self.failure: BaseException | None = None


_Function = TypeVar("_Function", bound=Callable[..., int])


def _called_by_c(error: int) -> Callable[[_Function], _Function]:
    """Bind a function to the C declaration of its name; *error* is for the impossible."""
    bind: Callable[[_Function], _Function] = ffi.def_extern(error=error, onerror=_keep)
    return bind


def _keep(_kind: type[BaseException], failure: BaseException, trace: Any) -> None:
    """An interrupt that came while C ran is raised before the first line of a callback."""
    ffi.from_handle(trace.tb_frame.f_locals["handle"]).failure = failure


@_called_by_c(error=0xFFFFFFFF)  # more than was asked for: C takes it as a failure
def read_patch_python(handle: Any, buffer: Any, size: int) -> int:
    """C asks for the next bytes of the patch."""
    callbacks: _Callbacks = ffi.from_handle(handle)
    try:
        data = callbacks.read_patch(size)
        if len(data) <= size:
            ffi.memmove(buffer, data, len(data))
        return len(data)
    except BaseException as failure:  # noqa: BLE001 - raised again as soon as C has returned
        callbacks.failure = failure
        return size + 1


@_called_by_c(error=1)
def read_old_python(handle: Any, offset: int, buffer: Any, size: int) -> int:
    """C asks for bytes of old."""
    callbacks: _Callbacks = ffi.from_handle(handle)
    try:
        data = callbacks.read_old(offset, size)
        if len(data) != size:
            return 1
        ffi.memmove(buffer, data, size)
    except BaseException as failure:  # noqa: BLE001 - raised again as soon as C has returned
        callbacks.failure = failure
        return 1
    return 0


class Creator:
    """A patch in the making, in slices.

    Args:
        old: the old image.
        new: the new image.
        profile: who the patch is for.
        effort: 0 for speed, 1 for size.
        memory_size: most bytes that the decoder has; 0 for as many as usual.
        sector_size: for updates in place: bytes that are erased at once; else 0.
        spare_size: for updates in place: bytes that old can be moved up.

    Raises:
        MemoryError: no memory, or an image over ``IMAGE_SIZE_MAX``.
    """

    def __init__(
        self,
        old: bytes,
        new: bytes,
        *,
        profile: Profile,
        effort: int,
        memory_size: int = 0,
        sector_size: int = 0,
        spare_size: int = 0,
    ) -> None:
        given = ffi.new("dfota_create_input *")
        self._kept = [ffi.from_buffer("uint8_t[]", old), ffi.from_buffer("uint8_t[]", new)]
        given.old_image, given.new_image = self._kept
        given.old_size, given.new_size = len(old), len(new)
        given.profile, given.effort, given.memory_size = int(profile), effort, memory_size
        given.sector_size, given.spare_size = sector_size, spare_size
        given.isas = 0xFFFFFFFF
        creator = lib.dfota_create_begin(given)
        if creator == ffi.NULL:
            raise MemoryError("no memory to make a patch")
        self._creator = ffi.gc(creator, lib.dfota_create_free)
        self._done = ffi.new("uint32_t *")
        self._size = ffi.new("size_t *")

    def plan(self, progress: Callable[[int, int], None]) -> None:
        """Decide what new is made of; *progress* is told (done, total).

        Raises:
            MemoryError: no memory.
            BaseException: whatever *progress* raised; the creator is of no more use.
        """
        reporter = _Reporter(progress)
        handle = ffi.new_handle(reporter)
        result = lib.create_plan(self._creator, handle)
        if reporter.failure is not None:
            raise reporter.failure
        if result != Result.OK:
            raise MemoryError("no memory to make a patch")

    def plan_like(self, planned: Creator) -> None:
        """Take over what *planned*, of the same images, has decided.

        Raises:
            MemoryError: no memory.
        """
        if lib.dfota_create_like(self._creator, planned._creator) != Result.OK:
            raise MemoryError("no memory to make a patch")

    def step(self, budget: int) -> int:
        """Code about *budget* bytes; returns how far it is, out of twice the size of new.

        Raises:
            MemoryError: no memory.
        """
        if lib.dfota_create_step(self._creator, budget, self._done) != Result.OK:
            raise MemoryError("no memory to make a patch")
        return int(self._done[0])

    def patch(self) -> bytes | None:
        """The patch, once it is complete."""
        patch = lib.dfota_create_patch(self._creator, self._size)
        return None if patch == ffi.NULL else bytes(ffi.buffer(patch, self._size[0]))


class _Reporter:
    """What the progress callback reaches through its handle."""

    def __init__(self, progress: Callable[[int, int], None]) -> None:
        self.progress = progress
        self.failure: BaseException | None = None


@_called_by_c(error=1)
def plan_progress_python(handle: Any, done: int, total: int) -> int:
    """C tells how far it is."""
    reporter: _Reporter = ffi.from_handle(handle)
    try:
        reporter.progress(done, total)
    except BaseException as failure:  # noqa: BLE001 - raised again as soon as C has returned
        reporter.failure = failure
        return 1
    return 0


ACCOUNT_STEP_SIZE = 1 << 16
"""Bytes of new between two reports of progress, and two chances to be interrupted."""


class Share(NamedTuple):
    """Bytes of new by where they come from, and what each kind costs, in bytes of patch."""

    copied: int
    predicted: int
    corrected: int
    literal: int
    kept_cost: float
    corrected_cost: float
    literal_cost: float


class Accounting:
    """A patch that is decoded to see what each of its bytes is for.

    Args:
        patch: the whole patch.
        old: the image that its header names; the caller has made sure of that.
        bin_count: how many equal parts of new get a share each.

    Raises:
        NativeError: the patch is not acceptable.
        MemoryError: there is less memory than it needs.
    """

    def __init__(self, patch: bytes, old: bytes, *, bin_count: int) -> None:
        result = ffi.new("dfota_result *")
        code = ffi.from_buffer("uint8_t[]", patch)
        image = ffi.from_buffer("uint8_t[]", old)
        self._kept = [code, image]
        self._bin_count = bin_count
        account = lib.dfota_account_begin(code, len(patch), image, bin_count, result)
        if account == ffi.NULL:
            if result[0] == Result.MEMORY:
                raise MemoryError("no memory to look into this patch")
            raise NativeError(Result(result[0]))
        self._account = ffi.gc(account, lib.dfota_account_free)

    @property
    def map_cost(self) -> float:
        """What segments and map cost, in bytes."""
        return _bytes(lib.dfota_account_map_cost(self._account))

    @property
    def shares(self) -> list[Share]:
        """One share for each segment, and the last for what lies in none."""
        count = lib.dfota_account_header(self._account).segment_count + 1
        return [_share(lib.dfota_account_shares(self._account)[i]) for i in range(count)]

    @property
    def bins(self) -> list[Share]:
        """One share for each of the equal parts of new."""
        shares = lib.dfota_account_bins(self._account)
        return [_share(shares[i]) for i in range(self._bin_count)]

    def run(self, progress: Callable[[int], None]) -> None:
        """Decode everything; *progress* is told how many bytes of new are done.

        Raises:
            NativeError: the patch or what it makes is damaged.
            BaseException: whatever *progress* raised.
        """
        done = ffi.new("uint32_t *")
        new_size = lib.dfota_account_header(self._account).new_size
        while True:
            result = lib.dfota_account_step(self._account, ACCOUNT_STEP_SIZE, done)
            if result != Result.OK:
                raise NativeError(Result(result))
            progress(done[0])
            if done[0] == new_size:
                return


def _bytes(cost: int) -> float:
    return cost / (8.0 * int(lib.DFOTA_ACCOUNT_BIT))


def _share(share: Any) -> Share:
    return Share(
        copied=share.copied,
        predicted=share.predicted,
        corrected=share.corrected,
        literal=share.literal,
        kept_cost=_bytes(share.kept_cost),
        corrected_cost=_bytes(share.corrected_cost),
        literal_cost=_bytes(share.literal_cost),
    )
