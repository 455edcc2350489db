"""The embedded index: a DuckDB file of current cards and of the offsets they are from.

Cards and offsets change in one DuckDB transaction, so a process that dies between two
batches leaves an index that is right up to its offsets. The file is a cache: whatever
is wrong with it, it can be made anew from the topic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import msgspec

from goodsflow.model.cards import CardError, schema_id_of
from goodsflow.model.cards.wire_format import HEADER_BYTES
from goodsflow.model.records import Record
from goodsflow.pipeline.search import duck
from goodsflow.pipeline.search.interface import FoundCard, Order, SearchQuery

SCHEMA_VERSION = 2
"""Raise it with every change of the tables: an index of another version is rebuilt."""

_TABLES = """
CREATE TABLE index_state (schema_version INTEGER, topic_id VARCHAR, synced_at DOUBLE);
CREATE TABLE next_offsets (partition INTEGER, next_offset BIGINT);
CREATE TABLE cards (
  product_id VARCHAR, name VARCHAR, brand VARCHAR, category VARCHAR, amount DOUBLE,
  currency VARCHAR, name_lower VARCHAR, brand_lower VARCHAR, category_lower VARCHAR
);
"""
_QUERY = """
SELECT product_id, name, brand, category, amount, currency FROM cards
WHERE ($name IS NULL OR contains(name_lower, $name))
  AND ($brand IS NULL OR contains(brand_lower, $brand))
  AND ($category IS NULL OR contains(category_lower, $category))
  AND ($max_price IS NULL OR amount <= $max_price)
ORDER BY {order} LIMIT $limit
"""
_ORDERS: Mapping[Order, str] = {
    "id": "product_id",
    "name": "name, product_id",
    "price": "amount, product_id",
    "-price": "amount DESC, product_id",
}
_NO_LIMIT = 2**62
_COLUMNS = {
    "product_id": "VARCHAR",
    "name": "VARCHAR",
    "brand": "VARCHAR",
    "category": "VARCHAR",
    "amount": "DOUBLE",
    "currency": "VARCHAR",
}
_NOTHING = (None,) * (len(_COLUMNS) - 1)
_MAKE_CHANGED = "CREATE TEMP TABLE changed AS SELECT " + ", ".join(
    f"unnest(${number}::{kind}[]) AS {name}"
    for number, (name, kind) in enumerate(_COLUMNS.items(), start=1)
)
_DELETE = "DELETE FROM cards WHERE product_id IN (SELECT product_id FROM changed)"
_INSERT = """
INSERT INTO cards SELECT *, lower(name), lower(brand), lower(category) FROM changed
WHERE name IS NOT NULL
"""


class _Price(msgspec.Struct):
    amount: float
    currency: str


class _Searched(msgspec.Struct):
    """What of a card is searched for; the rest is passed over unread."""

    product_id: str
    name: str
    brand: str
    category: str
    price: _Price


_decode = msgspec.json.Decoder(_Searched).decode

Row: TypeAlias = tuple[str, str, str, str, float, str]
"""A card's ``_COLUMNS``."""


@dataclass(frozen=True)
class IndexState:
    """What an index was made of.

    Attributes:
        topic_id: Kafka's ID of the topic.
        synced_at: When a read to the end last began, in seconds since 1970: all that
            the index holds was read from the topic after that or just before.
        next_offsets: By partition, the first offset that is not in the index.
    """

    topic_id: str
    synced_at: float
    next_offsets: Mapping[int, int]


