# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota_account.h`` as a small Python class; like its neighbours it judges nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from dfota._native import NativeError, Result
from dfota._native._dfota import ffi, lib

STEP_SIZE = 1 << 16
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
            result = lib.dfota_account_step(self._account, STEP_SIZE, done)
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
