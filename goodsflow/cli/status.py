"""`goodsflow status`: how each part is."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from goodsflow.cli.context import Context

if TYPE_CHECKING:
    from goodsflow.local.status import PartStatus

_STYLES = {"ready": "green", "starting": "yellow", "failed": "red", "stopped": "dim"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status(context: Context, as_json: bool) -> None:
    """Show each part: state, memory, restarts, address, and why it is not ready.

    The exit status is 1 where a part is not ready.
    """
    from goodsflow.local.launcher import open_platform

    statuses = open_platform(context.home).status()
    if as_json:
        parts = [part.as_json() for part in statuses]
        click.echo(json.dumps({"parts": parts}, ensure_ascii=False, indent=2))
    else:
        print_table(statuses)
    if any(part.state != "ready" for part in statuses):
        sys.exit(1)


def print_table(statuses: Sequence[PartStatus]) -> None:
    """Print the parts as a table, with their memory in all."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in ("PART", "STATE", "PID", "MEMORY", "RESTARTS", "ADDRESS", "REASON"):
        right = name in {"PID", "MEMORY", "RESTARTS"}
        table.add_column(
            name,
            justify="right" if right else "left",
            overflow="fold",
            no_wrap=name != "REASON",
        )
    for part in statuses:
        table.add_row(
            part.name,
            Text(part.state, style=_STYLES[part.state]),
            str(part.pid or ""),
            _mebibytes(part.rss_bytes) if part.pid else "",
            str(part.restarts) if part.pid else "",
            part.address,
            Text(part.reason),
        )
    total = sum(part.rss_bytes for part in statuses)
    table.add_row("in all", "", "", _mebibytes(total), "", "", "")
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(table)


def _mebibytes(size: int) -> str:
    return f"{size / 1024**2:.0f} MiB"
