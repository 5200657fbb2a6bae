# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the sources of updates: folders, pages, indexes, lists, packages; plans nothing.

Rule 1. What a source calls a package decides nothing: its content does, once it is at hand.
Rule 2. With trusted keys, only what one of them signed is offered; the rest is told as refused.
Rule 3. One source or package that is broken is told, and does not hide the others.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from dfota.errors import (
    DfotaError,
    DigestMismatchError,
    FileUnreadableError,
    MisuseError,
    PackageMismatchError,
    SignatureError,
)
from dfota.host.fetch import Fetch
from dfota.host.plan import PackageFacts
from dfota.host.update_lists import offers_of_links, read_listing, read_update_list
from dfota.host.update_names import revisions_in_name
from dfota.host.updates import Offer, Prefer, Refusal, Running, Trust, Updates, plan_updates
from dfota.package import (
    INDEX_FILE,
    LIMITS,
    Index,
    Package,
    PublicKey,
    parse,
    parse_index,
)
from dfota.values import Digest, FirmwareVersion

REVISION_MARK = "<REVISION>"
"""Stands in a URL for the revision that runs."""

LIST_MAX_BYTES = 4 * 1024 * 1024
FOLDER_MAX = 8192
"""Files of a folder that are looked at."""
DOWNLOADS_MAX = 32
"""Packages that are fetched to look into them, for one answer."""

_SUFFIXES = (".zip", ".bin")


@dataclass(slots=True)
class _Found:
    """What the sources gave so far."""

    offers: list[Offer] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class UpdatePackage:
    """A package at hand: what was offered, its bytes, and what its manifest says of them.

    Attributes:
        offer: as its content has it.
        data: the whole package.
        facts: ``None`` for a package of another maker, which tells nothing of itself.
    """

    offer: Offer
    data: bytes = field(repr=False)
    facts: PackageFacts | None


