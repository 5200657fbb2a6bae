# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The root of the command tree and the only place where an error becomes an exit code.

Commands are loaded when they are called, so that ``dfota --help`` stays fast; the table
below must name every command with its one-line help.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import importlib
import os
import signal
import sys
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from dfota import __version__
from dfota.cli.console import Console, ReaderLeftError
from dfota.cli.exit_codes import ExitCode, exit_code_for
from dfota.errors import DfotaError, MisuseError, OutputError

_COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("dfota.cli.demo:demo", "Upgrade a virtual BG96 in one terminal, power cut included."),
    "delta": ("dfota.cli.delta:delta", "Make, apply and look into patches."),
    "key": ("dfota.cli.key:key", "Make the keys that sign and verify packages."),
    "package": ("dfota.cli.package:package", "Build, show, verify and apply packages."),
    "serve": ("dfota.cli.serve:serve", "Host packages over HTTP and HTTPS."),
    "ports": (
        "dfota.cli.ports:ports",
        "List serial ports, what answers there, and who holds them.",
    ),
    "info": ("dfota.cli.info:info", "Tell everything that a module says about itself."),
    "check": ("dfota.cli.check:check", "Say whether a module is ready for an upgrade."),
    "upgrade": ("dfota.cli.upgrade:upgrade", "Take a module through a whole upgrade."),
    "updates": ("dfota.cli.updates:updates", "Find updates for a module, and the way to each."),
    "cert": ("dfota.cli.cert:cert", "Place, list and remove certificates in a module."),
    "efs": ("dfota.cli.efs:efs", "List, fetch, place and remove files of a module."),
    "at": ("dfota.cli.terminal:at", "Talk to a module: a terminal, or lines of a script."),
    "explain": ("dfota.cli.explain:explain", "Say what an error code means, and what to try."),
    "modem": ("dfota.cli.modem:modem", "Run a virtual BG96."),
    "completion": ("dfota.cli.completion:completion", "Install or print shell completion."),
}
"""Name → (module:attribute, short help), in the order in which ``--help`` shows them."""


class LazyGroup(click.Group):
    """A group that imports a command only when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in table order."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in _COMMANDS:
            return None
        target = _COMMANDS[cmd_name][0]
        module_name, attribute = target.split(":")
        command = getattr(importlib.import_module(module_name), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{target} is not a command")
        _accept_console_options(command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer names from the table, importing nothing, and the options."""
        found = [
            CompletionItem(name, help=short)
            for name, (_, short) in _COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may have been meant."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else " 'dfota --help' lists them."
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the table without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in _COMMANDS.items()])


def _set_json(ctx: click.Context, _option: click.Parameter, chosen: bool) -> None:
    ctx.ensure_object(Console).as_json |= chosen


def _set_quiet(ctx: click.Context, _option: click.Parameter, chosen: bool) -> None:
    ctx.ensure_object(Console).quiet |= chosen


def _accept_console_options(command: click.Command) -> None:
    """Let every command take ``--json`` and ``--quiet`` too: people put them anywhere."""
    if isinstance(command, click.Group):
        for child in command.commands.values():
            _accept_console_options(child)
    taken = {name for option in command.params for name in option.opts}
    for names, callback, text in (
        (["--json"], _set_json, "Print the result as JSON, for machines."),
        (["-q", "--quiet"], _set_quiet, "No notes and no progress on stderr."),
    ):
        if taken.isdisjoint(names):
            command.params.append(
                click.Option(names, is_flag=True, expose_value=False, callback=callback, help=text)
            )


@click.group(
    cls=LazyGroup,
    epilog="Start with 'dfota demo'. Every command explains itself with --help.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="dfota")
@click.option("--json", "as_json", is_flag=True, help="Print results as JSON, for machines.")
@click.option("-q", "--quiet", is_flag=True, help="No notes and no progress on stderr.")
@click.pass_context
def cli(ctx: click.Context, as_json: bool, quiet: bool) -> None:
    """Delta firmware upgrades over the air, from two images to an upgraded module."""
    ctx.obj = Console(as_json=as_json, quiet=quiet)


def run(argv: list[str] | None = None) -> int:
    """Run the command line *argv* (default: the process's own) and return its exit code.

    The only place where an exception becomes an exit code. A ``DfotaError`` becomes one
    sentence; anything else is a defect and keeps its traceback.
    """
    console = Console(as_json="--json" in (sys.argv[1:] if argv is None else argv))
    try:
        result = cli.main(args=argv, prog_name="dfota", standalone_mode=False)
    except DfotaError as error:
        console.error(error)
        return exit_code_for(error)
    except click.ClickException as error:
        if console.as_json:
            console.error(MisuseError(error.format_message()))
        else:
            error.show()
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt) as error:
        if isinstance(error.__cause__, EOFError):
            raise error.__cause__ from None  # click takes any EOFError for Ctrl-D
        by_sigterm = isinstance(error, _Terminated) or isinstance(error.__cause__, _Terminated)
        with contextlib.suppress(OSError):  # after SIGHUP the terminal is gone
            click.echo("terminated" if by_sigterm else "interrupted", err=True)
        return ExitCode.TERMINATED if by_sigterm else ExitCode.INTERRUPTED
    except ReaderLeftError:
        _forget_stdout()
        return ExitCode.OK
    except OSError as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            # click ends the line that "^C" stands on; the terminal is gone.
            is_terminated = isinstance(error.__context__, _Terminated)
            return ExitCode.TERMINATED if is_terminated else ExitCode.INTERRUPTED
        if error.errno != errno.ENOSPC:
            raise
        _forget_stdout()
        console.error(OutputError("standard output", "no space left on device"))
        return ExitCode.OUTPUT
    return result if isinstance(result, int) else ExitCode.OK


class _Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP: everything that tidies up after Ctrl-C tidies up after it, too."""


def _terminate(_number: int, _frame: object) -> NoReturn:
    raise _Terminated


def _forget_stdout() -> None:
    """Point stdout elsewhere, so that the interpreter's flush at exit does not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def main() -> NoReturn:
    """Run the process's own command line and end the process."""
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, _terminate)
    sys.exit(run())
