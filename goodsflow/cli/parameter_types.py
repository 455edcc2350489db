"""Types, callbacks and defaults that several commands' options share."""

from __future__ import annotations

import getpass
import math
import os
from typing import Any

import click


class FiniteRange(click.FloatRange):
    """A range of numbers that excludes ``nan``, which passes any bound, and ``inf``."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number; anything else is a usage error."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


def require_text(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    """Reject an empty text, and one that cannot be encoded; an option's callback."""
    if value is None:
        return None
    if not value:
        raise click.BadParameter("must not be empty")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise click.BadParameter("is not valid UTF-8") from error
    return value


def current_user() -> str:
    """Return the name of the user who runs the command.

    A user without a name, as in a container, is named by ID.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


user_option = click.option(
    "--user",
    callback=require_text,
    default=current_user,
    show_default="you",
    help="The user's name in the request's event.",
)
"""Of a command that sends a user's request as an event."""
