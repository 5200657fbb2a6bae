# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""How large images and patches may be; the numbers come from the format, not from taste."""

from __future__ import annotations

from dfota import _native

IMAGE_SIZE_MAX = _native.IMAGE_SIZE_MAX
"""Largest old or new image of patch format 2, in bytes (1 GiB)."""

PATCH_SIZE_MAX = 2 * IMAGE_SIZE_MAX
"""More than any creator writes for the largest image; nothing longer needs to be read."""
