# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the guide leaves open and what differs between modules: settings and overlays of them.

Each setting carries its meaning and its evidence, each overlay is a list of differences
with theirs; ``docs/reference/modem-settings.md`` is generated from both. No behaviour here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, get_type_hints

from dfota.at import FILE_ERRORS
from dfota.errors import MisuseError
from dfota.modem.profiles.boot import BOOT_LINES, BootSettings
from dfota.modem.profiles.download import DownloadSettings
from dfota.modem.profiles.files import FileSettings, FlashLayout, UploadTimeout
from dfota.modem.profiles.http import HttpSettings
from dfota.modem.profiles.identity import IdentitySettings
from dfota.modem.profiles.kin import OVERLAYS
from dfota.modem.profiles.messages import MessageProfile
from dfota.modem.profiles.network import NetworkSettings
from dfota.modem.profiles.overlay import Difference, Overlay
from dfota.modem.profiles.ports import PortLineSettings
from dfota.modem.profiles.upgrade import (
    BusyAnswer,
    MissingPackage,
    QfotadlForm,
    ResumeStart,
    UpgradeSettings,
)
from dfota.modem.setting import Setting, text_of
from dfota.modem.surroundings import parse_access_points, parse_technologies
from dfota.values import Imei

__all__ = [
    "BG96",
    "FILE_PARAMETER_ERRORS",
    "OVERLAYS",
    "PROFILES",
    "URC_PORTS",
    "BusyAnswer",
    "Difference",
    "FlashLayout",
    "MissingPackage",
    "Overlay",
    "Profile",
    "QfotadlForm",
    "ResumeStart",
    "Setting",
    "UploadTimeout",
    "base_of",
    "differences_of",
    "profile_named",
    "reference",
    "settings",
    "summary_of",
    "text_of",
    "with_settings",
]

FILE_PARAMETER_ERRORS = (0, *FILE_ERRORS)

URC_PORTS = ("usbat", "usbmodem", "uart1")
"""AT manual V2.3, 2.25: the ports that can print URCs."""


@dataclass(frozen=True, kw_only=True)
class Profile(
    # The reference lists the settings of the last base first.
    MessageProfile,
    PortLineSettings,
    BootSettings,
    FileSettings,
    IdentitySettings,
    NetworkSettings,
    HttpSettings,
    DownloadSettings,
    UpgradeSettings,
):
    """The settings of one kind of module; the defaults are a BG96 after the guide.

    Raises:
        MisuseError: a number is outside its range.
    """

    def __post_init__(self) -> None:
        for setting in settings():
            value = getattr(self, setting.name)
            if isinstance(value, (int, float)) and not 0 <= value <= 2**31:
                raise MisuseError(f"{setting.name} must not be negative or absurd, not {value}")
        if not 1 <= self.https_default_port <= 65535:
            raise MisuseError(f"https_default_port is 1 to 65535, not {self.https_default_port}")
        if self.file_parameter_error not in FILE_PARAMETER_ERRORS:
            raise MisuseError(
                "file_parameter_error is 0 or a code of the FILE manual, "
                f"not {self.file_parameter_error}"
            )
        for name, largest in (("ssl_version", 4), ("ssl_seclevel", 2), ("ssl_ignore_time", 1)):
            if getattr(self, name) > largest:
                raise MisuseError(f"{name} is 0 to {largest}, not {getattr(self, name)}")
        if self.sms_first_index > 1 or max(self.sms_me_total, self.sms_sm_total) > 99:
            raise MisuseError("a message storage has at most 99 places, counted from 0 or 1")
        if self.urc_port not in URC_PORTS:
            raise MisuseError(f"urc_port is one of {', '.join(URC_PORTS)}, not {self.urc_port!r}")
        for lines in ("updating_lines", "downloading_lines"):
            if getattr(self, lines) > 100:
                raise MisuseError(f"{lines} is at most 100, not {getattr(self, lines)}")
        words = self.boot_lines.split(",")
        if not set(words) <= set(BOOT_LINES) or len(set(words)) < len(words):
            raise MisuseError(f"boot_lines are some of {', '.join(BOOT_LINES)}, each once")
        for setting in settings():
            value = getattr(self, setting.name)
            if isinstance(value, str) and (
                not (value.isascii() and value.isprintable()) or '"' in value
            ):
                raise MisuseError(f"{setting.name} must be printable ASCII without a quote")
        if self.imei:
            Imei(self.imei)
        parse_technologies(self.rat)
        parse_technologies(self.technologies)
        parse_access_points(self.network_apn)