class UpdateSources:
    """Where updates are looked for.

    Args:
        sources: folders, files and URLs, as a person wrote them.
        fetch: fetches a URL.
        trusted: the keys whose signature counts; without any, nothing is verified.
    """

    def __init__(
        self, sources: Sequence[str], fetch: Fetch, *, trusted: Sequence[PublicKey] = ()
    ) -> None:
        self._sources = tuple(sources)
        self._fetch = fetch
        self._trusted = tuple(trusted)

    def find(self, running: Running, *, prefer: Prefer = Prefer.BYTES) -> Updates:
        """Read all sources and plan the paths from *running*.

        Raises:
            DfotaError: the only source cannot be read.
        """
        found = _Found()
        for source in self._sources:
            try:
                self._read(source, running, found)
            except DfotaError as error:
                if len(self._sources) == 1:
                    raise
                found.refused.append(Refusal(source, str(error), source))
        if self._trusted:
            self._look_into(running, found)
        return plan_updates(found.offers, running, prefer=prefer, refused=found.refused)

    def obtain(self, offer: Offer) -> UpdatePackage:
        """Get the package of *offer*, and prove that it is the one that was promised.

        Raises:
            FetchError: it cannot be fetched.
            FileUnreadableError: it cannot be read.
            DigestMismatchError: it is another one than the index says.
            PackageMismatchError: it is for other revisions or another model.
            PackageError: it is damaged, or nobody who is trusted signed it.
        """
        data = self._content(offer)
        actual = Digest.of(data)
        if offer.digest is not None and actual != offer.digest:
            raise DigestMismatchError(offer.name, offer.digest.value, actual.value)
        package = _parse(data)
        if package is None:
            if self._trusted and offer.trust is not Trust.VERIFIED:
                raise SignatureError(
                    f"{offer.name} is no dfota package, and no index vouches for it"
                )
            return UpdatePackage(replace(offer, size=len(data), digest=actual), data, None)
        verified_by = self._verified_by(package, offer)
        real = _offer_of(package, offer, data, trust=self._trust)
        for what, wanted, is_ in (
            ("revision", offer.old.text, real.old.text),
            ("new revision", offer.new.text, real.new.text),
            ("model", offer.model or real.model, real.model),
        ):
            if wanted != is_:
                raise PackageMismatchError(what, is_, wanted)
        facts = PackageFacts.of(package, len(data), verified_by)
        return UpdatePackage(real, data, facts)

    def _verified_by(self, package: Package, offer: Offer) -> tuple[str, ...]:
        """The trusted keys that signed *package*; none, where only the index vouches for it.

        Raises:
            PackageError: nobody who is trusted does.
        """
        if not self._trusted:
            return ()
        try:
            return tuple(key_id.hex() for key_id in package.verify(self._trusted).key_ids)
        except SignatureError:
            if offer.trust is Trust.VERIFIED and offer.digest is not None:
                return ()
            raise

    @property
    def _trust(self) -> Trust:
        return Trust.VERIFIED if self._trusted else Trust.CONTENT

    def _content(self, offer: Offer) -> bytes:
        if offer.is_remote:
            limit = LIMITS.package_size if offer.digest is None else offer.size
            return self._fetch(offer.location, limit or LIMITS.package_size).data
        return _read_file(Path(offer.location), LIMITS.package_size)

    # -- the kinds of sources ------------------------------------------------------------------

    def _read(self, source: str, running: Running, found: _Found) -> None:
        if REVISION_MARK in source:
            self._read_template(source, running, found)
        elif source.lower().startswith(("http://", "https://")):
            self._read_url(source, found)
        elif Path(source).is_dir():
            self._read_folder(source, found)
        else:
            self._read_file(source, found)

    def _read_template(self, source: str, running: Running, found: _Found) -> None:
        """Ask for the package that fits what runs; only its content tells where it leads."""
        url = source.replace(REVISION_MARK, running.revision.text)
        data = self._fetch(url, LIMITS.package_size).data
        self._take(data, url, source, found, is_remote=True)

    def _read_url(self, source: str, found: _Found) -> None:
        path = urlsplit(source).path
        if path.lower().endswith(_SUFFIXES):
            self._take(
                self._fetch(source, LIMITS.package_size).data, source, source, found, is_remote=True
            )
            return
        fetched = self._fetch(source, LIST_MAX_BYTES)
        if fetched.data.startswith(b"\x82"):
            self._take_index(parse_index(fetched.data), fetched.url, source, found)
            return
        text = fetched.data.decode("utf-8", "replace")
        if not text.lstrip().startswith("<"):
            found.offers += read_update_list(text, fetched.url, is_remote=True, source=source)
            return
        links = read_listing(text, fetched.url)
        index = next((link for link in links if link.name == INDEX_FILE), None)
        if index is not None:
            data = self._fetch(index.url, LIMITS.index_size).data
            self._take_index(parse_index(data), index.url, source, found)
            return
        offers = offers_of_links(links, source)
        named = {offer.name for offer in offers}
        found.offers += offers
        found.refused += [
            Refusal(link.name, "its name tells no two revisions", source)
            for link in links
            if link.name.lower().endswith(_SUFFIXES) and link.name not in named
        ]

    def _read_folder(self, source: str, found: _Found) -> None:
        folder = Path(source)
        names = _names_in(folder)
        promised: dict[str, Offer] = {}
        if INDEX_FILE in names:
            beside = _Found()
            try:
                index = parse_index(_read_file(folder / INDEX_FILE, LIMITS.index_size))
                self._take_index(index, source, source, beside)
                promised = {offer.name: offer for offer in beside.offers}
            except DfotaError as error:
                found.refused.append(Refusal(INDEX_FILE, str(error), source))
            found.refused += [one for one in beside.refused if one.name not in names]
        for name in names:
            if not name.lower().endswith(_SUFFIXES):
                continue
            try:
                data = _read_file(folder / name, LIMITS.package_size)
            except DfotaError as error:
                found.refused.append(Refusal(name, str(error), source))
                continue
            promise = promised.get(name)
            if promise is not None and promise.digest == Digest.of(data) and _is_foreign(data):
                found.offers.append(promise)
            else:
                self._take(data, str(folder / name), source, found, is_remote=False)

    def _read_file(self, source: str, found: _Found) -> None:
        path = Path(source)
        limit = LIMITS.package_size if source.lower().endswith(_SUFFIXES) else LIST_MAX_BYTES
        data = _read_file(path, limit)
        if data.startswith(b"\x82"):
            self._take_index(parse_index(data), str(path.parent), source, found)
        elif source.lower().endswith(_SUFFIXES) or data.startswith(b"PK"):
            self._take(data, source, source, found, is_remote=False)
        else:
            text = data.decode("utf-8", "replace")
            found.offers += read_update_list(text, str(path.parent), is_remote=False, source=source)

    # -- what a source holds -------------------------------------------------------------------

    def _take_index(self, index: Index, place: str, source: str, found: _Found) -> None:
        """Take the entries of an index that lies in *place*, a folder or its own URL.

        Raises:
            SignatureError: there are trusted keys, and none of them signed it.
        """
        if self._trusted:
            index.verify(self._trusted)
        is_remote = place.lower().startswith(("http://", "https://"))
        for entry in index.entries:
            promise = entry.promise
            offer = Offer(
                name=entry.file,
                location=urljoin(place, entry.file) if is_remote else f"{place}/{entry.file}",
                is_remote=is_remote,
                old=entry.old_revision,
                new=entry.new_revision,
                size=entry.size,
                digest=entry.digest,
                model=entry.model,
                trust=self._trust,
                source=source,
            )
            if promise is not None:
                offer = replace(
                    offer,
                    hardware=promise.hardware,
                    old_release=promise.old_release,
                    new_release=promise.new_release,
                    security_counter=promise.security_counter,
                    allows_downgrade=promise.allows_downgrade,
                )
            if not is_remote and not Path(offer.location).is_file():
                reason = "the index names it, but it is not there"
                found.refused.append(Refusal(entry.file, reason, source))
            else:
                found.offers.append(offer)

    def _take(
        self, data: bytes, location: str, source: str, found: _Found, *, is_remote: bool
    ) -> None:
        """Take one package by its content, or, if it is of another maker, by its name."""
        name = urlsplit(location).path.rpartition("/")[2] if is_remote else Path(location).name
        offer = partial(
            Offer,
            name=name,
            location=location,
            is_remote=is_remote,
            size=len(data),
            digest=Digest.of(data),
            source=source,
        )
        try:
            package = _parse(data)
            if package is None:
                old, new = self._revisions_of(name)
                found.offers.append(offer(old=old, new=new))
                return
            if self._trusted:
                package.verify(self._trusted)
        except DfotaError as error:
            found.refused.append(Refusal(name, str(error), source))
            return
        manifest = package.manifest
        blank = offer(old=manifest.old_revision, new=manifest.new_revision)
        found.offers.append(_offer_of(package, blank, data, trust=self._trust))

    def _revisions_of(self, name: str) -> tuple[FirmwareVersion, FirmwareVersion]:
        """What the name of a package of another maker tells.

        Raises:
            MisuseError: nothing.
            SignatureError: a name is not enough where there are trusted keys.
        """
        revisions = revisions_in_name(name)
        if revisions is None:
            raise MisuseError("it is no dfota package, and its name tells no two revisions")
        if self._trusted:
            raise SignatureError("it is no dfota package, and no index vouches for it")
        return revisions

    def _look_into(self, running: Running, found: _Found) -> None:
        """Fetch what may lie on a way from *running* and is known by name only; verify it."""
        named = [offer for offer in found.offers if offer.trust is Trust.NAME]
        found.offers = [offer for offer in found.offers if offer.trust is not Trust.NAME]
        reached, count = {running.revision}, 0
        waiting = named
        while waiting:
            near = [offer for offer in waiting if offer.old in reached]
            waiting = [offer for offer in waiting if offer.old not in reached]
            if not near:
                break
            for offer in near:
                count += 1
                if count > DOWNLOADS_MAX:
                    reason = f"more than {DOWNLOADS_MAX} packages would have to be looked into"
                    found.refused.append(Refusal(offer.name, reason, offer.source))
                    continue
                try:
                    real = self.obtain(offer).offer
                except DfotaError as error:
                    found.refused.append(Refusal(offer.name, str(error), offer.source))
                    continue
                found.offers.append(real)
                reached.add(real.new)
            reached |= {offer.new for offer in found.offers if offer.old in reached}


