# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Why a patch is refused; it judges nothing itself."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - not an error of dfota: the answer of an oracle
    """The patch is refused; *result* is the reason as docs/spec/patch-format.md names it."""

    def __init__(self, result: str) -> None:
        super().__init__(result)
        self.result = result
