"""The ksqlDB back end: a pull query of the view ``cards``, sorted here.

The view is a source table, so a query sees every earlier write, including tombstones.
It differs from the embedded index for invalid cards: an amount that was sent as a
string counts as 0 here, and a card without a name, brand or price hides the previous
one, while the index keeps the previous one.
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
from goodsflow.common.counting import counted
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
    KsqlNotListeningError: "ksqlDB doesn't accept connections yet",
    KsqlStartingError: "ksqlDB is starting",
    KsqlNotMaterializedError: "ksqlDB is still reading the cards from their topic",
}
_LOGGER = logging.getLogger(__name__)


class KsqldbSearch:
    """Searches the view on a ksqlDB server.

    Args:
        endpoints: Of the platform.
        timeout_seconds: For a whole search, including waiting for the view.
        on_notice: Called with messages for the user.
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
        """Return the cards that match a query, in its order.

        Raises:
            ViewNotReadyError: The server was down, starting, or reading the view until
                the time ran out.
            KsqlError: The server refused or didn't answer.
            EndpointsError: The server's user has no password file.
        """
        result = self._query(statement(query))
        cards, skipped = found_cards(result)
        if skipped:
            self._on_notice(
                f"Skipped {counted(skipped, 'row')} of view '{VIEW}' that "
                f"{'is not a card' if skipped == 1 else 'are not cards'}."
            )
        affordable = [
            card
            for card in cards
            if query.max_price is None or card.amount <= query.max_price
        ]
        return in_order(affordable, query)

    def _query(self, sql: str) -> QueryResult:
        """Query until the view answers; notify once about each reason for waiting."""
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
                        "After a start, this takes about a minute. Try again, or use "
                        f"--backend embedded. {error}"
                    ) from error
                if type(error) not in self._told:
                    self._told.add(type(error))
                    self._on_notice(
                        f"{what}. Waiting up to {self._timeout_seconds:g} s."
                    )
            else:
                self._told.clear()
                return result
            deadline.pause()


def statement(query: SearchQuery) -> str:
    """Return the SQL statement of a query.

    It uses ``INSTR``, which has no wildcards. ``LIKE`` has, and ksqlDB rejects it
    together with ``AND``. Order and limit are applied here, because ksqlDB can't sort.
    The price is compared here, too, because SQL would need it as a specific type.
    """
    texts = (
        ("name", query.name),
        ("brand", query.brand),
        ("category", query.category),
    )
    conditions = [
        f"INSTR(LCASE({column}), {literal(text.lower())}) > 0"
        for column, text in texts
        # Every string contains the empty one.
        if text
    ]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {_COLUMNS} FROM {VIEW}{where};"  # noqa: S608 - literals are escaped


def found_cards(result: QueryResult) -> tuple[list[FoundCard], int]:
    """Return the cards of a result, by product ID, and the number of invalid rows.

    Each product is returned once, even if its key is on two partitions.

    Raises:
        KsqlResponseError: Columns are missing.
    """
    names = [column.lower() for column in result.columns]
    if missing := {field.name for field in fields(FoundCard)} - set(names):
        raise KsqlResponseError(
            f"ksqlDB's response has no columns {', '.join(sorted(missing))}. Compare "
            f"view '{VIEW}' with platform.yaml."
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
    if not _are_strings(texts) or isinstance(amount, bool):
        return None
    if not isinstance(amount, int | float):
        return None
    product_id, name, brand, category, currency = texts
    return FoundCard(product_id, name, brand, category, float(amount), currency)


def _are_strings(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)
