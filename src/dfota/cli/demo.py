# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota demo``: tells the whole road in one terminal; what happens is in ``story``."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import click

from dfota.cli.console import Advance, Console, styled
from dfota.cli.story import Audience, Outcome, Script, tell
from dfota.cli.upgrade_display import UpgradeDisplay
from dfota.errors import InputError, OutputError, ReleaseError
from dfota.flash import CutMode
from dfota.host import CheckResult, HostEvent, Identified, Phase, PhaseEntered
from dfota.modem import CutReport, Speed
from dfota.package import Release, load_release
from dfota.server import Download

_OLD, _NEW = "01.018", "01.019"
_OLD_REVISION, _NEW_REVISION = "BG96MAR02A07M1G_01.018.01.018", "BG96MAR02A07M1G_01.019.01.019"
_PATH = click.Path(path_type=Path)
DEFAULT_CUT_PERCENT = "38"
"""With the example firmware, a place where the module is programming a page."""

_LANDED = {
    CutMode.BEFORE: "nothing of it landed",
    CutMode.HEAD: "half of it landed",
    CutMode.TAIL: "all but its first byte landed",
    CutMode.AFTER: "it landed, unknown to the module",
}
_TOLD_PHASES = {Phase.DOWNLOADING, Phase.UPDATING, Phase.RESTORING, Phase.REBOOTING}


def _cut_percent(_ctx: click.Context, _option: click.Parameter, text: str) -> int | None:
    """Read a percent of RESTORE, or none."""
    if text == "none":
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 99):
        raise click.BadParameter(f"{text!r} is neither a percent from 1 to 99 nor none")
    return int(text)


@click.command()
@click.option("--old", type=_PATH, metavar="RELEASE", help="What the module runs at first.")
@click.option("--new", type=_PATH, metavar="RELEASE", help="What it shall run.")
@click.option("--power-cut", callback=_cut_percent, default=DEFAULT_CUT_PERCENT, show_default=True,
              metavar="PERCENT|none", help="Where in RESTORE the power is cut.")  # fmt: skip
@click.option("--speed", default="2", show_default=True, metavar="FACTOR|max",
              help="How much faster than hardware the module is.")  # fmt: skip
@click.option("--keep", type=_PATH, metavar="DIR",
              help="Leave everything in this new directory.  [default: a temporary one]")  # fmt: skip
@click.pass_obj
def demo(
    console: Console,
    *,
    old: Path | None,
    new: Path | None,
    power_cut: int | None,
    speed: str,
    keep: Path | None,
) -> None:
    """Upgrade a virtual BG96 in one terminal, with a power cut in the middle.

    Makes a signed delta package from two releases, hosts it over HTTPS, boots a virtual
    BG96, sends it AT+QFOTADL, cuts its power in RESTORE, watches it recover, and proves
    that it runs the new firmware. A release is a directory with a firmware.toml, or a
    single image file; without --old and --new it is the example firmware.

    For example:

    \b
        dfota demo
        dfota demo --old old.bin --new new.bin --power-cut 80
    """  # noqa: D301 - click wants the backspace character itself
    if (old is None) != (new is None):
        raise click.UsageError("--old and --new go together.")
    pace = Speed.parse(speed)
    before, after = _load(old, _OLD, _OLD_REVISION), _load(new, _NEW, _NEW_REVISION)
    if before.digest == after.digest:
        raise InputError("the old and the new release are the same; there is nothing to show")
    script = Script(old=before, new=after, folder=_folder(keep), cut_percent=power_cut, speed=pace)
    try:
        with _Narrator(console) as narrator:
            outcome = tell(script, narrator)
    except BaseException:
        console.note(f"what was made so far is left in {script.folder}")
        raise
    console.result(outcome.to_facts(), text=_summary(script, outcome))


def _load(path: Path | None, example: str, revision: str) -> Release:
    if path is None:
        return load_release(_examples() / example)
    return load_release(path) if path.is_dir() else load_release(path, revision=revision)


def _examples() -> Path:
    """The example releases: inside an installed dfota, or in the checkout it runs from."""
    here = Path(__file__).resolve()
    for place in (here.parent / "demo_releases", here.parents[3] / "examples/firmware/releases"):
        if place.is_dir():
            return place
    raise ReleaseError(
        "the example firmware", "it is not part of this installation; use --old and --new"
    )


