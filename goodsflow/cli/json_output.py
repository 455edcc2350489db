"""JSON output, for programs that call a command."""

from __future__ import annotations

import json
from typing import Any

import click


def echo_json(document: Any, indent: int | None = 2) -> None:
    """Print a document as ``json_text`` formats it."""
    click.echo(json_text(document, indent))


def json_text(document: Any, indent: int | None = None) -> str:
    """Return a document as JSON, with non-printable characters escaped.

    A card can contain lone surrogates, which cannot be encoded, and control
    characters, which would move a terminal's cursor.
    """
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    return "\n".join(map(_escaped, text.split("\n")))


def _escaped(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(
        char if char.isprintable() else json.dumps(char)[1:-1] for char in line
    )
