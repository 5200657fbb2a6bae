# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota completion``: print the completion script of a shell; installs nothing."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from dfota.cli.console import Console


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_obj
def completion(console: Console, shell: str) -> None:
    """Print the completion script for SHELL.

    For bash, put this line into ~/.bashrc:

        eval "$(dfota completion bash)"
    """
    completion_class = get_completion_class(shell)
    if completion_class is None:
        raise click.UsageError(f"no completion for {shell}")
    root = click.get_current_context().find_root().command
    script = completion_class(root, {}, "dfota", "_DFOTA_COMPLETE").source()
    console.result({"shell": shell, "script": script}, text=script)