def _folder(keep: Path | None) -> Path:
    try:
        if keep is None:
            return Path(tempfile.mkdtemp(prefix="dfota-demo-"))
        keep.mkdir(parents=True)
    except FileExistsError:
        raise OutputError(str(keep), "it is there already", "Choose a new name.") from None
    except OSError as error:
        raise OutputError(str(keep), error.strerror or str(error)) from error
    return keep


class _Narrator(Audience):
    """Tells the story on stderr."""

    def __init__(self, console: Console) -> None:
        self._console = console
        # The one JSON object of the demo is its summary: events stay out of stdout.
        self._display = UpgradeDisplay(Console(quiet=console.quiet or console.as_json))
        self._bars = ExitStack()
        self._advance: Advance | None = None
        self._url = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._end_bar()
        self._display.close()

    def building(self, done: int, total: int) -> None:
        """Show the bar of the delta."""
        if self._advance is None:
            self._advance = self._bars.enter_context(self._console.progress("delta", total))
        self._advance(done)

    def built(self, package: Path, size: int, full_size: int, key_id: str) -> None:
        """Say what was built."""
        self._end_bar()
        self._say(
            "package",
            f"{package.name}, {size:,} bytes instead of {full_size:,}, signed by {key_id[:8]}…",
        )

    def serving(self, url: str) -> None:
        """Say where it is."""
        self._url = url
        self._say("server", url)
        self._say("module", "a virtual BG96 boots")

    def running(self, port: str, revision: str) -> None:
        """Say what runs."""
        self._say("module", f"{port} runs {revision}")

    def downloading(self, download: Download) -> None:
        """Move the bar of the download; the module itself is silent in this phase."""
        self._display.downloaded(download.sent_bytes, download.total_bytes)

    def power_lost(self, report: CutReport) -> None:
        """Say what the cut hit."""
        self._display.close()
        name = f"{'POWER CUT':<10}"
        if self._console.is_interactive:
            name = styled(name, fg="red", bold=True)
        self._console.note(f"{name} {_hit(report)}")

    def upgrading(self, event: HostEvent) -> None:
        """Show the host's view."""
        match event:
            case Identified() | CheckResult():
                return
            case PhaseEntered(Phase.STARTING):
                self._display.close()
                self._say("host", f'AT+QFOTADL="{self._url}"')
        self._display.show(event)

    def _say(self, who: str, what: str) -> None:
        self._console.note(f"{who:<10} {what}")

    def _end_bar(self) -> None:
        self._bars.close()
        self._advance = None


def _hit(report: CutReport) -> str:
    """Where the cut fell, in one line of a narrow terminal."""
    place = f"at {report.percent} % of {report.phase.upper()}"
    operation = report.operation
    if operation is None or operation.cut is None:
        return f"{place}, between two flash operations"
    what = f"{operation.kind.value} in sector {operation.sector}"
    return f"{place}: {what}, {_LANDED[operation.cut]}"


def _summary(script: Script, outcome: Outcome) -> str:
    before, after = outcome.digests_before, outcome.digests_after
    names = list(dict.fromkeys((*before, *after)))
    width = max(map(len, names))
    rows = [
        f"  {name:<{width}}  {before.get(name, '-')[:16]:<16}  {after.get(name, '-')[:16]:<16}"
        + ("" if before.get(name) != after.get(name) else "  unchanged")
        for name in names
    ]
    share = 100 * outcome.package_bytes / outcome.full_image_bytes
    times = ", ".join(
        f"{entry.phase.value} {entry.seconds:.1f} s"
        for entry in outcome.upgraded.phases
        if entry.phase in _TOLD_PHASES
    )
    sent = (
        f"{outcome.package_bytes:,} bytes, "
        f"{share:.1f} % of the {outcome.full_image_bytes:,} of the full images"
    )
    return "\n".join(
        [
            "",
            f"upgraded    {outcome.upgraded.revision_before} → {outcome.upgraded.revision_after}",
            f"sent        {sent}",
            f"times       {times}",
            f"power cut   {_hit(outcome.cut) if outcome.cut else 'none'}",
            f"proof       {outcome.upgraded.proof}",
            "digests     before and after, read from the module's flash",
            *rows,
            f"transcript  {outcome.transcript}",
        ]
    )
