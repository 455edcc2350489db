"""How a batch sorts its records; transactions need real brokers."""

import pytest
from confluent_kafka import Message

from goodsflow.clients.kafka.topic_reader import readable_headers, whole_record
from goodsflow.clients.registry import RegistryUnavailableError
from goodsflow.pipeline.filter.batch import Batch
from goodsflow.pipeline.filter.filtering import (
    BLOCKED,
    MAX_BYTES,
    PASSED,
    Kind,
    Verdict,
)


def message(partition: int, offset: int, **others: object) -> Message:
    """Return a message as librdkafka gives it."""
    return Message(topic="goods", partition=partition, offset=offset, **others)


def read(*messages: Message) -> Batch:
    """Return a batch of messages that came in two calls; all pass."""
    batch = Batch(lambda _key, _value: PASSED)
    batch.add(messages[:2])
    batch.add(messages[2:])
    return batch


BATCH = read(message(0, 5), message(1, 9), message(0, 6), message(0, 8), message(1, 10))


def test_the_next_offset_of_each_partition_is_committed() -> None:
    """With the last record's own offset, it would be read again after a restart."""
    assert BATCH.next_offsets == {0: 9, 1: 11}


def test_the_first_offset_of_each_partition_is_known() -> None:
    """After an abort, the batch's earlier records would be skipped."""
    assert BATCH.first_offsets == {0: 5, 1: 9}


def test_a_batch_is_sorted_in_its_order() -> None:
    """Only the newest card of a product counts."""

    def decide(key: bytes | None, _: bytes | None) -> Verdict:
        if key == b"bad":
            return Verdict("undecodable", "json", "why")
        return BLOCKED["brand"] if key == b"held back" else PASSED

    batch = [
        message(0, number, key=key, value=b"v")
        for number, key in enumerate([b"1", b"bad", b"held back", b"2", b"bad"])
    ]
    found = Batch(decide)
    found.add(batch[:3])
    found.add(batch[3:])
    assert [each.key() for each in found.passed] == [b"1", b"2"]
    assert dict(found.causes) == {"json": 2, "brand": 1}
    assert [
        dict(each.headers)["goodsflow.origin.offset"] for each in found.letters
    ] == [
        b"1",
        b"4",
    ]
    assert found.first_letter == "from goods-0@1: why"


def test_a_reason_that_quotes_a_value_does_not_fill_the_log() -> None:
    """The first of each batch is logged, and a shop may send many."""
    verdict = Verdict("undecodable", "schema", "x" * 700_000 + " is no array")
    found = Batch(lambda _key, _value: verdict)
    found.add([message(0, 3, key=b"1", value=b"v")])
    assert len(found.first_letter) < 2_100
    assert found.first_letter.endswith(" is no array")


class Headerless:
    """A message with a header whose name isn't UTF-8, as librdkafka returns it."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._was_asked = False

    def headers(self) -> object:
        """Fail like the C code, which must be called only once."""
        assert not self._was_asked, "what comes now would end the process"
        self._was_asked = True
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    def __getattr__(self, name: str) -> object:
        """Delegate everything else to the message."""
        return getattr(self._message, name)


@pytest.mark.parametrize("kind", ["record-header", "json"])
def test_an_unreadable_header_makes_a_dead_letter(kind: Kind) -> None:
    """Otherwise its record would block the filter after each restart."""
    verdict = PASSED if kind == "record-header" else Verdict("undecodable", kind)
    bad = Headerless(message(0, 3, key=b"1", value=b"v", timestamp=(1, 7)))
    found = Batch(lambda key, _value: verdict if key == b"1" else PASSED)
    found.add([bad, message(0, 4, key=b"2", value=b"v")])  # type: ignore[list-item]
    assert [each.key() for each in found.passed] == [b"2"]
    (letter,) = found.letters
    assert (letter.key, letter.value, letter.timestamp) == (b"1", b"v", 7)
    assert dict(letter.headers)["goodsflow.error.kind"] == kind.encode()
    assert found.causes[kind] == 1


def test_headers_that_the_next_broker_would_refuse_make_a_dead_letter() -> None:
    """If brokers refused the record, the filter would fail after each restart."""
    headers = [("trace", b"x" * MAX_BYTES)]
    found = read(
        message(0, 3, key=b"1", value=b"v", headers=headers),
        message(0, 4, key=b"2", value=b"v", headers=[("trace", b"x")]),
    )
    assert [each.key() for each in found.passed] == [b"2"]
    (letter,) = found.letters
    assert (letter.key, letter.value, found.causes["size"]) == (b"1", b"v", 1)
    assert "trace" not in dict(letter.headers)


def test_the_first_offsets_are_known_without_a_decision() -> None:
    """If a schema can't be looked up, the records after it would be skipped."""

    def decide(_key: bytes | None, _value: bytes | None) -> Verdict:
        raise RegistryUnavailableError("away")

    batch = Batch(decide)
    with pytest.raises(RegistryUnavailableError):
        batch.add([message(0, 5), message(1, 9)])
    assert batch
    assert batch.first_offsets == {0: 5, 1: 9}


def test_a_record_is_read_whole() -> None:
    """Null or repeated headers and the shop's timestamp must not get lost."""
    headers = [("trace", b"a"), ("trace", None)]
    read = message(
        1, 7, key=b"k", value=b"v", headers=headers, timestamp=(1, 1_700_000_000_123)
    )
    record = whole_record(read, readable_headers(read) or ())
    assert (record.partition, record.offset) == (1, 7)
    assert (record.key, record.value) == (b"k", b"v")
    assert record.headers == tuple(headers)
    assert record.timestamp == 1_700_000_000_123


def test_a_record_without_a_time_has_none() -> None:
    """Librdkafka returns -1, which brokers don't accept as a timestamp."""
    assert whole_record(message(0, 1, timestamp=(0, -1)), ()).timestamp is None
