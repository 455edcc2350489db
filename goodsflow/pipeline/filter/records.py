"""Records that the filter writes besides the cards that pass; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from goodsflow.clients.kafka.topic_reader import Header, Record
from goodsflow.model.cards import CardError, schema_id_of
from goodsflow.pipeline.dead_letters import (
    ERROR,
    ERROR_KIND,
    FAILED_AT,
    ORIGIN_OFFSET,
    ORIGIN_PARTITION,
    ORIGIN_TOPIC,
    SCHEMA_ID,
    TRUNCATED_FROM,
)
from goodsflow.pipeline.dead_letters import TOPIC as DEAD_LETTERS
from goodsflow.pipeline.dead_letters.model import HEADER_PREFIX, REPLAYED_FROM
from goodsflow.pipeline.filter.filtering import Verdict

SOURCE = "goods"
PASSED_ON = "goods-filtered"

_MOST_LETTER_BYTES = 1_000_000
"""Of a whole letter: brokers take 1,048,588, and count some for the record itself."""

_MOST_OF_KEY_AND_HEADERS = 200_000
_LEFT_FREE = 1_000
"""For the header that says that something was cut."""


@dataclass(frozen=True)
class Outgoing:
    """A record to write.

    Attributes:
        topic: Where it goes.
        key: Chooses its partition.
        value: None: a tombstone.
        headers: In their order; a name may stand more than once.
        timestamp: Milliseconds since 1970; None: when it is written.
    """

    topic: str
    key: bytes | None
    value: bytes | None = None
    headers: tuple[Header, ...] = ()
    timestamp: int | None = None


def tombstone(key: bytes) -> Outgoing:
    """Return what takes a card away behind the filter."""
    return Outgoing(PASSED_ON, key)


def dead_letter(record: Record, verdict: Verdict) -> Outgoing:
    """Return what is kept of a record that is no card: it, and what is wrong with it.

    The headers that it had come first, but for those that only a letter has. What would
    make the letter larger than a broker takes is cut off, which a header says: the end
    of the value, and of the key, and all headers, where these two alone are large.

    Args:
        record: Of the topic of cards, with its headers.
        verdict: Says what is wrong.
    """
    key, value = record.key, record.value
    failed_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    added: list[Header] = [
        (ORIGIN_TOPIC, SOURCE.encode()),
        (ORIGIN_PARTITION, str(record.partition).encode()),
        (ORIGIN_OFFSET, str(record.offset).encode()),
        (ERROR, verdict.summary.encode(errors="replace")),
        (ERROR_KIND, (verdict.because or "").encode()),
        (FAILED_AT, failed_at.encode()),
    ]
    schema_id = _schema_id(value)
    if schema_id is not None:
        added.append((SCHEMA_ID, str(schema_id).encode()))
    kept = tuple(
        header
        for header in record.headers
        if header[0] == REPLAYED_FROM or not header[0].startswith(HEADER_PREFIX)
    )
    is_cut = len(key or b"") + size_of(kept) > _MOST_OF_KEY_AND_HEADERS
    if is_cut:
        kept, key = (), key and key[:_MOST_OF_KEY_AND_HEADERS]
    room = _MOST_LETTER_BYTES - len(key or b"") - size_of((*kept, *added))
    if is_cut or len(value or b"") > room:
        added.append((TRUNCATED_FROM, str(len(value or b"")).encode()))
        value = value and value[: room - _LEFT_FREE]
    return Outgoing(
        DEAD_LETTERS, key, value, headers=(*kept, *added), timestamp=record.timestamp
    )


def size_of(headers: Iterable[Header]) -> int:
    """Return about how many bytes headers take: their lengths and a little for each."""
    return sum(len(name.encode()) + len(value or b"") + 10 for name, value in headers)


def _schema_id(value: bytes | None) -> int | None:
    try:
        return None if value is None else schema_id_of(value)
    except CardError:
        return None
