"""The embedded index: a DuckDB file with the current cards and their offsets.

Cards and offsets change in one DuckDB transaction, so if a process dies between two
batches, the index is correct up to its offsets. The file is a cache: it can always be
rebuilt from the topic.
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
"""To be increased with every change of the tables: other versions are rebuilt."""

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
    """The fields of a card that are searched; others are skipped."""

    product_id: str
    name: str
    brand: str
    category: str
    price: _Price


_decode = msgspec.json.Decoder(_Searched).decode

Row: TypeAlias = tuple[str, str, str, str, float, str]
"""A card's values of ``_COLUMNS``."""


@dataclass(frozen=True)
class IndexState:
    """The state of an index.

    Attributes:
        topic_id: Kafka's ID of the topic.
        synced_at: When the last read to the end began, in seconds since 1970.
        next_offsets: By partition, the first offset that isn't in the index.
    """

    topic_id: str
    synced_at: float
    next_offsets: Mapping[int, int]


class CardIndex:
    """An open index. Its methods raise ``duck.Error`` if the file is broken.

    Args:
        path: The file; created if it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._connection = duck.connect(
            str(path),
            config={
                "autoinstall_known_extensions": "false",
                # The default is 80 % of the machine's memory.
                "memory_limit": "192MB",
            },
        )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def state(self) -> IndexState | None:
        """Return the state of the index; None if it is new or has another version."""
        try:
            # Querying the table is faster than first checking whether it exists.
            rows = self._connection.execute("SELECT * FROM index_state").fetchall()
        except duck.CatalogException:
            return None
        if len(rows) != 1 or rows[0][0] != SCHEMA_VERSION:
            return None
        _, topic_id, synced_at = rows[0]
        offsets = self._connection.execute("SELECT * FROM next_offsets").fetchall()
        return IndexState(topic_id, synced_at, dict(offsets))

    def create(self, topic_id: str, now: float) -> None:
        """Create the tables in a new file, for a topic that is read from its start."""
        with self._transaction():
            self._connection.execute(_TABLES)
            self._connection.execute(
                "INSERT INTO index_state VALUES ($version, $topic_id, $now)",
                {"version": SCHEMA_VERSION, "topic_id": topic_id, "now": now},
            )

    def mark_synced(self, began_at: float) -> None:
        """Note that a read to the end of the topic, begun at this time, is complete."""
        self._connection.execute("UPDATE index_state SET synced_at = $1", [began_at])

    def apply(self, records: Sequence[Record], next_offsets: Mapping[int, int]) -> int:
        """Add records and the offsets after them atomically.

        Args:
            records: In order within each partition; a tombstone removes its card.
            next_offsets: By partition; other partitions are unchanged.

        Returns:
            The number of records that were skipped because they aren't cards. The
            previous card is kept.
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
        """Return the cards that match a query, in its order."""
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
        """Create the table ``changed``, in which deleted products have no name."""
        rows = (row or (product, *_NOTHING) for product, row in changes.items())
        columns = [list(column) for column in zip(*rows, strict=True)]
        # Arrow would be faster, but importing it takes longer than it saves.
        self._connection.execute(_MAKE_CHANGED, columns)
        yield
        self._connection.execute("DROP TABLE changed")

    def _lower(self, text: str | None) -> str | None:
        """Convert to lower case like the columns: with DuckDB, not with Python."""
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
    """Return each product's last row, None if deleted, and the number skipped.

    The product ID is the record's key, because tombstones have nothing else.
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
        # The decoder rejects what no column can store: lone surrogates.
        card = _decode(memoryview(value)[HEADER_BYTES:])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise CardError(f"The payload is not a card: {error}.") from error
    price = card.price
    return product_id, (
        product_id,
        card.name,
        card.brand,
        card.category,
        price.amount,
        price.currency,
    )
