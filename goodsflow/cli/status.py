"""`goodsflow status`: show the state of each part."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from goodsflow.cli.context import Context
from goodsflow.cli.json_output import echo_json

if TYPE_CHECKING:
    from goodsflow.deploy.native.status import PartStatus

_STYLES = {
    "ready": "green",
    "starting": "yellow",
    "failed": "red",
    "stopped": "bright_black",
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status(context: Context, as_json: bool) -> None:
    """Show the state of each part.

    Shows state, process ID, memory, restarts and address, and why a part is not ready.
    The exit status is 1 if a part is not ready.
    """
    from goodsflow.deploy.native.platform import open_platform

    statuses = open_platform(context.home).status()
    if not context.home.exists():
        click.echo(f"No platform was started in {context.home} yet.", err=True)
    if as_json:
        parts = [part.as_json() for part in statuses]
        echo_json({"parts": parts})
    else:
        print_statuses(statuses)
    if any(part.state != "ready" for part in statuses):
        sys.exit(1)


def print_statuses(statuses: Sequence[PartStatus]) -> None:
    """Print the parts as a table, with their total memory."""
    from goodsflow.cli.tables import print_table

    rows = [
        (
            part.name,
            part.state,
            str(part.pid or ""),
            _mebibytes(part.rss_bytes) if part.pid else "",
            str(part.restarts) if part.pid else "",
            part.address,
            part.reason,
        )
        for part in statuses
    ]
    total = sum(part.rss_bytes for part in statuses)
    print_table(
        ("PART", "STATE", "PID", "MEMORY", "RESTARTS", "ADDRESS", "REASON"),
        [*rows, ("total", "", "", _mebibytes(total), "", "", "")],
        right={"PID", "MEMORY", "RESTARTS"},
        styles=_STYLES,
    )


def _mebibytes(size: int) -> str:
    return f"{size / 1024**2:.0f} MiB"
