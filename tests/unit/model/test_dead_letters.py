"""A dead letter, written and read again."""

from datetime import datetime

import pytest

from goodsflow.model.dead_letters import DeadLetter, Place, dead_letter
from goodsflow.model.records import OutgoingRecord, Record

RECORD = Record(
    partition=1,
    offset=42,
    key=b"12345",
    value=b"\x00\x00\x00\x00\x07\xff",
    headers=(("trace", b"a"), ("trace", b"b"), ("empty", None)),
    timestamp=1_700_000_000_123,
)


def letter_of(record: Record, error: str = "нет") -> OutgoingRecord:
    """Return the letter of a record that is not JSON."""
    return dead_letter(record, origin_topic="goods", kind="json", error=error)


def test_a_dead_letter_is_the_record_with_its_origin_and_the_error() -> None:
    """Otherwise, nobody could find the record or its sender."""
    letter = letter_of(RECORD)
    assert (letter.topic, letter.key, letter.value, letter.timestamp) == (
        "goods-dead-letter",
        RECORD.key,
        RECORD.value,
        RECORD.timestamp,
    )
    said = dict(letter.headers[len(RECORD.headers) :])
    assert datetime.fromisoformat(str(said.pop("goodsflow.failed.at"), "ascii"))
    assert said == {
        "goodsflow.origin.topic": b"goods",
        "goodsflow.origin.partition": b"1",
        "goodsflow.origin.offset": b"42",
        "goodsflow.error": "нет".encode(),
        "goodsflow.error.kind": b"json",
        "goodsflow.schema.id": b"7",
    }


def test_a_dead_letter_is_read_as_it_was_written() -> None:
    """A replay must send the original record, without the added headers."""
    written = letter_of(RECORD)
    read = DeadLetter.from_record(
        Record(
            0, 3, written.key, written.value, tuple(written.headers), written.timestamp
        )
    )
    assert read.place == Place(0, 3)
    assert read.headers == RECORD.headers
    assert (read.key, read.value, read.timestamp) == (
        RECORD.key,
        RECORD.value,
        RECORD.timestamp,
    )
    assert read.origin == ("goods", 1, 42)
    assert (read.error, read.kind, read.schema_id) == ("нет", "json", 7)
    assert read.failed_at is not None
    assert read.truncated_from is None


def size(letter: OutgoingRecord) -> int:
    """Return the size of a letter, without the broker's overhead."""
    headers = sum(len(name) + len(value or b"") for name, value in letter.headers)
    return len(letter.key or b"") + len(letter.value or b"") + headers


LARGE = b"x" * 1_000_000


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (RECORD._replace(value=LARGE), "why"),
        (RECORD._replace(value=LARGE[:700_000]), "quotes " + "x" * 700_000),
        (RECORD._replace(key=LARGE), "why"),
        (RECORD._replace(headers=(("trace", LARGE),)), "why"),
        (RECORD._replace(headers=(("trace", LARGE[:150_000]),), value=LARGE), "why"),
    ],
)
def test_a_dead_letter_is_no_larger_than_a_broker_takes(
    record: Record, reason: str
) -> None:
    """Brokers would refuse it after each restart, and no card would pass."""
    letter = letter_of(record, reason)
    assert size(letter) < 1_020_000
    said = dict(letter.headers)
    assert len(said["goodsflow.error"] or b"") < 2_100
    read = DeadLetter.from_record(
        Record(0, 3, letter.key, letter.value, letter.headers, letter.timestamp)
    )
    is_whole = (read.key, read.value, read.headers) == (
        record.key,
        record.value,
        record.headers,
    )
    # What was cut is never sent again as if it were the record.
    assert (read.truncated_from is None) == is_whole
    if not is_whole:
        assert read.truncated_from == len(record.value or b"")


def test_headers_of_dead_letters_are_not_copied_from_a_record() -> None:
    """A shop could make its dead letters look cut off, or forge their origin."""
    theirs = (
        ("goodsflow.truncated.from", b"9" * 5000),
        ("goodsflow.replayed.from", b"goods-dead-letter:0:1"),
    )
    letter = letter_of(RECORD._replace(headers=theirs))
    read = DeadLetter.from_record(
        Record(0, 3, letter.key, letter.value, letter.headers, letter.timestamp)
    )
    assert read.headers == theirs[1:]
    assert read.truncated_from is None
    # Older ones, and those of other tools, are on the topic.
    assert DeadLetter.from_record(RECORD._replace(headers=theirs[:1])).headers == ()


def test_a_letter_of_an_older_version_can_be_read() -> None:
    """Dead letters from before an upgrade have fewer headers."""
    old = (
        ("goodsflow.origin.topic", b"goods"),
        ("goodsflow.origin.partition", b"0"),
        ("goodsflow.origin.offset", b"5"),
        ("goodsflow.error", b"why"),
    )
    read = DeadLetter.from_record(Record(0, 1, b"k", b"v", old))
    assert read.origin == ("goods", 0, 5)
    assert (read.kind, read.schema_id, read.failed_at) == ("", None, None)
    assert DeadLetter.from_record(Record(0, 1, b"k", b"v")).origin == ("", -1, -1)
