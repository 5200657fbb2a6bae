# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Lists of packages as others publish them: pages of links, and text; nothing is fetched here.

Rule 1. A link counts only if it leads to a file in the very folder of the page.
Rule 2. What a list says of a package is a hint; its size and revisions are not believed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from types import MappingProxyType
from urllib.parse import unquote, urljoin, urlsplit

from dfota.errors import MisuseError, UpdateListError
from dfota.host.update_names import NAME_MAX, revisions_in_name
from dfota.host.updates import Offer, Trust
from dfota.values import FirmwareVersion

LINKS_MAX = 8192
LINE_MAX = 1024

_SIZE = re.compile(r"(?:^|\s)([0-9]{1,12})(?:\s*bytes)?\s*$")
_BEGINNING_WITHOUT_END = re.compile(r"<(?![^<>]{1,2048}>)")
_LIST_FILE = re.compile(r"[A-Za-z0-9._+~%/-]+")


@dataclass(frozen=True, slots=True)
class Link:
    """A file that a page links to, and the size that stands behind the link."""

    name: str
    url: str
    size: int | None


def read_listing(page: str, base_url: str) -> tuple[Link, ...]:
    """The files that *page* (HTML, fetched from *base_url*) links to, each once, in their order."""
    reader = _Links()
    # The parser looks again and again for the end of what has none: such a beginning is none.
    reader.feed(_BEGINNING_WITHOUT_END.sub("", page))
    reader.close()
    found: dict[str, Link] = {}
    for target, behind in reader.links[:LINKS_MAX]:
        link = _link(target, behind, base_url)
        if link is not None:
            found.setdefault(link.name, link)
    return tuple(found.values())


class _Links(HTMLParser):
    """Collects the targets of links, with the text behind each."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self._in_link = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and len(self.links) < LINKS_MAX:
            target = dict(attrs).get("href")
            if target:
                self.links.append((target, ""))
                self._in_link = True

    def handle_endtag(self, tag: str) -> None:
        self._in_link = self._in_link and tag != "a"

    def handle_data(self, data: str) -> None:
        if self.links and not self._in_link:
            target, behind = self.links[-1]
            if len(behind) < LINE_MAX:
                self.links[-1] = (target, behind + data[:LINE_MAX])


def _link(target: str, behind: str, base_url: str) -> Link | None:
    try:
        base, url = urlsplit(base_url), urlsplit(urljoin(base_url, target))
        is_same = (base.scheme, base.netloc) == (url.scheme, url.netloc)
    except ValueError:
        return None
    folder = base.path.rpartition("/")[0] + "/"
    if not is_same or not url.path.startswith(folder):
        return None
    name = unquote(url.path[len(folder) :])
    if not name or "/" in name or not name.isprintable() or len(name) > NAME_MAX:
        return None
    size = _SIZE.search(behind.split("\n", maxsplit=1)[0])
    return Link(name, url._replace(fragment="").geturl(), int(size[1]) if size else None)


def offers_of_links(links: tuple[Link, ...], source: str) -> tuple[Offer, ...]:
    """The links whose names tell two revisions."""
    offers = []
    for link in links:
        revisions = revisions_in_name(link.name)
        if revisions is not None:
            offers.append(
                Offer(
                    name=link.name,
                    location=link.url,
                    is_remote=True,
                    old=revisions[0],
                    new=revisions[1],
                    size=link.size,
                    trust=Trust.NAME,
                    source=source,
                )
            )
    return tuple(offers)


_SIZES: Mapping[str, int] = MappingProxyType({})


def read_update_list(
    text: str,
    place: str,
    *,
    is_remote: bool,
    source: str,
    sizes: Mapping[str, int] = _SIZES,
) -> tuple[Offer, ...]:
    """The lines ``<current>:<new>:<delta file>`` of *text*.

    Args:
        text: the whole list; empty lines and those that begin with ``#`` say nothing.
        place: the folder of the list, or its URL.
        is_remote: whether *place* is a URL.
        source: what the list is called.
        sizes: of the files beside it, where they are known.

    Raises:
        UpdateListError: a line is none.
    """
    offers = []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if number > LINKS_MAX or len(stripped) > LINE_MAX:
            raise UpdateListError(source, number, "that is too much for a list of updates")
        parts = [part.strip() for part in stripped.split(":")]
        file = parts[-1]
        if len(parts) != 3 or not _LIST_FILE.fullmatch(file) or ".." in file.split("/"):
            raise UpdateListError(source, number, "it is not <current>:<new>:<file>")
        if file.startswith("/"):
            raise UpdateListError(source, number, f"{file} is not a file beside the list")
        try:
            old, new = FirmwareVersion(parts[0]), FirmwareVersion(parts[1])
        except MisuseError as error:
            raise UpdateListError(source, number, error.rule) from None
        offers.append(
            Offer(
                name=file.rpartition("/")[2],
                location=urljoin(place, file) if is_remote else f"{place}/{file}",
                is_remote=is_remote,
                old=old,
                new=new,
                size=sizes.get(file),
                trust=Trust.NAME,
                source=source,
            )
        )
    return tuple(offers)
