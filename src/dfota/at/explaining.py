# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Finds the number in what a person pastes, and says what it means where it stands.

The tables are in ``codes``, ``code_families`` and ``causes``; no meaning is decided here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dfota.at.causes import Cause, Place, causes_of
from dfota.at.code_families import (
    FAMILIES,
    Family,
    explain_file_error,
    explain_fota_error,
    explain_ftp_error,
    explain_http_error,
)
from dfota.at.codes import CME_ERRORS, CMS_ERRORS, HTTP_COMMAND_ERRORS

PASTED_MAX = 4096

_STAGES = {
    "HTTPEND": Place.HTTP,
    "HTTPSEND": Place.HTTP,
    "FTPEND": Place.FTP,
    "FILEEND": Place.FILE,
    "END": Place.FOTA,
}
_STAGE = re.compile(
    r'(?<![A-Z])"?(HTTPS?END|FTPEND|FILEEND|END)"?\s*[,: ]\s*([0-9]{1,5})(?![0-9])', re.IGNORECASE
)
_ERROR = re.compile(
    r"\bCM([ES])\b(?:\s*ERROR)?\s*:?\s*(?:([0-9]{1,5})(?![0-9])|([A-Za-z(][^\r\n\"]*))",
    re.IGNORECASE,
)
_BARE = re.compile(r"\s*([0-9]{1,5})\s*")
_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class CodeMeaning:
    """What a number means at one place in one family.

    Attributes:
        number: the number.
        place: where it stands.
        family: who says it so; ``None`` where all do (``+CME ERROR``, ``+CMS ERROR``).
        meaning: in the words of the manual.
        advice: one sentence for the person; may be empty.
        causes: what may have happened, the most likely first.
        source: the manual.
    """

    number: int
    place: Place
    family: Family | None
    meaning: str
    advice: str
    causes: tuple[Cause, ...]
    source: str

    @property
    def title(self) -> str:
        """As the module prints it."""
        if self.place is Place.CME:
            return f"+CME ERROR: {self.number}"
        if self.place is Place.CMS:
            return f"+CMS ERROR: {self.number}"
        stage = next(name for name, place in _STAGES.items() if place is self.place)
        return f"{stage},{self.number}"


def find_codes(text: str) -> tuple[tuple[Place | None, int], ...]:
    """The numbers in *text* with their places, in their order; ``None``: it is not told where.

    *text* may be a number, ``HTTPEND,702``, a whole line or several, as a module printed them.
    """
    text = text[:PASTED_MAX]
    if match := _BARE.fullmatch(text):
        return ((None, int(match[1])),)
    found: list[tuple[int, Place | None, int]] = [
        (match.start(), _STAGES[match[1].upper()], int(match[2]))
        for match in _STAGE.finditer(text)
        if not text[: match.start()].endswith("+QSCRUB: ")
    ]
    for match in _ERROR.finditer(text):
        place, table = (
            (Place.CME, CME_ERRORS) if match[1].upper() == "E" else (Place.CMS, CMS_ERRORS)
        )
        if match[2] is not None:
            found.append((match.start(), place, int(match[2])))
        else:
            number = _number_of(match[3], table)
            if number is not None:
                found.append((match.start(), place, number))
    return tuple(dict.fromkeys((place, number) for _, place, number in sorted(found, key=_first)))


def _first(found: tuple[int, Place | None, int]) -> int:
    return found[0]


def _number_of(words: str, table: Mapping[int, str]) -> int | None:
    """The number whose meaning is *words*, as with ``AT+CMEE=2``."""
    wanted = _WORD.sub(" ", words.lower()).strip()
    for number, meaning in table.items():
        if _WORD.sub(" ", meaning.lower()).strip() == wanted:
            return number
    return None


def explain_code(place: Place, number: int, family: Family = Family.BG96) -> CodeMeaning | None:
    """What *number* means at *place* in *family*; ``None`` where no manual says."""
    tables = FAMILIES[family]
    causes = causes_of(place, number, family)
    match place:
        case Place.CME | Place.CMS:
            errors = CME_ERRORS if place is Place.CME else CMS_ERRORS
            if number not in errors:
                return None
            source = "AT manual" if number not in HTTP_COMMAND_ERRORS else "HTTP manual"
            return CodeMeaning(number, place, None, errors[number], "", causes, source)
        case Place.HTTP:
            known, explain = tables.http, explain_http_error
        case Place.FTP:
            known, explain = tables.ftp, explain_ftp_error
        case Place.FILE:
            known, explain = tables.file, explain_file_error
        case Place.FOTA:
            known, explain = tables.upgrade, explain_fota_error
    if number not in known:
        return None
    told = explain(number, family)
    return CodeMeaning(number, place, family, told.meaning, told.advice, causes, tables.name)


def explain_everywhere(
    number: int, place: Place | None = None, family: Family = Family.BG96
) -> tuple[tuple[CodeMeaning, ...], tuple[CodeMeaning, ...]]:
    """What *number* means in *family*, at *place* or wherever; and what it means to others.

    Returns:
        The meanings that were asked for; and those with other words, at other places or in
        other families.
    """
    wanted: list[CodeMeaning] = []
    others: list[CodeMeaning] = []
    for other in (family, *(one for one in Family if one is not family)):
        for where in Place:
            meaning = explain_code(where, number, other)
            if meaning is None or (meaning.family is None and other is not family):
                continue
            if other is family and place in {None, where}:
                wanted.append(meaning)
            elif not any(
                (one.place, one.meaning) == (meaning.place, meaning.meaning)
                for one in (*wanted, *others)
            ):
                others.append(meaning)
    return tuple(wanted), tuple(others)
