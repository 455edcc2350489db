"""`goodsflow logs`: print the log of a part."""

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
    "-f", "--follow", is_flag=True, help="Keep printing new lines, until Ctrl-C."
)
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    help="How many lines to print.",
)
@click.pass_obj
def logs(context: Context, part: str, follow: bool, lines: int) -> None:
    """Print the last lines of a part's log.

    `goodsflow status` lists the parts.

    \b
    Examples:
      goodsflow logs blocking -f
      goodsflow logs kafka-0 -n 200
    """
    from goodsflow.deploy.native.home import Home

    path = Home(context.home).log(part)
    if not path.exists():
        known = sorted(p.stem for p in path.parent.glob("*.log"))
        raise GoodsflowError(
            f"There is no log of a part '{part}' in {path.parent}. "
            f"Existing logs: "
            f"{', '.join(known) or 'none; no platform was started here'}."
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
    """Print what is added after ``position``, and all of each new file."""
    while True:
        with path.open("rb") as file:
            file.seek(position)
            replaced = False
            while not replaced:
                # Checked before the read, so that the old file's end is not missed.
                replaced = _is_replaced(path, file)
                chunk = file.read()
                if chunk:
                    click.echo(chunk, nl=False)
                elif not replaced:
                    time.sleep(0.3)
        position = 0


def _is_replaced(path: Path, file: BinaryIO) -> bool:
    """Return whether the supervisor has rotated the file, as it does every 10 MB."""
    try:
        now = path.stat()
    except FileNotFoundError:
        # The old file has been renamed, and the new one is not there yet.
        return False
    return now.st_ino != os.fstat(file.fileno()).st_ino or now.st_size < file.tell()
