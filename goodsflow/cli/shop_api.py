"""`goodsflow shop-api`: send sample cards by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from goodsflow.cli.context import Context

if TYPE_CHECKING:
    from goodsflow.shop_api.tally import Tally


@click.command()
@click.option(
    "--interval",
    type=click.FloatRange(min=0, min_open=True, max=86_400),
    default=5.0,
    show_default=True,
    help="Seconds between two cards.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True, max=1_000_000),
    help="Cards a second, instead of --interval.",
)
@click.option(
    "--count", type=click.IntRange(min=1), help="Stop after so many. Default: Ctrl-C."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def shop_api(
    context: Context,
    interval: float,
    rate: float | None,
    count: int | None,
    as_json: bool,
) -> None:
    """Send sample goods cards to the topic `goods`, as a shop would.

    Each is one of five sample cards at a random price. The exit status is 1 where a
    card was not delivered.
    """
    import random
    import signal
    from threading import Event

    from goodsflow.endpoints import load_endpoints
    from goodsflow.shop_api.service import run
    from goodsflow.shop_api.settings import ShopApiSettings

    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings = ShopApiSettings(
        interval=interval,
        rate=rate,
        count=count,
        metrics_port=None,
    )
    tally = run(
        settings,
        load_endpoints(context.home),
        stop=stop,
        source=random.Random(),  # noqa: S311 - prices of samples are no secrets
        report=_Progress(),
    )
    if as_json:
        click.echo(json.dumps({"delivered": tally.delivered, "failed": tally.failed}))
    else:
        click.echo(f"Delivered {tally.delivered} cards, {tally.failed} failed")


class _Progress:
    """Shows the counts on the standard error, at most once a second."""

    def __init__(self) -> None:
        self._shown_at = 0.0

    def __call__(self, tally: Tally) -> None:
        """Show the counts, where the last time was long enough ago."""
        import time

        now = time.monotonic()
        if now - self._shown_at >= 1:
            self._shown_at = now
            click.echo(f"{tally.delivered} delivered, {tally.failed} failed", err=True)
