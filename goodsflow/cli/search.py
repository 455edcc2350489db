"""`goodsflow search`: find valid cards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from goodsflow.cli.context import Context
from goodsflow.cli.formatting import printable
from goodsflow.cli.interrupts import keyboard_interrupts
from goodsflow.cli.json_output import echo_json
from goodsflow.cli.parameter_types import FiniteRange, require_text, user_option

if TYPE_CHECKING:
    from goodsflow.pipeline.search.backends import BackendName
    from goodsflow.pipeline.search.interface import (
        FoundCard,
        Order,
        SearchBackend,
        SearchQuery,
    )

_COLUMNS = ("PRODUCT_ID", "NAME", "BRAND", "PRICE_STR")
_WIDTH = 20
_WATCH_SECONDS = 2.0
_MANY = 100_000


@click.command()
@click.option("--name", callback=require_text, help="Part of the name, ignoring case.")
@click.option(
    "--brand", callback=require_text, help="Part of the brand, ignoring case."
)
@click.option(
    "--category", callback=require_text, help="Part of the category, ignoring case."
)
@click.option(
    "--max-price",
    type=FiniteRange(min=0),
    help="The highest price, in the currency of each card.",
)
@click.option(
    "--sort",
    "order",
    type=click.Choice(["id", "name", "price", "-price"]),
    default="id",
    show_default=True,
    help="Sort key; -price sorts by descending price.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=2**62),
    help="Find at most this many cards.",
)
@click.option(
    "--watch",
    is_flag=True,
    help="Search every two seconds and print the result when it changes, until Ctrl-C.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--timeout",
    type=FiniteRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="How many seconds a search may take, including reading new cards.",
)
@click.option(
    "--backend",
    type=click.Choice(["embedded", "ksqldb"]),
    envvar="GOODSFLOW_SEARCH_BACKEND",
    show_default="ksqldb if the platform has it",
    help="Search engine. Can also be set as $GOODSFLOW_SEARCH_BACKEND.",
)
@user_option
@click.pass_obj
def search(
    context: Context,
    *,
    name: str | None,
    brand: str | None,
    category: str | None,
    max_price: float | None,
    order: Order,
    limit: int | None,
    watch: bool,
    as_json: bool,
    timeout: float,
    backend: BackendName | None,
    user: str,
) -> None:
    """Search the valid cards by name, brand, category or price.

    Give at least one of --name, --brand, --category and --max-price. If you give
    several, a card must match them all. The request is recorded in the topic `events`.

    \b
    Examples:
      goodsflow search --name JKL
      goodsflow search --brand d_JKL --max-price 5000 --sort price
    """
    if all(each is None for each in (name, brand, category, max_price)):
        raise click.UsageError(
            "Give at least one of --name, --brand, --category and --max-price."
        )
    from goodsflow.model.endpoints import load_endpoints
    from goodsflow.pipeline.search.backends import open_backend

    endpoints = load_endpoints(context.home)
    with keyboard_interrupts():
        searcher = open_backend(
            endpoints,
            backend,
            timeout_seconds=timeout,
            on_notice=lambda text: click.echo(text, err=True),
            on_progress=_Progress(),
        )
        searcher.prepare()
        # Imported while the back end gets ready.
        from goodsflow.pipeline.search.events import EventSender, UserEvent
        from goodsflow.pipeline.search.interface import SearchQuery

        sender = EventSender(endpoints)
        query = SearchQuery(name, brand, category, max_price, order, limit)
        cards = searcher.search(query)
        try:
            _print(cards, query, as_json=as_json)
        finally:
            # The request was made, even if the output is cut off, as by `| head`.
            sender.send(UserEvent("search", user, len(cards), name, brand))
    if watch:
        _follow(searcher, query, cards, as_json=as_json)


class _Progress:
    """Shows the progress of a long read on standard error, once a second."""

    def __init__(self) -> None:
        self._shown_at: float | None = None
        self._total = 0

    def __call__(self, done: int, total: int) -> None:
        """Show it, unless it was shown less than a second ago."""
        import time

        now = time.monotonic()
        if self._shown_at is None or total != self._total:  # another read has begun
            self._shown_at, self._total = now, total
        elif now - self._shown_at >= 1 or (done >= total > _MANY):
            self._shown_at = now
            click.echo(f"Reading new cards: {done:,} of {total:,}", err=True)


def _follow(
    searcher: SearchBackend,
    query: SearchQuery,
    cards: list[FoundCard],
    *,
    as_json: bool,
) -> None:
    """Print the result each time it changes, until Ctrl-C.

    An outage is reported once, and the search then retried until it succeeds.
    """
    import time

    from goodsflow.common.errors import GoodsflowError

    reported = ""
    try:
        with keyboard_interrupts():
            while True:
                time.sleep(_WATCH_SECONDS)
                try:
                    now = searcher.search(query)
                except GoodsflowError as error:
                    if str(error) != reported:
                        click.echo(f"Cannot search, retrying: {error}", err=True)
                    reported = str(error)
                    continue
                if reported:
                    click.echo("The search works again", err=True)
                reported = ""
                if now != cards:
                    cards = now
                    if not as_json:
                        click.echo(f"\n{time.strftime('%H:%M:%S')}")
                    _print(cards, query, as_json=as_json)
    except KeyboardInterrupt:
        click.echo(err=True)


def _print(cards: list[FoundCard], query: SearchQuery, *, as_json: bool) -> None:
    if as_json:
        echo_json(_document(cards))
        return
    for line in table(cards, query):
        click.echo(line)


def table(cards: Iterable[FoundCard], query: SearchQuery) -> Iterable[str]:
    """Yield the criteria and the cards found, as lines of text."""
    asked = (
        ("Поиск по имени", query.name),
        ("Поиск по бренду", query.brand),
        ("Поиск по категории", query.category),
        ("Цена до", None if query.max_price is None else f"{query.max_price:.2f}"),
    )
    for what, text in asked:
        if text is not None:
            yield f"{what}:  {text}"
    yield _row(*_COLUMNS)
    for card in cards:
        yield _row(card.product_id, card.name, card.brand, card.price_str)


def _row(*cells: str) -> str:
    *first, last = (printable(cell) for cell in cells)
    return " | ".join([*(f"{cell:<{_WIDTH}}" for cell in first), last])


def _document(cards: Iterable[FoundCard]) -> dict[str, Any]:
    rows = [
        {
            "product_id": card.product_id,
            "name": card.name,
            "brand": card.brand,
            "category": card.category,
            "price": {"amount": card.amount, "currency": card.currency},
            "price_str": card.price_str,
        }
        for card in cards
    ]
    return {"cards": rows}
