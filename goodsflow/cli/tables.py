"""Tables for a person."""

from __future__ import annotations

from collections.abc import Sequence

_WIDTH = 200
"""Where the output is no terminal, whose width would be taken."""


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; what is too long for the last column goes on below.

    Args:
        columns: Their names.
        rows: A cell for each column; what they hold is never read as markup.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column != columns[-1])
    for row in rows:
        table.add_row(*(Text(_printable(cell)) for cell in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    console.print(table)


def _printable(text: str) -> str:
    """Keep a shop's text from moving the cursor of a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)
