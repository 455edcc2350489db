"""`goodsflow logs`: what a part has written."""

from __future__ import annotations

import time
from pathlib import Path

import click

from goodsflow.cli.context import Context
from goodsflow.errors import GoodsflowError


@click.command()
@click.argument("part")
@click.option(
    "-f", "--follow", is_flag=True, help="Go on as the part writes; Ctrl-C ends."
)
@click.option(
    "-n", "--lines", default=50, show_default=True, help="How many last lines."
)
@click.pass_obj
def logs(context: Context, part: str, follow: bool, lines: int) -> None:
    """Print the last lines of PART's log."""
    from goodsflow.local.home import Home

    path = Home(context.home).log(part)
    if not path.exists():
        known = sorted(p.stem for p in path.parent.glob("*.log"))
        raise GoodsflowError(
            f"There is no log of a part '{part}' in {path.parent}. "
            f"There are: {', '.join(known) or 'none; the platform never started here'}."
        )
    tail = path.read_text(errors="replace").splitlines()[-lines:] if lines else []
    click.echo("\n".join(tail))
    if follow:
        try:
            _follow(path)
        except KeyboardInterrupt:
            return


def _follow(path: Path) -> None:
    with path.open(errors="replace") as file:
        file.seek(0, 2)
        while True:
            chunk = file.read()
            if chunk:
                click.echo(chunk, nl=False)
                continue
            if not path.exists() or path.stat().st_size < file.tell():
                # The supervisor began a new file.
                return _follow(path)
            time.sleep(0.3)
