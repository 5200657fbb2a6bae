# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota completion``: print the completion script of a shell, or put it where the shell looks.

Rule 1. In a file that is the person's own, only the lines between our two marks are ours.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from dfota.atomic import write_atomically
from dfota.cli.console import Console
from dfota.errors import FileUnreadableError, OutputError

SHELLS = ("bash", "zsh", "fish")
BEGIN, END = "# >>> dfota completion >>>", "# <<< dfota completion <<<"
_BASH_COMPLETION = (
    "/usr/share/bash-completion/bash_completion",
    "/usr/local/share/bash-completion/bash_completion",
    "/opt/homebrew/etc/profile.d/bash_completion.sh",
    "/usr/local/etc/profile.d/bash_completion.sh",
)
"""With one of them, bash finds completions in the person's own folder by itself."""
_RC_MAX_BYTES = 4_194_304

_SHELL = click.argument("shell", type=click.Choice(SHELLS), required=False)


@click.group()
def completion() -> None:
    """Print a shell completion script, or install it.

    For example:

    \b
        dfota completion install
        dfota completion install zsh
        dfota completion install --uninstall
        eval "$(dfota completion bash)"
    """  # noqa: D301 - click wants the backspace character itself


def _print_command(shell: str) -> click.Command:
    @click.command(shell, help=f"Print the completion script for {shell}.")
    @click.pass_obj
    def print_script(console: Console) -> None:
        text = script_for(shell)
        console.result({"shell": shell, "script": text}, text=text)

    return print_script


for _shell in SHELLS:
    completion.add_command(_print_command(_shell))


@completion.command()
@_SHELL
@click.option("--uninstall", is_flag=True, help="Remove what was installed.")
@click.pass_obj
def install(console: Console, shell: str | None, uninstall: bool) -> None:
    """Install the completion for SHELL, by default the one that you use.

    Writes one file where the shell looks for it, and where that is not enough some marked
    lines into your .zshrc or .bashrc; says what it wrote. Twice is as good as once.
    """
    shell = shell or detect_shell(os.environ)
    places = places_for(shell, os.environ, has_loader=any(map(os.path.exists, _BASH_COMPLETION)))
    change = _remove if uninstall else _install
    changed = change(shell, places)
    verb = "removed" if uninstall else "wrote"
    facts = {"shell": shell, verb: [str(path) for path in changed]}
    words = [f"{verb} {path}" for path in changed] or ["there was nothing to remove"]
    if not uninstall:
        words.append(f"open a new {shell}, and dfota completes")
    console.result(facts, text="\n".join(words))


# -- where ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Places:
    """Where the completion of one shell lies.

    Attributes:
        script: the file that is all ours.
        start_file: the file of the person that has to name it; ``None``: none has to.
    """

    script: Path
    start_file: Path | None = None


def detect_shell(environment: Mapping[str, str]) -> str:
    """The shell that the person uses.

    Raises:
        click.UsageError: it is none of ours, or not told.
    """
    name = os.path.basename(environment.get("SHELL", ""))
    if name not in SHELLS:
        found = f"your shell is {name!r}" if name else "SHELL is not set"
        raise click.UsageError(f"Say for which shell, {', '.join(SHELLS)}: {found}.")
    return name


def places_for(shell: str, environment: Mapping[str, str], *, has_loader: bool) -> Places:
    """Where the completion of *shell* belongs.

    Args:
        shell: one of ``SHELLS``.
        environment: variables.
        has_loader: whether bash loads completions of the person by itself.
    """
    home = Path.home()
    data = _folder(environment, "XDG_DATA_HOME", home / ".local" / "share")
    if shell == "fish":
        config = _folder(environment, "XDG_CONFIG_HOME", home / ".config")
        return Places(config / "fish" / "completions" / "dfota.fish")
    if shell == "zsh":
        # zsh has no folder of the person's own that it looks into.
        start_file = _folder(environment, "ZDOTDIR", home) / ".zshrc"
        return Places(data / "zsh" / "site-functions" / "_dfota", start_file)
    own = _folder(environment, "BASH_COMPLETION_USER_DIR", data / "bash-completion")
    return Places(own / "completions" / "dfota", None if has_loader else home / ".bashrc")


def _folder(environment: Mapping[str, str], name: str, default: Path) -> Path:
    value = environment.get(name, "")
    return Path(value) if os.path.isabs(value) else default


# -- what ----------------------------------------------------------------------------------


def script_for(shell: str) -> str:
    """The completion script for *shell*."""
    completion_class = get_completion_class(shell)
    if completion_class is None:
        raise click.UsageError(f"no completion for {shell}")
    root = click.get_current_context().find_root().command
    return completion_class(root, {}, "dfota", "_DFOTA_COMPLETE").source()


def start_lines(shell: str, script: Path) -> str:
    """What the start file of *shell* says between our marks."""
    quoted = "'" + str(script).replace("'", "'\\''") + "'"
    lines = [f"[ -r {quoted} ] && . {quoted}"]
    if shell == "zsh":
        lines.insert(0, "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }")
    return "\n".join([BEGIN, *lines, END]) + "\n"


def _install(shell: str, places: Places) -> list[Path]:
    changed = []
    try:
        places.script.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(str(places.script), error.strerror or str(error)) from error
    write_atomically(places.script, f"{script_for(shell)}\n".encode())
    changed.append(places.script)
    if places.start_file is not None:
        block = start_lines(shell, places.script)
        if _edit(places.start_file, lambda text: with_block(text, block)):
            changed.append(places.start_file)
    return changed


def _remove(_shell: str, places: Places) -> list[Path]:
    changed = []
    try:
        places.script.unlink()
        changed.append(places.script)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise OutputError(str(places.script), error.strerror or str(error)) from error
    start_file = places.start_file
    if start_file is None:  # a loader may have come since
        start_file = Path.home() / ".bashrc" if _shell == "bash" else None
    if start_file is not None and _edit(start_file, without_block):
        changed.append(start_file)
    return changed


def _edit(path: Path, change: Callable[[str], str]) -> bool:
    """Change the text of *path*, which keeps its permissions; gives whether it changed."""
    try:
        data = path.read_bytes() if path.exists() else b""
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
    except OSError as error:
        raise FileUnreadableError(str(path), error.strerror or str(error)) from error
    if len(data) > _RC_MAX_BYTES:
        raise FileUnreadableError(str(path), "it is too large for a start file of a shell")
    # Whatever it holds comes back as it was.
    text = data.decode(errors="surrogateescape")
    changed = change(text)
    if changed == text:
        return False
    write_atomically(path, changed.encode(errors="surrogateescape"), mode=mode)
    return True


def with_block(text: str, block: str) -> str:
    """*text* with *block*, in place of an older one."""
    rest = without_block(text)
    if rest and not rest.endswith("\n"):
        rest += "\n"
    return rest + block


def without_block(text: str) -> str:
    """*text* without what stands between our marks; as it is where a mark is missing."""
    begin = text.find(BEGIN)
    end = text.find(END, begin)
    if begin < 0 or end < 0:
        return text
    rest = text[end + len(END) :]
    return text[:begin] + rest.removeprefix("\n")
