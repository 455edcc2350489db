"""Texts on the command line."""

from __future__ import annotations

import getpass
import os

import click


def text_option(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    """Refuse an empty text, and one that no topic can hold; an option's callback."""
    if value is None:
        return None
    if not value:
        raise click.BadParameter("give at least one character")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise click.BadParameter("is not valid UTF-8") from error
    return value


def current_user() -> str:
    """Return who runs the command; a user without a name, as in a container, by ID."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def printable(text: str) -> str:
    """Keep a shop's text from moving the cursor of a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)
