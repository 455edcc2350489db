"""A dead letter: the record as it came, with headers that say where and why it failed.

Letters stay on their topic for a week, so letters of an older version, which have fewer
headers, must remain readable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from goodsflow.common.errors import GoodsflowError
from goodsflow.model.cards import CardError, schema_id_of
from goodsflow.model.records import Header, OutgoingRecord, Record, size_of

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
"""On a replayed record: the dead letter that it was."""

_PLACE = re.compile(r"(\d+):(\d+)")

_MAX_LETTER_BYTES = 1_000_000
"""For a whole letter. Brokers accept 1,048,588 bytes, record overhead included."""

_MAX_KEY_AND_HEADER_BYTES = 200_000
_RESERVED_BYTES = 1_000
"""For the header that says that something was cut off."""

_MAX_ERROR_CHARACTERS = 2_000


class DeadLetterError(GoodsflowError):
    """There is no such dead letter, or it can't be replayed or deleted."""


@dataclass(frozen=True, order=True)
class Place:
    """Where a dead letter is on its topic."""

    partition: int
    offset: int

    def __str__(self) -> str:
        """Format it the way the command line accepts it."""
        return f"{self.partition}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """Parse ``PARTITION:OFFSET``.

        Raises:
            DeadLetterError: The text has another form.
        """
        found = _PLACE.fullmatch(text.strip())
        if found is None:
            raise DeadLetterError(
                f"Expected PARTITION:OFFSET, such as 0:17, found '{text}'. "
                "`goodsflow dead-letters list` shows the places of all dead letters."
            )
        return cls(int(found[1]), int(found[2]))


@dataclass(frozen=True)
class DeadLetter:
    """A record that isn't a valid card.

    Attributes:
        place: Where the dead letter is.
        key: As it came.
        value: As it came; cut off if ``truncated_from`` is set.
        headers: As they came, without those that describe the failure.
        timestamp: As it came, in milliseconds since 1970.
        origin: Topic, partition and offset that it was read from.
        error: What is wrong, for a person.
        kind: The category of the failure, for counting.
        schema_id: The schema ID in the value; None if it has none.
        failed_at: When the filter rejected it.
        truncated_from: The original size of the value in bytes, if it was cut off.
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
        """Read a record of the topic; fields without a header stay empty."""
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


def dead_letter(
    record: Record, *, origin_topic: str, kind: str, error: str
) -> OutgoingRecord:
    """Return the dead letter to write for a record that isn't a valid card.

    The record's own headers come first, except those that only a dead letter has. A
    letter that would be larger than a broker accepts is cut: the end of its value, and
    where key and headers alone are too large, the end of its key and all headers. A
    header then says so.

    Args:
        record: As it was read, with its headers.
        origin_topic: The topic that it was read from.
        kind: The category of the failure.
        error: What is wrong, for a person; shortened if it is long.
    """
    key, value = record.key, record.value
    failed_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    added: list[Header] = [
        (ORIGIN_TOPIC, origin_topic.encode()),
        (ORIGIN_PARTITION, str(record.partition).encode()),
        (ORIGIN_OFFSET, str(record.offset).encode()),
        (ERROR, shortened(error).encode(errors="replace")),
        (ERROR_KIND, kind.encode()),
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
    is_cut = len(key or b"") + size_of(kept) > _MAX_KEY_AND_HEADER_BYTES
    if is_cut:
        kept, key = (), key and key[:_MAX_KEY_AND_HEADER_BYTES]
    room = _MAX_LETTER_BYTES - len(key or b"") - size_of((*kept, *added))
    if is_cut or len(value or b"") > room:
        added.append((TRUNCATED_FROM, str(len(value or b"")).encode()))
        value = value and value[: room - _RESERVED_BYTES]
    return OutgoingRecord(
        TOPIC, key, value, headers=(*kept, *added), timestamp=record.timestamp
    )


def shortened(error: str) -> str:
    """Cut a long error in its middle: it may quote a whole value.

    Its end, which says what was expected, is kept.
    """
    if len(error) <= _MAX_ERROR_CHARACTERS:
        return error
    half = _MAX_ERROR_CHARACTERS // 2
    return f"{error[:half]} … {error[-half:]}"


def _schema_id(value: bytes | None) -> int | None:
    try:
        return None if value is None else schema_id_of(value)
    except CardError:
        return None


def _text(value: str | bytes | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""


def _number(text: str | None) -> int | None:
    # A header that another tool wrote may have thousands of digits, which Python
    # refuses to convert.
    return int(text) if text and text.isdecimal() and len(text) < 20 else None


def _time(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
