"""The embedded index: a DuckDB file of current cards and of the offsets they are from.

Cards and offsets change in one DuckDB transaction, so a process that dies between two
batches leaves an index that is right up to its offsets. The file is a cache: whatever
is wrong with it, it can be made anew from the topic.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from goodsflow.cards import CardError, decode_card
from goodsflow.kafka.reading import Record
from goodsflow.search.interface import FoundCard

SCHEMA_VERSION = 1
"""Raise it with every change of the tables: an index of another version is rebuilt."""

_TABLES = """
CREATE TABLE index_state (schema_version INTEGER, topic_id VARCHAR, synced_at DOUBLE);
CREATE TABLE next_offsets (partition INTEGER, next_offset BIGINT);
CREATE TABLE cards (
  product_id VARCHAR, name VARCHAR, brand VARCHAR, amount DOUBLE, currency VARCHAR,
  name_lower VARCHAR, brand_lower VARCHAR
);
"""
_QUERY = """
SELECT product_id, name, brand, amount, currency FROM cards
WHERE ($name IS NULL OR contains(name_lower, $name))
  AND ($brand IS NULL OR contains(brand_lower, $brand))
ORDER BY product_id LIMIT $limit
"""
_NO_LIMIT = 2**62


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
    """An open index. Its methods raise ``duckdb.Error`` where the file is broken.

    Args:
        path: The file; made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._connection = duckdb.connect(
            str(path), config={"autoinstall_known_extensions": "false"}
        )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def state(self) -> IndexState | None:
        """Return what the index was made of; None where it is new or of old make."""
        row = self._connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'index_state'"
        ).fetchone()
        if row is None or not row[0]:
            return None
        rows = self._connection.execute("SELECT * FROM index_state").fetchall()
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
        cards = [card for card in changes.values() if card is not None]
        with self._transaction():
            if changes:
                ids = pa.table({"product_id": pa.array(list(changes), pa.string())})
                self._connection.register("changed_ids", ids)
                self._connection.execute(
                    "DELETE FROM cards WHERE product_id IN "
                    "(SELECT product_id FROM changed_ids)"
                )
                self._connection.unregister("changed_ids")
            if cards:
                self._connection.register("changed_cards", _as_table(cards))
                self._connection.execute(
                    "INSERT INTO cards SELECT *, lower(name), lower(brand) "
                    "FROM changed_cards"
                )
                self._connection.unregister("changed_cards")
            for partition, offset in next_offsets.items():
                self._connection.execute(
                    "DELETE FROM next_offsets WHERE partition = $1", [partition]
                )
                self._connection.execute(
                    "INSERT INTO next_offsets VALUES ($1, $2)", [partition, offset]
                )
        return skipped

    def search(
        self, name: str | None, brand: str | None, limit: int | None
    ) -> list[FoundCard]:
        """Return the cards that contain both texts, by product ID."""
        rows = self._connection.execute(
            _QUERY,
            {
                "name": None if name is None else self._lower(name),
                "brand": None if brand is None else self._lower(brand),
                "limit": _NO_LIMIT if limit is None else limit,
            },
        ).fetchall()
        return [FoundCard(*row) for row in rows]

    def _lower(self, text: str) -> str:
        """Lower the needle as the columns were: by DuckDB, not by Python."""
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


def _changes(
    records: Sequence[Record],
) -> tuple[dict[str, dict[str, Any] | None], int]:
    """Return the last state of each product, None where deleted, and what was skipped.

    The record's key is the product's ID: a tombstone has no other.
    """
    changes: dict[str, dict[str, Any] | None] = {}
    skipped = 0
    for record in records:
        try:
            product_id, card = _read(record)
        except (CardError, UnicodeError):
            skipped += 1
        else:
            changes[product_id] = card
    return changes, skipped


def _read(record: Record) -> tuple[str, dict[str, Any] | None]:
    if not record.key:
        raise CardError("The record has no key.")
    product_id = record.key.decode()
    if record.value is None:
        return product_id, None
    card = decode_card(record.value)
    price = card.get("price")
    if not isinstance(price, dict):
        raise CardError("The card has no price.")
    row = {
        "product_id": product_id,
        "name": card.get("name"),
        "brand": card.get("brand"),
        "amount": _as_amount(price.get("amount")),
        "currency": price.get("currency"),
    }
    for field in ("name", "brand", "currency"):
        text = row[field]
        if not isinstance(text, str):
            raise CardError(f"The card's {field} is no text.")
        # JSON can spell half a character (backslash ud800), which no column can hold.
        text.encode()
    return product_id, row


def _as_amount(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CardError("The card's price has no amount.")
    try:
        amount = float(value)
    except OverflowError as error:
        raise CardError("The card's amount is beyond all numbers.") from error
    if not math.isfinite(amount):
        raise CardError("The card's amount is beyond all numbers.")
    return amount


def _as_table(cards: Sequence[Mapping[str, Any]]) -> Any:
    columns = {
        "product_id": pa.string(),
        "name": pa.string(),
        "brand": pa.string(),
        "amount": pa.float64(),
        "currency": pa.string(),
    }
    return pa.table(
        {
            name: pa.array([card[name] for card in cards], kind)
            for name, kind in columns.items()
        }
    )
