"""`goodsflow search`: the valid cards by parts of their name and brand."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from goodsflow.cli.context import Context

if TYPE_CHECKING:
    from goodsflow.search import BackendName, FoundCard

_COLUMNS = ("PRODUCT_ID", "NAME", "BRAND", "PRICE_STR")
_WIDTH = 20


def _part(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    if value is None:
        return None
    if not value:
        raise click.BadParameter("give at least one character")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise click.BadParameter("is not valid UTF-8") from error
    return value


@click.command()
@click.option("--name", callback=_part, help="A part of the name, in any case.")
@click.option("--brand", callback=_part, help="A part of the brand, in any case.")
@click.option("--limit", type=click.IntRange(min=1), help="Cards at most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="Seconds for the search, waiting and reading what is new included.",
)
@click.option(
    "--backend",
    type=click.Choice(["embedded", "ksqldb"]),
    envvar="GOODSFLOW_SEARCH_BACKEND",
    show_default="ksqldb where the platform has it",
    help="Who searches; also $GOODSFLOW_SEARCH_BACKEND.",
)
@click.option(
    "--user", default=getpass.getuser, show_default="you", help="Who asks, in events."
)
@click.pass_obj
def search(
    context: Context,
    *,
    name: str | None,
    brand: str | None,
    limit: int | None,
    as_json: bool,
    timeout: float,
    backend: BackendName | None,
    user: str,
) -> None:
    """Find cards that may reach users, at their current prices.

    Give --name, --brand, or both: a card has to contain each. The request
    is written to the topic 'events'.
    """
    if name is None and brand is None:
        raise click.UsageError("Give --name, --brand, or both.")
    from goodsflow.endpoints import load_endpoints
    from goodsflow.search import UserEvent, open_backend, send_event

    endpoints = load_endpoints(context.home)
    cards = open_backend(
        endpoints,
        backend,
        timeout_seconds=timeout,
        on_notice=lambda text: click.echo(text, err=True),
    ).search(name, brand, limit)
    if as_json:
        click.echo(_as_json(cards))
    else:
        for line in table(cards, name, brand):
            click.echo(line)
    send_event(endpoints, UserEvent("search", user, len(cards), name, brand))


def table(
    cards: Iterable[FoundCard], name: str | None, brand: str | None
) -> Iterable[str]:
    """Yield what was asked and the cards found, as lines for a person."""
    if name is not None:
        yield f"Поиск по имени:  {name}"
    if brand is not None:
        yield f"Поиск по бренду:  {brand}"
    yield _row(*_COLUMNS)
    for card in cards:
        yield _row(card.product_id, card.name, card.brand, card.price_str)


def _row(*cells: str) -> str:
    *first, last = (_printable(cell) for cell in cells)
    return " | ".join([*(f"{cell:<{_WIDTH}}" for cell in first), last])


def _printable(text: str) -> str:
    """Keep a shop's text from moving the cursor of a user's terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def _as_json(cards: Iterable[FoundCard]) -> str:
    rows = [
        {
            "product_id": card.product_id,
            "name": card.name,
            "brand": card.brand,
            "price": {"amount": card.amount, "currency": card.currency},
            "price_str": card.price_str,
        }
        for card in cards
    ]
    return json.dumps({"cards": rows}, ensure_ascii=False, indent=2)
