"""`goodsflow logs`: what a part has written."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import BinaryIO

import click

from goodsflow.cli.context import Context
from goodsflow.common.errors import GoodsflowError


@click.command()
@click.argument("part")
@click.option(
    "-f", "--follow", is_flag=True, help="Go on as the part writes; Ctrl-C ends."
)
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    help="How many last lines.",
)
@click.pass_obj
def logs(context: Context, part: str, follow: bool, lines: int) -> None:
    """Print the last lines of PART's log."""
    from goodsflow.deploy.native.home import Home

    path = Home(context.home).log(part)
    if not path.exists():
        known = sorted(p.stem for p in path.parent.glob("*.log"))
        raise GoodsflowError(
            f"There is no log of a part '{part}' in {path.parent}. "
            f"There are: {', '.join(known) or 'none; the platform never started here'}."
        )
    content = path.read_bytes()
    tail = content.splitlines(keepends=True)[-lines:] if lines else []
    click.echo(b"".join(tail), nl=False)
    if follow:
        try:
            _follow(path, len(content))
        except KeyboardInterrupt:
            return
    elif tail and not tail[-1].endswith(b"\n"):
        click.echo()


def _follow(path: Path, position: int) -> None:
    """Print what is added behind ``position``, and all of each new file."""
    while True:
        with path.open("rb") as file:
            file.seek(position)
            replaced = False
            while not replaced:
                # Asked before the read: the old file's end is not to be missed.
                replaced = _is_replaced(path, file)
                chunk = file.read()
                if chunk:
                    click.echo(chunk, nl=False)
                elif not replaced:
                    time.sleep(0.3)
        position = 0


def _is_replaced(path: Path, file: BinaryIO) -> bool:
    """Tell whether the supervisor has begun a new file, which it does every 10 MB."""
    try:
        now = path.stat()
    except FileNotFoundError:
        # The old file has been renamed, the new one is about to come.
        return False
    return now.st_ino != os.fstat(file.fileno()).st_ino or now.st_size < file.tell()