def _offer_of(package: Package, like: Offer, data: bytes, *, trust: Trust) -> Offer:
    manifest = package.manifest
    return replace(
        like,
        old=manifest.old_revision,
        new=manifest.new_revision,
        size=len(data),
        digest=Digest.of(data),
        model=manifest.model,
        hardware=manifest.hardware,
        old_release=manifest.old_release,
        new_release=manifest.new_release,
        security_counter=manifest.security_counter,
        allows_downgrade=manifest.allows_downgrade,
        trust=trust,
    )


def _parse(data: bytes) -> Package | None:
    """The package, or ``None`` for one of another maker, which nobody but its module can read.

    Raises:
        PackageError: it is ours, and damaged.
    """
    if _is_foreign(data):
        return None
    return parse(data)


def _is_foreign(data: bytes) -> bool:
    # The profile of our container begins with its only possible first entry.
    return data[:4] != b"PK\x03\x04" or b"manifest.cbor" not in data[:64]


def _names_in(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as found:
            names = [one.name for one in found if not one.name.startswith(".") and one.is_file()]
    except OSError as error:
        raise FileUnreadableError(str(folder), error.strerror or str(error)) from error
    if len(names) > FOLDER_MAX:
        raise FileUnreadableError(str(folder), f"it has more than {FOLDER_MAX} files")
    return sorted(names)


def _read_file(path: Path, limit: int) -> bytes:
    try:
        if not path.is_file():
            reason = "there is no such file" if not path.exists() else "it is not a regular file"
            raise FileUnreadableError(str(path), reason)
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise FileUnreadableError(str(path), error.strerror or str(error)) from error
    if len(data) > limit:
        raise FileUnreadableError(str(path), f"it has more than {limit} bytes")
    return data