class CardIndex:
    """An open index. Its methods raise ``duck.Error`` where the file is broken.

    Args:
        path: The file; made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._connection = duck.connect(
            str(path),
            config={
                "autoinstall_known_extensions": "false",
                # By default it takes four fifths of the machine's memory.
                "memory_limit": "192MB",
            },
        )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def state(self) -> IndexState | None:
        """Return what the index was made of; None where it is new or of old make."""
        try:
            # Without asking first whether there is such a table: that takes longer.
            rows = self._connection.execute("SELECT * FROM index_state").fetchall()
        except duck.CatalogException:
            return None
        if len(rows) != 1 or rows[0][0] != SCHEMA_VERSION:
            return None
        _, topic_id, synced_at = rows[0]
        offsets = self._connection.execute("SELECT * FROM next_offsets").fetchall()
        return IndexState(topic_id, synced_at, dict(offsets))

    def create(self, topic_id: str, now: float) -> None:
        """Make the tables in a new file, for a topic that is read from its start."""
        with self._transaction():
            self._connection.execute(_TABLES)
            self._connection.execute(
                "INSERT INTO index_state VALUES ($version, $topic_id, $now)",
                {"version": SCHEMA_VERSION, "topic_id": topic_id, "now": now},
            )

    def mark_synced(self, began_at: float) -> None:
        """Note that a read that began then has reached the end of the topic."""
        self._connection.execute("UPDATE index_state SET synced_at = $1", [began_at])

    def apply(self, records: Sequence[Record], next_offsets: Mapping[int, int]) -> int:
        """Take records and the offsets after them, both or neither.

        Args:
            records: In the order of each partition; a tombstone removes its card.
            next_offsets: By partition; others stay as they are.

        Returns:
            How many records were skipped because they hold no card. The card that was
            there before stays.
        """
        changes, skipped = _changes(records)
        with self._transaction():
            if changes:
                with self._as_table(changes):
                    self._connection.execute(_DELETE)
                    self._connection.execute(_INSERT)
            for partition, offset in next_offsets.items():
                self._connection.execute(
                    "DELETE FROM next_offsets WHERE partition = $1", [partition]
                )
                self._connection.execute(
                    "INSERT INTO next_offsets VALUES ($1, $2)", [partition, offset]
                )
        return skipped

    def search(self, query: SearchQuery) -> list[FoundCard]:
        """Return the cards that a query asks for, in its order."""
        rows = self._connection.execute(
            _QUERY.format(order=_ORDERS[query.order]),
            {
                "name": self._lower(query.name),
                "brand": self._lower(query.brand),
                "category": self._lower(query.category),
                "max_price": query.max_price,
                "limit": _NO_LIMIT if query.limit is None else query.limit,
            },
        ).fetchall()
        return [FoundCard(*row) for row in rows]

    @contextmanager
    def _as_table(self, changes: Mapping[str, Row | None]) -> Iterator[None]:
        """Show changes to DuckDB as ``changed``; deleted products have no name."""
        rows = (row or (product, *_NOTHING) for product, row in changes.items())
        columns = [list(column) for column in zip(*rows, strict=True)]
        # From Arrow it would be quicker, but importing that takes longer than it saves.
        self._connection.execute(_MAKE_CHANGED, columns)
        yield
        self._connection.execute("DROP TABLE changed")

    def _lower(self, text: str | None) -> str | None:
        """Lower the needle as the columns were: by DuckDB, not by Python."""
        if text is None:
            return None
        row = self._connection.execute("SELECT lower($1)", [text]).fetchone()
        return str(row[0]) if row else text

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.begin()
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()


def _changes(records: Sequence[Record]) -> tuple[dict[str, Row | None], int]:
    """Return the last state of each product, None where deleted, and what was skipped.

    The record's key is the product's ID: a tombstone has no other.
    """
    changes: dict[str, Row | None] = {}
    skipped = 0
    for record in records:
        try:
            product_id, row = _read(record)
        except (CardError, UnicodeError):
            skipped += 1
        else:
            changes[product_id] = row
    return changes, skipped


def _read(record: Record) -> tuple[str, Row | None]:
    key, value = record.key, record.value
    if not key:
        raise CardError("The record has no key.")
    product_id = key.decode()
    if value is None:
        return product_id, None
    schema_id_of(value)
    try:
        # It refuses what no column can hold: half a character (backslash ud800).
        card = _decode(memoryview(value)[HEADER_BYTES:])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise CardError(f"The payload is no card: {error}.") from error
    price = card.price
    return product_id, (
        product_id,
        card.name,
        card.brand,
        card.category,
        price.amount,
        price.currency,
    )
