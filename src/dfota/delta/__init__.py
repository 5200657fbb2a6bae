# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Patches: make one from two images, apply one, look into one; it knows no file and no flash."""

from __future__ import annotations

from dfota.delta.accounting import Account, Share, account
from dfota.delta.applying import PatchReader, apply
from dfota.delta.creating import InPlace, Profile, generate
from dfota.delta.inspecting import PatchBlock, PatchInfo, PatchSegment, inspect
from dfota.delta.limits import IMAGE_SIZE_MAX, PATCH_SIZE_MAX

__all__ = [
    "IMAGE_SIZE_MAX",
    "PATCH_SIZE_MAX",
    "Account",
    "InPlace",
    "PatchBlock",
    "PatchInfo",
    "PatchReader",
    "PatchSegment",
    "Profile",
    "Share",
    "account",
    "apply",
    "generate",
    "inspect",
]
