"""`goodsflow shop-api`: send cards by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from goodsflow.cli.context import Context
from goodsflow.cli.json_output import echo_json
from goodsflow.cli.parameter_types import FiniteRange
from goodsflow.common.counting import counted

if TYPE_CHECKING:
    from goodsflow.pipeline.shop_api.tally import Tally

_INTERVAL = 5.0


@click.command()
@click.option(
    "--interval",
    type=FiniteRange(min=0, min_open=True, max=86_400),
    show_default=f"{_INTERVAL:g}",
    help="Seconds between two cards.",
)
@click.option(
    "--rate",
    type=FiniteRange(min=0, min_open=True, max=1_000_000),
    help="Cards per second, instead of --interval.",
)
@click.option(
    "--count",
    type=click.IntRange(min=1),
    show_default="send until Ctrl-C",
    help="Stop after this many cards.",
)
@click.option(
    "--catalog",
    type=click.IntRange(min=1, max=1_000_000_000),
    metavar="N",
    help="Draw from N realistic products instead of the five samples.",
)
@click.option(
    "--seed",
    type=int,
    help="Draw the same products and offers as an earlier run with this seed.",
)
@click.option(
    "--malformed",
    type=FiniteRange(min=0, max=1),
    default=0.0,
    metavar="SHARE",
    help="Make this share of the records undecodable, from 0 to 1.",
)
@click.option(
    "--file",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Send the cards of this file, one JSON card per line, as fast as possible "
    "unless --rate is given. All are checked before the first is sent.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def shop_api(  # noqa: PLR0917 - an argument for each option
    context: Context,
    interval: float | None,
    rate: float | None,
    count: int | None,
    catalog: int | None,
    seed: int | None,
    malformed: float,
    path: Path | None,
    as_json: bool,
) -> None:
    """Send sample cards, or your own, as a shop does.

    Cards go to the topic `goods`. By default, each is one of five sample cards with a
    random price. --catalog draws from any number of realistic products, and --file
    sends your own cards.

    The exit status is 1 if a card was not delivered, or if the file has an invalid
    card.

    \b
    Examples:
      goodsflow shop-api --rate 50 --count 100
      goodsflow shop-api --catalog 100000 --seed 7 --rate 20000 --malformed 0.01
      goodsflow shop-api --file cards.jsonl
    """
    import signal
    import time
    from threading import Event

    if path is not None and (catalog or seed is not None or malformed):
        raise click.UsageError(
            "--file sends the cards of a file unchanged: don't combine it with "
            "--catalog, --seed or --malformed."
        )
    if interval is not None and rate is not None:
        raise click.UsageError("Use --rate or --interval, not both.")
    from goodsflow.model.endpoints import load_endpoints
    from goodsflow.pipeline.shop_api.service import run
    from goodsflow.pipeline.shop_api.settings import ShopApiSettings

    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings = ShopApiSettings(
        interval=_INTERVAL if interval is None else interval,
        rate=rate,
        count=count,
        catalog=catalog,
        seed=seed,
        malformed=malformed,
        file=path,
        metrics_port=None,
    )
    began = time.monotonic()
    tally = run(
        settings, load_endpoints(context.home), stop=stop, report=_Progress(began)
    )
    seconds = time.monotonic() - began
    if as_json:
        found = {
            "delivered": tally.delivered,
            "failed": tally.failed,
            "malformed": tally.malformed,
            "seconds": round(seconds, 3),
        }
        echo_json(found, indent=None)
    else:
        click.echo(f"{_counts(tally)} in {seconds:.1f} s")


def _counts(tally: Tally) -> str:
    spoiled = f" ({tally.malformed} malformed)" if tally.malformed else ""
    cards = counted(tally.delivered, "card")
    return f"Delivered {cards}{spoiled}, {tally.failed} failed"


class _Progress:
    """Shows counts and rate on standard error, at most once a second."""

    def __init__(self, began: float) -> None:
        self._shown_at = began
        self._delivered = 0

    def __call__(self, tally: Tally) -> None:
        """Show them, unless they were shown less than a second ago."""
        import time

        now = time.monotonic()
        passed = now - self._shown_at
        if passed < 1:
            return
        rate = (tally.delivered - self._delivered) / passed
        self._shown_at, self._delivered = now, tally.delivered
        problem = f"; {tally.problem}" if tally.problem else ""
        counts = f"{tally.delivered} delivered, {tally.failed} failed"
        click.echo(f"{counts}, {rate:,.0f}/s{problem}", err=True)
