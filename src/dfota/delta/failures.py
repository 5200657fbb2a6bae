# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Turn what the C code answers into the errors of this room; nothing is decided twice."""

from __future__ import annotations

from dfota import _native
from dfota._native import NativeError, Result
from dfota.errors import DeltaError, PatchCorruptError, PatchFormatError, PatchVersionError

_REASONS: dict[Result, str] = {
    Result.LIMIT: f"its header names a size over its limit ({_native.IMAGE_SIZE_MAX} for images)",
    Result.HEADER: "its header fails its check",
    Result.TRUNCATED: "it ends too early",
    Result.RANGE: "it points outside the images",
    Result.CODE: "its coded stream is invalid",
    Result.TRAILING: "bytes follow its end",
    Result.DIGEST: "what it produces does not have the digest that its header promises",
    Result.IO: "it or the old image could not be read",
    Result.MEMORY: "it needs more memory than it names",
    Result.UNSUPPORTED: "it is of a kind that this build cannot apply",
    Result.STATE: "it already failed",
}


def error_for(failure: NativeError) -> DeltaError:
    """The error of ``dfota.errors`` that says what *failure* means."""
    if failure.result is Result.FORMAT:
        return PatchFormatError("it does not begin with the bytes df 4f 54 41")
    if failure.result is Result.VERSION:
        return PatchVersionError(failure.version, _native.FORMAT_VERSION)
    return PatchCorruptError(_REASONS.get(failure.result, failure.result.name))
