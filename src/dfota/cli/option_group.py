# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Gives a command a group of options that it receives as one value; no option is in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
Option = Callable[[Any], Any]
"""What ``click.option`` and ``click.argument`` give."""


def option_group(
    command: F,
    options: Sequence[Option],
    *,
    name: str,
    names: Sequence[str],
    make: Callable[[Mapping[str, Any]], Any],
) -> F:
    """Give *command* the *options*, in this order; it is called with all of them as one value.

    Args:
        command: below it, other decorators may have put options of their own.
        options: the group.
        name: of the parameter that *command* takes.
        names: of the values that click passes for the group.
        make: makes the one value of them.
    """

    def parse(**given: Any) -> Any:
        value = make({one: given.pop(one) for one in names})
        return command(**{name: value}, **given)

    parse.__name__ = command.__name__
    parse.__doc__ = command.__doc__
    parse.__click_params__ = list(getattr(command, "__click_params__", []))  # type: ignore[attr-defined]
    decorated: Any = parse
    for option in reversed(options):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]
