"""JSON for machines."""

from __future__ import annotations

import json
from typing import Any

import click


def echo_json(document: Any, indent: int | None = 2) -> None:
    """Print a document as ``json_text`` writes it."""
    click.echo(json_text(document, indent))


def json_text(document: Any, indent: int | None = None) -> str:
    """Write a document; what no terminal should get stays spelt with a backslash.

    JSON on a topic can spell half a character, and what moves a cursor, and somebody
    writes it.
    """
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    return "\n".join(map(_spelt, text.split("\n")))


def _spelt(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(
        char if char.isprintable() else json.dumps(char)[1:-1] for char in line
    )
