# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the guide leaves open and what differs between units: settings; no behaviour here.

Each setting carries its meaning and its evidence; ``docs/reference/modem-settings.md`` is
generated from them and a test holds the two together.
"""

# ruff: noqa: FBT003, RUF009 - _setting is dataclasses.field, its first argument the default
from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from typing import Any, get_type_hints

from dfota.at import FILE_ERRORS, PercentStyle
from dfota.errors import MisuseError
from dfota.values import Imei


class ResumeStart(Enum):
    """Whether START is printed when an interrupted RESTORE goes on."""

    AS_STARTED = "as-started"
    ALWAYS = "always"
    NEVER = "never"


class MissingPackage(Enum):
    """What ``AT+QFOTADL=1`` does without a package."""

    END_505 = "end-505"
    ERROR = "error"


class BusyAnswer(Enum):
    """What a command gets while UPDATING or RESTORE runs."""

    SILENT = "silent"
    ERROR = "error"
    NORMAL = "normal"


class UploadTimeout(Enum):
    """How an upload ends when the host stops sending."""

    ERROR_421 = "error-421"
    RESULT = "result"


def _setting(default: Any, meaning: str, evidence: str) -> Any:
    return field(default=default, metadata={"meaning": meaning, "evidence": evidence})


_GUIDE = "DFOTA guide V1.1, "
_AT = "AT manual V2.3, "
_FILE = "FILE manual V1.0"
_OPEN = "not documented for BG96; "


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The settings of one kind of module; the defaults are a BG96 after the guide.

    Raises:
        MisuseError: a number is outside its range.
    """

    # -- the upgrade -------------------------------------------------------------------
    percent_style: PercentStyle = _setting(
        PercentStyle.SPACE_PERCENT,
        "Spelling of the percentage in `UPDATING` and `RESTORE` lines.",
        _GUIDE + 'examples 4.1 and 4.2 print `"UPDATING", 1%`; the syntax block has no `%`',
    )
    resume_percent_style: PercentStyle = _setting(
        PercentStyle.PERCENT,
        "The same, for `RESTORE` lines after a power cut.",
        _GUIDE + 'notes of 3.1.1 and 3.1.2 print `"RESTORE",1%`',
    )
    resume_start: ResumeStart = _setting(
        ResumeStart.AS_STARTED,
        "Whether `START` comes before `RESTORE` after a power cut; `as-started`: only "
        "where the upgrade was started by `AT+QFOTADL=1`.",
        _GUIDE + "the note of 3.1.1 (URL) has no `START`, the note of 3.1.2 (local) has one",
    )
    start_before_check: bool = _setting(
        True,
        "Print `START` before the package is checked, so before `END,506` and `END,511`.",
        _OPEN + "the guide shows `START` directly after the download",
    )
    missing_package: MissingPackage = _setting(
        MissingPackage.END_505,
        "What `AT+QFOTADL=1` does when `/fota/update.zip` is not there.",
        _OPEN + "the guide's table has 505 (package does not exist), so the job must begin",
    )
    reboot_before_start: bool = _setting(
        False,
        "Restart once between the download and `START`, as modules with Linux do.",
        _GUIDE + "figure 1 shows one restart, at the end",
    )
    delete_package_on_failure: bool = _setting(
        False,
        "Remove the package also after an upgrade that failed (after success it always goes).",
        "vendor SDK example: removed on success only",
    )
    repeat_end_after_cut: bool = _setting(
        False,
        "Print `END,0` after the next boot when power failed between the last step of "
        "`RESTORE` and `END`.",
        _OPEN + "vendor test suites see it on modules with Linux",
    )
    urc_gap_ms: int = _setting(
        1000,
        "Pause before the last URC, `END`, milliseconds.",
        _OPEN + "fwupd loses `END` when it comes in one read with the last percentage",
    )
    restart_gap_ms: int = _setting(
        500, "Pause between `END,0` and the restart, milliseconds.", _OPEN + "an assumption"
    )
    busy_answer: BusyAnswer = _setting(
        BusyAnswer.SILENT,
        "What commands get while `UPDATING` or `RESTORE` runs; during the download they are "
        "always answered.",
        _OPEN + "modules with Linux are in a recovery system without AT then",
    )
    accept_unquoted_url: bool = _setting(
        False, "Take `AT+QFOTADL=<url>` without quotes.", _OPEN + "one driver writes it so"
    )
    # -- the download ------------------------------------------------------------------
    https_default_port: int = _setting(
        443,
        "Port of an `https` URL without a number.",
        _GUIDE
        + "3.1.1 says 80 for both schemes (set 80 for that); vendor SDK and real servers: 443",
    )
    max_package_bytes: int = _setting(
        0,
        "Largest package that is downloaded (else 708); 0: whatever the file system has room for.",
        _OPEN + "the guide has code 708 and no figure",
    )
    connect_attempts: int = _setting(
        6, "How often a connection is tried before 702.", "vendor SDK sample: 6"
    )
    connect_timeout_s: float = _setting(
        54.0,
        "Patience with one connection attempt, TLS included, seconds.",
        "log of a real BG96: 702 came about 6 minutes after the command",
    )
    connect_retry_s: float = _setting(
        6.0, "Pause between two attempts, seconds.", "vendor SDK sample: session timeout 6000 ms"
    )
    data_timeout_s: float = _setting(
        60.0, "Silence of the server after which 704 is reported, seconds.", _OPEN + "an assumption"
    )
    download_timeout_s: float = _setting(
        1800.0,
        "Longest download before 704, seconds.",
        _OPEN + "clients give it 300 to 3600 s",
    )
    downlink_kbit_s: float = _setting(
        375.0,
        "Downlink of the radio at speed 1, kbit/s; 0: unlimited.",
        "specification sheet: LTE Cat M1 375 kbit/s, EDGE 296, GPRS 107, Cat NB1 32",
    )
    tls_server_name: bool = _setting(
        False, "Send the server's name in the TLS handshake (SNI).", "vendor SDK sample: none sent"
    )
    tls_check_dates: bool = _setting(
        False,
        "Refuse certificates outside their dates (only with `fota_cacert.pem`).",
        "vendor SDK sample: dates not checked",
    )
    tls_check_name: bool = _setting(
        False,
        "Refuse a certificate for another name (only with `fota_cacert.pem`).",
        "vendor SDK sample: names not checked",
    )
    user_agent: str = _setting(
        "QUECTEL_MODULE",
        "`User-Agent` of the request.",
        _OPEN + "the HTTP manual shows it for `AT+QHTTPGET`",
    )
    keep_fota_apn: bool = _setting(
        True,
        'Keep `AT+QCFGEXT="fota_apn"` over restarts and without power.',
        _OPEN + "one vendor's tool resets it after each upgrade, so it seems to be kept",
    )
    # -- the network -------------------------------------------------------------------
    sim_inserted: bool = _setting(
        True,
        "Whether there is a SIM card; without one: error 10, no SIM lines at boot, no network.",
        "simulation only; " + _AT + "2.23 shows the error, nothing shows the boot",
    )
    operator: str = _setting(
        "Telstra Mobile Telstra",
        "Operator in `AT+COPS?`; BG96 prints long and short name together.",
        _GUIDE + "example 4.1",
    )
    operator_number: str = _setting(
        "50501", "Operator in numeric format.", "simulation only (Telstra)"
    )
    access_technology: int = _setting(
        8, "`<AcT>`: 0 GSM, 8 LTE Cat M1, 9 LTE Cat NB1.", _GUIDE + "example 4.1"
    )
    rssi: int = _setting(26, "`<rssi>` of `AT+CSQ`.", _GUIDE + "example 4.1")
    ber: int = _setting(99, "`<ber>` of `AT+CSQ`.", _GUIDE + "example 4.1")
    creg_stat: int = _setting(1, "`<stat>` of `+CREG` when registered.", "log of a real BG96")
    cgreg_stat: int = _setting(
        4, "`<stat>` of `+CGREG` when registered (4 while on LTE).", _GUIDE + "example 4.1"
    )
    cereg_stat: int = _setting(1, "`<stat>` of `+CEREG` when registered.", _GUIDE + "example 4.1")
    area_code: str = _setting("FFFE", "`<lac>` and `<tac>`.", _AT + "example of 9.8")
    cell_id: str = _setting("82E76B2", "`<ci>`.", _AT + "example of 9.8")
    network_apn: str = _setting(
        "",
        "The only APN that the network accepts for the download (else 702); empty: any.",
        "simulation only",
    )
    register_s: float = _setting(
        2.0, "Time from `AT+CFUN=1` or boot to registration, seconds.", "simulation only"
    )
    supply_mv: int = _setting(3800, "Supply voltage of `AT+CBC`, millivolts.", "simulation only")
    # -- identity ----------------------------------------------------------------------
    manufacturer: str = _setting("Quectel", "First line of `ATI`.", _AT + "2.1")
    imei: str = _setting(
        "",
        "IMEI of a factory-new module; empty: one of its own, made from the place of its state.",
        "simulation only",
    )
    imsi: str = _setting("460023210226023", "IMSI of the SIM card.", _AT + "5.1")
    iccid: str = _setting("89860025128306012474", "Number of the SIM card.", _AT + "5.6")
    answer_qgmr_read_form: bool = _setting(
        True, "Answer `AT+QGMR?` like `AT+QGMR`.", "ModemManager asks so; not in the manual"
    )
    application_ready_s: float = _setting(
        0.0,
        "Seconds from `RDY` in which `AT+QGMR` ends in `.00.000`, the application's version "
        "being unknown yet.",
        "ModemManager asks up to 16 times, a second apart; a real BG96 showed `_01.018.00.000`",
    )
    # -- files -------------------------------------------------------------------------
    ufs_total_bytes: int = _setting(
        14_483_456, "Size of the file system.", _FILE + " 2.1 and a real unit"
    )
    ufs_reserved_bytes: int = _setting(
        1_495_616,
        "Part of it that is never free.",
        _FILE + " 2.1: a module without files has 12,987,840 bytes free",
    )
    list_prefix: bool = _setting(
        False, "Print `UFS:` before the names in `AT+QFLST`.", _FILE + " 2.2: no prefix"
    )
    eufs_paths: bool = _setting(
        True,
        'Accept `"EUFS:/datatx/…"` and `"EUFS:/fota/…"`; false: error 425.',
        "answer of the vendor's support; old firmware: 425",
    )
    ack_on_exact_kb: bool = _setting(
        True,
        "In ACK mode, send the last `A` when the size is a multiple of 1024.",
        "fwupd expects it; " + _FILE + " 2.4 does not show the case",
    )
    checksum_upper_case: bool = _setting(
        False,
        "Print the checksum of `+QFUPL` and `+QFDWL` in capitals.",
        _FILE + " 3.1 has both, `B34A` and `613e`; fwupd reads small letters only",
    )
    checksum_leading_zeros: bool = _setting(
        False,
        "Print the checksum with four digits always.",
        _OPEN + "the manual's examples have four anyway",
    )
    upload_timeout: UploadTimeout = _setting(
        UploadTimeout.ERROR_421,
        "What ends an upload that stalls: error 421, or `+QFUPL` with what came and `OK`; the "
        "file stays in both cases.",
        _FILE + " 2.4: the data mode ends; code 421 is its time out, but no example shows it",
    )
    file_parameter_error: int = _setting(
        425,
        "Number of the error for a parameter of a file command that is missing, malformed or "
        "out of range; 0: plain `ERROR`.",
        _FILE + " chapter 2: any error is a `+CME ERROR`; a real BG96 said 425 to an unknown "
        "storage, 400 would fit as well",
    )
    ignore_garbage_after_upload: bool = _setting(
        True,
        "Drop bytes from 0x7F between commands, without echo; false: they are echoed and are "
        "part of the line.",
        "fwupd pads the last block of an upload with 0xFF; what a BG96 does is not documented",
    )
    # -- ports, power, time ------------------------------------------------------------
    urc_port: str = _setting(
        "usbat",
        "Port for URCs of a factory-new module: `usbat`, `usbmodem`, `uart1`. A module with "
        "only one port open prints them there.",
        _AT + "2.25",
    )
    echo_flush_immediately: bool = _setting(
        True,
        "Send the echo of a line as a write of its own, before the line is executed; false: "
        "in one write with the answer.",
        _OPEN + "fwupd accepts an echo only in a read of its own",
    )
    command_line_max_bytes: int = _setting(
        2048, "Longest command line; a longer one is answered by ERROR.", _OPEN + "at least 512"
    )
    boot_s: float = _setting(
        4.9, "Time from power-on to `RDY`, seconds.", "hardware design V1.3: UART active"
    )
    boot_line_gap_ms: int = _setting(
        400, "Pause between two boot lines, milliseconds.", "boot log of a real BG96"
    )
    power_off_s: float = _setting(
        2.0, "Time from `AT+QPOWD` to `POWERED DOWN`, seconds.", "hardware design V1.3"
    )
    power_on_after_s: float = _setting(
        2.0, "Time from an armed power cut to power-on, seconds.", "simulation only"
    )
    wait_floor_s: float = _setting(
        5.0,
        "Shortest patience with host and server in real seconds, however fast the speed.",
        "simulation only",
    )

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
        if self.urc_port not in URC_PORTS:
            raise MisuseError(f"urc_port is one of {', '.join(URC_PORTS)}, not {self.urc_port!r}")
        for setting in settings():
            value = getattr(self, setting.name)
            if isinstance(value, str) and (
                not (value.isascii() and value.isprintable()) or '"' in value
            ):
                raise MisuseError(f"{setting.name} must be printable ASCII without a quote")
        if self.imei:
            Imei(self.imei)


