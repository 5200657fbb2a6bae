# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What a handler gives back, and how handlers are bound to the catalogue; no handler here."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dfota.at import CmeError, CmsError, Command, FinalResult, Form, ResultCode
from dfota.errors import MisuseError

if TYPE_CHECKING:
    from dfota.modem.port import Port
    from dfota.modem.transfer import Transfer


@dataclass(frozen=True, slots=True)
class Reply:
    """The outcome of one command.

    Attributes:
        lines: information response, without CR and LF.
        result: ``OK`` lets the rest of the line run; anything else ends it.
        cost_s: what the command takes on hardware before it answers.
        transfer: the data mode that it enters; its end gives the result.
        pending: the command goes on: called with a function that ends it with a reply.
        effect: done when the command is over, before the next one of the line; the URCs that
            it causes on this port come behind the final result code.
        afterwards: done when the final result code of the whole line is out.
    """

    lines: tuple[str, ...] = ()
    result: FinalResult = ResultCode.OK
    cost_s: float = 0.0
    transfer: Transfer | None = None
    pending: Callable[[Callable[[Reply], None]], None] | None = field(default=None, compare=False)
    effect: Callable[[], None] | None = field(default=None, compare=False)
    afterwards: Callable[[], None] | None = field(default=None, compare=False)


OK = Reply()
ERROR = Reply(result=ResultCode.ERROR)

Handler = Callable[..., Reply]
"""Called with the port and the parameters of the form, by name."""

HANDLERS: dict[tuple[str, Form], Handler] = {}
"""(command's key, form) → handler; filled by ``handles`` when the handlers are imported."""


def information(*lines: str) -> Reply:
    """``OK`` after *lines*."""
    return Reply(lines)


def cme(number: int) -> Reply:
    """``+CME ERROR: <number>``."""
    return Reply(result=CmeError(number))


def cms(number: int) -> Reply:
    """``+CMS ERROR: <number>``."""
    return Reply(result=CmsError(number))


def handles(command: Command, form: Form) -> Callable[[Handler], Handler]:
    """Bind the decorated function to *form* of *command*.

    Raises:
        MisuseError: the command has no such form, the function's parameters are not the
            form's, or another function has it already.
    """
    parameters = command.parameters(form)
    if parameters is None:
        raise MisuseError(f"{command.name} has no {form.value} form")

    def bind(handler: Handler) -> Handler:
        wanted = [parameter.name for parameter in parameters]
        _, *actual = inspect.signature(handler).parameters  # the first is the port
        if actual != wanted:
            raise MisuseError(
                f"the handler of {command.name} ({form.value}) takes {actual}, not {wanted}"
            )
        key = (command.key, form)
        if key in HANDLERS:
            raise MisuseError(f"{command.key} ({form.value}) has two handlers")
        HANDLERS[key] = handler
        return handler

    return bind


def with_parameters(function: Handler, command: Command, form: Form = Form.WRITE) -> Handler:
    """Let *function*, which takes any keywords, have the parameters of *form* by name."""
    names = ["port", *(parameter.name for parameter in command.parameters(form) or ())]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter(name, kind) for name in names])
    function.__signature__ = signature  # type: ignore[attr-defined] # for inspect
    return function


def call(handler: Handler, port: Port, values: dict[str, int | str | None]) -> Reply:
    """Call *handler* with decoded parameters."""
    return handler(port, **values)
