"""JSON for machines."""

from __future__ import annotations

import json
from typing import Any

import click


def echo_json(document: Any, indent: int | None = 2) -> None:
    """Print a document; what UTF-8 cannot write stays spelt with a backslash.

    JSON on a topic can spell half a character, and somebody writes it.
    """
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    click.echo(text.encode("utf-8", "backslashreplace").decode())