def settings() -> Iterator[Setting]:
    """Every setting, in the order of the reference."""
    kinds = get_type_hints(Profile)
    for entry in fields(Profile):
        facts = entry.metadata
        yield Setting(
            entry.name, kinds[entry.name], entry.default, facts["meaning"], facts["evidence"]
        )


def with_settings(profile: Profile, assignments: Iterable[str]) -> Profile:
    """Change *profile* by ``KEY=VALUE`` texts.

    Raises:
        MisuseError: not of that form, an unknown key, or a value of another kind.
    """
    known = {setting.name: setting for setting in settings()}
    changes: dict[str, Any] = {}
    for assignment in assignments:
        key, sign, text = assignment.partition("=")
        if not sign:
            raise MisuseError(f"a profile setting is KEY=VALUE, not {assignment!r}")
        setting = known.get(key.strip().replace("-", "_"))
        if setting is None:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise MisuseError(
                f"there is no profile setting {key!r}; {hint}'dfota modem settings' lists all"
            )
        changes[setting.name] = setting.parse(text.strip())
    return replace(profile, **changes)


def reference() -> str:
    """The text of ``docs/reference/modem-settings.md``."""
    lines = [
        "# Settings of the virtual module",
        "",
        "<!-- Generated from src/dfota/modem/profiles/ by `dfota modem settings --markdown`. -->",
        "",
        "The guide leaves some things open, and real modules differ. Each such thing is a setting of the",
        "profile `bg96`: `dfota modem run … --profile-set KEY=VALUE`. *Evidence* says where the default",
        "comes from; where it says “not documented”, measure your own module and set what it does.",
        "Other modules are listed behind the table, each as what differs from the one it lies over.",
        "",
        "| Setting | Values | Default | Meaning | Evidence |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| `{setting.name}` | {setting.allowed} | {_shown(setting.default)} "
        f"| {setting.meaning} | {setting.evidence} |"
        for setting in settings()
    ]
    for overlay in OVERLAYS:
        lines += [
            "",
            f"## `{overlay.name}`",
            "",
            f"{overlay.summary} It lies over `{overlay.base}`, and differs in:",
            "",
            "| Setting | Value | Source |",
            "|---|---|---|",
        ]
        lines += [
            f"| `{entry.setting}` | {_shown(entry.value)} | {entry.source} |"
            for entry in overlay.differences
        ]
    return "\n".join(lines) + "\n"


def _shown(value: object) -> str:
    return f"`{text_of(value)}`" if text_of(value) else "empty"


_SUMMARY = "BG96 after the DFOTA guide V1.1: the default."


def summary_of(name: str) -> str:
    """One sentence about a profile."""
    return next((entry.summary for entry in OVERLAYS if entry.name == name), _SUMMARY)


def base_of(name: str) -> str:
    """The profile that it lies over, or nothing."""
    return next((entry.base for entry in OVERLAYS if entry.name == name), "")


def differences_of(name: str) -> tuple[Difference, ...]:
    """What differs from the profile below it."""
    return next((entry.differences for entry in OVERLAYS if entry.name == name), ())


BG96 = Profile()
"""A BG96 as the DFOTA guide V1.1 describes it."""


def _overlaid() -> Mapping[str, Profile]:
    profiles = {"bg96": BG96}
    for overlay in OVERLAYS:
        changes = {entry.setting: entry.value for entry in overlay.differences}
        profiles[overlay.name] = replace(profiles[overlay.base], **changes)
    return MappingProxyType(profiles)


PROFILES = _overlaid()
"""Name on the command line → profile."""


def profile_named(name: str) -> Profile:
    """The profile *name*, e.g. ``bg96``.

    Raises:
        MisuseError: there is none of that name.
    """
    try:
        return PROFILES[name.lower()]
    except KeyError:
        raise MisuseError(
            f"there is no profile {name!r}; there are {', '.join(PROFILES)}"
        ) from None