FILE_PARAMETER_ERRORS = (0, *FILE_ERRORS)

URC_PORTS = ("usbat", "usbmodem", "uart1")
"""AT manual V2.3, 2.25: the ports that can print URCs."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the reference: what can be set and why the default is what it is."""

    name: str
    kind: type
    default: Any
    meaning: str
    evidence: str

    @property
    def allowed(self) -> str:
        """The values, for a person."""
        if issubclass(self.kind, Enum):
            return ", ".join(f"`{member.value}`" for member in self.kind)
        return {bool: "`true`, `false`", int: "integer", float: "number", str: "text"}[self.kind]

    @property
    def default_text(self) -> str:
        """The default as it is written on the command line."""
        return _text_of(self.default)

    def parse(self, text: str) -> Any:
        """Turn the *text* of a command line into a value.

        Raises:
            MisuseError: it is of another kind.
        """
        wrong = MisuseError(f"{self.name} takes {self.allowed.replace('`', '')}, not {text!r}")
        try:
            if self.kind is bool:
                return {
                    "true": True,
                    "on": True,
                    "1": True,
                    "false": False,
                    "off": False,
                    "0": False,
                }[text.lower()]
            return self.kind(text)
        except (KeyError, ValueError):
            raise wrong from None


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
        "<!-- Generated from src/dfota/modem/profile.py by `dfota modem settings --markdown`. -->",
        "",
        "The guide leaves some things open, and real modules differ. Each such thing is a setting of the",
        "profile `bg96`: `dfota modem run … --profile-set KEY=VALUE`. *Evidence* says where the default",
        "comes from; where it says “not documented”, measure your own module and set what it does.",
        "",
        "| Setting | Values | Default | Meaning | Evidence |",
        "|---|---|---|---|---|",
    ]
    for setting in settings():
        default = f"`{setting.default_text}`" if setting.default_text else "empty"
        lines.append(
            f"| `{setting.name}` | {setting.allowed} | {default} "
            f"| {setting.meaning} | {setting.evidence} |"
        )
    return "\n".join(lines) + "\n"


def _text_of(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


BG96 = Profile()
"""A BG96 as the DFOTA guide V1.1 describes it."""

PROFILES = {"bg96": BG96}
