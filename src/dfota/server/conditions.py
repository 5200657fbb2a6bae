# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Range and conditional requests of RFC 9110, as far as Starlette leaves them to us; no I/O.

Starlette's file response answers ranges, but it refuses a whole request for one range it
cannot satisfy, and answers 400 where the RFC wants the field to be ignored. So the field is
brought into a plain form first, which Starlette and the RFC read alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

MAX_RANGES = 100
"""More ranges than this in one request look like an attack: the whole file is sent."""

_RANGE_SPEC = re.compile(r"(\d{1,19})-(\d{0,19})|-(\d{1,19})", re.ASCII)
_ENTITY_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def plain_range(field: str, size: int) -> str | None:
    """The Range field *field*, as a list of satisfiable ranges of a file of *size* bytes.

    Returns:
        None where the RFC wants the field to be ignored (another unit, bad syntax, too many
        ranges); a range behind the end where none can be satisfied (416).
    """
    unit, equals, specs = field.partition("=")
    if not equals or unit.strip().lower() != "bytes":
        return None
    elements = [element.strip(" \t") for element in specs.split(",")]
    elements = [element for element in elements if element]  # RFC 9110 5.6.1: empty ones
    if not elements or len(elements) > MAX_RANGES:
        return None
    ranges = []
    for element in elements:
        match = _RANGE_SPEC.fullmatch(element)
        if match is None:
            return None
        first, last, suffix = match.groups()
        if suffix is not None:
            start, end = max(size - int(suffix), 0), size - 1
        else:
            start, end = int(first), min(int(last or size), size - 1)
            if last and int(last) < start:
                return None
        if start <= end:
            ranges.append(f"{start}-{end}")
    return f"bytes={','.join(ranges) if ranges else f'{size}-'}"


def refused_by_condition(headers: Mapping[str, str], etag: str, modified: str) -> int | None:
    """The status that the request's conditions lead to, or None to go on (RFC 9110 13.2.2).

    Args:
        headers: of the request, names in lower case.
        etag: the strong entity tag of the file.
        modified: its Last-Modified field.
    """
    if_match = headers.get("if-match")
    if if_match is not None:
        if not _lists(if_match, etag, strong=True):
            return 412
    elif _is_newer(modified, headers.get("if-unmodified-since")):
        return 412
    if_none_match = headers.get("if-none-match")
    if if_none_match is not None:
        return 304 if _lists(if_none_match, etag, strong=False) else None
    since = headers.get("if-modified-since")
    if since is not None and _is_newer(modified, since) is False:
        return 304
    return None


def _lists(field: str, etag: str, *, strong: bool) -> bool:
    """Whether the entity tags of *field* contain *etag*."""
    if field.strip() == "*":
        return True
    return any(tag == etag and not (strong and weak) for weak, tag in _ENTITY_TAG.findall(field))


def _is_newer(modified: str, since: str | None) -> bool | None:
    """Whether *modified* is later than *since*; None where *since* is no date."""
    if since is None:
        return None
    try:
        return parsedate_to_datetime(modified) > parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return None
