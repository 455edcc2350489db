"""The ksqlDB back end: a pull query of the view ``cards``, sorted here.

The view is a source table, so that a query sees every write before it, a tombstone
included. It differs from the embedded index in what is no card: an amount that was sent
as a text counts as 0 here, and a card that lacks its name, brand or price hides the one
before it, where the index keeps that one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any

from goodsflow.clients.ksqldb import (
    KsqlClient,
    KsqlNotListeningError,
    KsqlNotMaterializedError,
    KsqlResponseError,
    KsqlStartingError,
    QueryResult,
    literal,
)
from goodsflow.common.waiting import Deadline
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.search.errors import ViewNotReadyError
from goodsflow.pipeline.search.interface import FoundCard, SearchQuery, in_order

VIEW = "cards"
_COLUMNS = (
    "product_id, name, brand, category, price->amount AS amount, "
    "price->currency AS currency"
)
_RETRY_SECONDS = 1.0
_NOTICES: dict[type[Exception], str] = {
    KsqlNotListeningError: "ksqlDB takes no connections yet",
    KsqlStartingError: "ksqlDB is starting",
    KsqlNotMaterializedError: "ksqlDB is still reading the cards from their topic",
}
_LOGGER = logging.getLogger(__name__)


class KsqldbSearch:
    """Searches the view of a ksqlDB server.

    Args:
        endpoints: Of the platform.
        timeout_seconds: For a whole search, waiting for the view included.
        on_notice: Takes what a person should know besides the results.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        timeout_seconds: float = 60.0,
        on_notice: Callable[[str], None] = _LOGGER.warning,
    ) -> None:
        self._endpoints = endpoints
        self._timeout_seconds = timeout_seconds
        self._on_notice = on_notice
        self._told: set[type[Exception]] = set()

    def prepare(self) -> None:
        """Do nothing: a request connects by itself, and quickly."""

    def search(self, query: SearchQuery) -> list[FoundCard]:
        """Return the cards that a query asks for, in its order.

        Raises:
            ViewNotReadyError: The server starts, reads the view, or is down, for too
                long.
            KsqlError: It refused or did not answer.
            EndpointsError: The server's user has no password file.
        """
        result = self._query(statement(query))
        cards, skipped = found_cards(result)
        if skipped:
            self._on_notice(f"Skipped {skipped} rows of view '{VIEW}': no cards.")
        affordable = [
            card
            for card in cards
            if query.max_price is None or card.amount <= query.max_price
        ]
        return in_order(affordable, query)

    def _query(self, sql: str) -> QueryResult:
        """Query until the view answers; it is told what is waited for, once each."""
        deadline = Deadline(self._timeout_seconds, interval_seconds=_RETRY_SECONDS)
        while True:
            try:
                with KsqlClient.connect(
                    self._endpoints,
                    timeout_seconds=max(_RETRY_SECONDS, deadline.remaining),
                ) as client:
                    result = client.query(sql)
            except tuple(_NOTICES) as error:
                what = _NOTICES[type(error)]
                if deadline.is_over:
                    raise ViewNotReadyError(
                        f"Cannot search within {self._timeout_seconds:g} s: {what}. "
                        "That takes a minute after a start; try again, or with "
                        f"--backend embedded. {error}"
                    ) from error
                if type(error) not in self._told:
                    self._told.add(type(error))
                    self._on_notice(
                        f"{what}: this waits up to {self._timeout_seconds:g} s."
                    )
            else:
                self._told.clear()
                return result
            deadline.pause()


def statement(query: SearchQuery) -> str:
    """Return the query of the cards that are asked for.

    ``INSTR`` has no wildcards; ``LIKE`` would, and is refused beside an ``AND``. The
    order and the limit are not for the server, which knows no order, nor is the price:
    it would have to be spelt in one of its types of numbers.
    """
    texts = (
        ("name", query.name),
        ("brand", query.brand),
        ("category", query.category),
    )
    conditions = [
        f"INSTR(LCASE({column}), {literal(text.lower())}) > 0"
        for column, text in texts
        # Every text contains the empty one.
        if text
    ]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {_COLUMNS} FROM {VIEW}{where};"  # noqa: S608 - literals are escaped


def found_cards(result: QueryResult) -> tuple[list[FoundCard], int]:
    """Return the cards of an answer, by product ID, and how many rows hold none.

    A product is there once, also where its key was put on two partitions.

    Raises:
        KsqlResponseError: Columns are missing.
    """
    names = [column.lower() for column in result.columns]
    if missing := {field.name for field in fields(FoundCard)} - set(names):
        raise KsqlResponseError(
            f"ksqlDB answers without the columns {', '.join(sorted(missing))}. Is view "
            f"'{VIEW}' the declared one?"
        )
    cards: dict[str, FoundCard] = {}
    skipped = 0
    for row in result.rows:
        card = _as_card(dict(zip(names, row, strict=True)))
        if card is None:
            skipped += 1
        else:
            cards[card.product_id] = card
    return [cards[product_id] for product_id in sorted(cards)], skipped


def _as_card(row: dict[str, Any]) -> FoundCard | None:
    columns = ("product_id", "name", "brand", "category", "currency")
    texts = [row[column] for column in columns]
    amount = row["amount"]
    if not _are_texts(texts) or isinstance(amount, bool):
        return None
    if not isinstance(amount, int | float):
        return None
    product_id, name, brand, category, currency = texts
    return FoundCard(product_id, name, brand, category, float(amount), currency)


def _are_texts(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)
