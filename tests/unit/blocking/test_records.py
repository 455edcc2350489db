"""What the filter writes besides the cards that pass."""

from datetime import datetime

from goodsflow.blocking.filtering import Verdict
from goodsflow.blocking.records import dead_letter
from goodsflow.dead_letters import DeadLetter, Place
from goodsflow.kafka.reading import Record

RECORD = Record(
    partition=1,
    offset=42,
    key=b"12345",
    value=b"\x00\x00\x00\x00\x07\xff",
    headers=(("trace", b"a"), ("trace", b"b"), ("empty", None)),
    timestamp=1_700_000_000_123,
)
BROKEN = Verdict("undecodable", "json", "нет")


def test_a_dead_letter_is_the_record_with_its_origin_and_the_error() -> None:
    """Without them nobody finds the record, or its sender, again."""
    letter = dead_letter(RECORD, BROKEN)
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
    """A replay must send the record that the shop sent, and no header of ours."""
    written = dead_letter(RECORD, BROKEN)
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


def test_a_dead_letter_near_the_brokers_limit_is_cut() -> None:
    """Made larger by its headers, it would be refused, again after each restart."""
    letter = dead_letter(RECORD._replace(value=b"x" * 1_000_000), BROKEN)
    assert letter.value == b"x" * 900_000
    assert letter.headers[-1] == ("goodsflow.truncated.from", b"1000000")


def test_a_letter_of_an_older_make_can_be_read() -> None:
    """Those on the topic at an upgrade have fewer headers."""
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
