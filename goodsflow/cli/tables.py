"""Tables on a terminal or in a file."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Mapping, Sequence

import click
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from goodsflow.cli.formatting import printable

_GAP = "  "
_MAX_CELL_WIDTH = 60
"""The width of each column but the last, at most."""

_MIN_LAST_WIDTH = 30
"""The width that must remain for the last column to be wrapped within it."""


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Collection[str] = (),
    styles: Mapping[str, str] | None = None,
) -> None:
    """Print a table.

    Rich's own table would drop or cut columns to fit the terminal, so that half a
    number looks like a whole one. Here, a row that is too long continues on the next
    line. A cell of over 60 characters is cut and ends with "…", except in the last
    column, which is always complete and is wrapped within itself if there is room.

    Args:
        columns: Their names.
        rows: A cell for each column, never interpreted as markup.
        right: The columns that are aligned to the right.
        styles: On a terminal, the colour of cells with these texts.
    """
    cells = [list(columns), *([printable(cell) for cell in row] for row in rows)]
    for row in cells:
        row[:-1] = [_shortened(cell) for cell in row[:-1]]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    before = sum(widths[:-1]) + len(_GAP) * (len(widths) - 1)
    room = _terminal_width() - before
    is_folded = room >= _MIN_LAST_WIDTH
    for row in cells:
        *first, last = row
        parts = _folded(last, room) if is_folded else [last]
        shown = [
            _aligned(cell, width, name in right)
            for cell, width, name in zip(first, widths, columns, strict=False)
        ]
        if styles:
            shown = [
                text.replace(cell, click.style(cell, fg=styles[cell]), 1)
                if cell in styles
                else text
                for text, cell in zip(shown, first, strict=True)
            ]
        click.echo(_GAP.join([*shown, parts[0]]).rstrip())
        for part in parts[1:]:
            click.echo(" " * before + part)


def _terminal_width() -> int:
    """Return the width at which lines are wrapped: without a terminal, none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize


def _folded(cell: str, width: int) -> list[str]:
    lines = Text(cell).wrap(Console(width=width), width, overflow="fold")
    return [line.plain.rstrip() for line in lines] or [""]


def _aligned(cell: str, width: int, to_the_right: bool) -> str:
    return (
        " " * (width - cell_len(cell)) + cell
        if to_the_right
        else set_cell_size(cell, width)
    )


def _shortened(cell: str) -> str:
    return (
        cell
        if cell_len(cell) <= _MAX_CELL_WIDTH
        else set_cell_size(cell, _MAX_CELL_WIDTH - 1) + "…"
    )
