"""`goodsflow up`: start the native platform."""

from __future__ import annotations

import shutil
import signal
import sys
from types import FrameType

import click

from goodsflow.cli.context import Context


@click.command()
@click.option(
    "--port-offset",
    type=click.IntRange(min=0),
    show_default="0",
    help="Added to every port, to run a second platform.",
)
@click.pass_obj
def up(context: Context, port_offset: int | None) -> None:
    """Start every part and wait until all are ready.

    Parts that are already up keep running. Ctrl-C stops the parts that this command
    started.
    """
    from rich.console import Console

    from goodsflow.cli.status import print_statuses
    from goodsflow.deploy.native.launcher import up as bring_up
    from goodsflow.deploy.native.progress import Progress

    signal.signal(signal.SIGTERM, _interrupt)
    console = Console(stderr=True)
    try:
        with Progress(console) as progress:
            platform, statuses = bring_up(
                context.home, progress, port_offset=port_offset
            )
    except KeyboardInterrupt:
        click.echo("Interrupted. The parts that were started are stopped.", err=True)
        sys.exit(130)
    print_statuses(statuses)
    click.echo(f"\nThe platform is up ({progress.elapsed_seconds:.0f} s).\n")
    if shutil.which("goodsflow") is None:
        # `make up` runs it by its path, and the commands below would not be found.
        click.echo("  first            source .venv/bin/activate")
    click.echo(
        f"  Dagster          {platform.endpoints.dagster_url}\n"
        "  parts            goodsflow status\n"
        "  a part's log     goodsflow logs blocking -f\n"
        "  search           goodsflow search --name JKL\n"
        "  recommendations  goodsflow recommendations   (first in about a minute)\n"
        "  stop             make down\n"
    )


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
