"""A dead letter: a record as it came, and headers that say where and why it failed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from goodsflow.clients.kafka.topic_reader import Header, Record
from goodsflow.pipeline.dead_letters.errors import DeadLetterError

TOPIC = "goods-dead-letter"

HEADER_PREFIX = "goodsflow."
ORIGIN_TOPIC = f"{HEADER_PREFIX}origin.topic"
ORIGIN_PARTITION = f"{HEADER_PREFIX}origin.partition"
ORIGIN_OFFSET = f"{HEADER_PREFIX}origin.offset"
ERROR = f"{HEADER_PREFIX}error"
ERROR_KIND = f"{HEADER_PREFIX}error.kind"
SCHEMA_ID = f"{HEADER_PREFIX}schema.id"
FAILED_AT = f"{HEADER_PREFIX}failed.at"
TRUNCATED_FROM = f"{HEADER_PREFIX}truncated.from"
REPLAYED_FROM = f"{HEADER_PREFIX}replayed.from"
"""Of a record that was sent again: which letter it was."""

_PLACE = re.compile(r"(\d+):(\d+)")


@dataclass(frozen=True, order=True)
class Place:
    """Where a letter is on its topic."""

    partition: int
    offset: int

    def __str__(self) -> str:
        """Write it as the command line takes it."""
        return f"{self.partition}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read ``PARTITION:OFFSET``.

        Raises:
            DeadLetterError: It is something else.
        """
        found = _PLACE.fullmatch(text.strip())
        if found is None:
            raise DeadLetterError(
                f"'{text}' is no PARTITION:OFFSET, such as 0:17; "
                "`goodsflow dead-letters list` shows them."
            )
        return cls(int(found[1]), int(found[2]))


@dataclass(frozen=True)
class DeadLetter:
    """A record that is no card.

    Attributes:
        place: Where the letter is.
        key: As it came.
        value: As it came; cut off where ``truncated_from`` says so.
        headers: As they came, without those that say what is wrong.
        timestamp: As it came, in milliseconds since 1970.
        origin: Topic, partition and offset where it was read.
        error: What is wrong, for a person.
        kind: What it fails at, for a count.
        schema_id: The schema that the value names; None where it names none.
        failed_at: When it was found to be none.
        truncated_from: How many bytes the value had, where it was cut off.
    """

    place: Place
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    timestamp: int | None
    origin: tuple[str, int, int]
    error: str
    kind: str
    schema_id: int | None
    failed_at: datetime | None
    truncated_from: int | None

    @classmethod
    def from_record(cls, record: Record) -> DeadLetter:
        """Read a record of the topic; what its headers do not say stays empty."""
        said: dict[str, str] = {}
        own: list[Header] = []
        for name, value in record.headers:
            if name.startswith(HEADER_PREFIX) and name != REPLAYED_FROM:
                said[name] = _text(value)
            else:
                own.append((name, value))
        partition, offset = said.get(ORIGIN_PARTITION), said.get(ORIGIN_OFFSET)
        return cls(
            place=Place(record.partition, record.offset),
            key=record.key,
            value=record.value,
            headers=tuple(own),
            timestamp=record.timestamp,
            origin=(
                said.get(ORIGIN_TOPIC, ""),
                -1 if (number := _number(partition)) is None else number,
                -1 if (number := _number(offset)) is None else number,
            ),
            error=said.get(ERROR, ""),
            kind=said.get(ERROR_KIND, ""),
            schema_id=_number(said.get(SCHEMA_ID)),
            failed_at=_time(said.get(FAILED_AT)),
            truncated_from=_number(said.get(TRUNCATED_FROM)),
        )


def _text(value: str | bytes | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""


def _number(text: str | None) -> int | None:
    # Somebody else's may have thousands of digits, which Python does not read.
    return int(text) if text and text.isdecimal() and len(text) < 20 else None


def _time(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
