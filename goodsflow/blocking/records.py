"""Records that the filter writes besides the cards that pass; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from goodsflow.blocking.filtering import Verdict
from goodsflow.cards import CardError, schema_id_of
from goodsflow.dead_letters import (
    ERROR,
    ERROR_KIND,
    FAILED_AT,
    ORIGIN_OFFSET,
    ORIGIN_PARTITION,
    ORIGIN_TOPIC,
    SCHEMA_ID,
    TRUNCATED_FROM,
)
from goodsflow.dead_letters import TOPIC as DEAD_LETTERS
from goodsflow.kafka.reading import Header, Record

SOURCE = "goods"
PASSED_ON = "goods-filtered"

_MOST_DEAD_LETTER_BYTES = 900_000
"""The headers of a dead letter must not make it larger than the broker takes."""


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

    The headers that it had come first. A value that would make the letter larger than
    a broker takes is cut off, which a header says.

    Args:
        record: Of the topic of cards, with its headers.
        verdict: Says what is wrong.
    """
    value = record.value
    failed_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    added: list[Header] = [
        (ORIGIN_TOPIC, SOURCE.encode()),
        (ORIGIN_PARTITION, str(record.partition).encode()),
        (ORIGIN_OFFSET, str(record.offset).encode()),
        (ERROR, verdict.reason.encode(errors="replace")),
        (ERROR_KIND, (verdict.because or "").encode()),
        (FAILED_AT, failed_at.encode()),
    ]
    schema_id = _schema_id(value)
    if schema_id is not None:
        added.append((SCHEMA_ID, str(schema_id).encode()))
    if value is not None and len(value) > _MOST_DEAD_LETTER_BYTES:
        added.append((TRUNCATED_FROM, str(len(value)).encode()))
        value = value[:_MOST_DEAD_LETTER_BYTES]
    return Outgoing(
        DEAD_LETTERS,
        record.key,
        value,
        headers=(*record.headers, *added),
        timestamp=record.timestamp,
    )


def _schema_id(value: bytes | None) -> int | None:
    try:
        return None if value is None else schema_id_of(value)
    except CardError:
        return None
