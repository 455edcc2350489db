"""What becomes of a batch's records; transactions need real brokers."""

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
    """The offset of the last record itself would read it again after a restart."""
    assert BATCH.next_offsets == {0: 9, 1: 11}


def test_the_first_offset_of_each_partition_is_gone_back_to() -> None:
    """After an abort a batch's earlier records would be skipped."""
    assert BATCH.first_offsets == {0: 5, 1: 9}


def test_a_batch_is_sorted_in_its_order() -> None:
    """The newest card of a product is the one that counts."""

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
    """A message with a header whose name is no UTF-8, as librdkafka gives it."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._was_asked = False

    def headers(self) -> object:
        """Fail as the C code does, which is asked once and never again."""
        assert not self._was_asked, "what comes now would end the process"
        self._was_asked = True
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    def __getattr__(self, name: str) -> object:
        """Be the message in all else."""
        return getattr(self._message, name)


@pytest.mark.parametrize("kind", ["record-header", "json"])
def test_a_header_that_cannot_be_read_makes_a_dead_letter(kind: Kind) -> None:
    """Its record could not be passed on, again after each restart."""
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
    """Shops compress them as they like; refused, they would end the filter for good."""
    headers = [("trace", b"x" * MAX_BYTES)]
    found = read(
        message(0, 3, key=b"1", value=b"v", headers=headers),
        message(0, 4, key=b"2", value=b"v", headers=[("trace", b"x")]),
    )
    assert [each.key() for each in found.passed] == [b"2"]
    (letter,) = found.letters
    assert (letter.key, letter.value, found.causes["size"]) == (b"1", b"v", 1)
    assert "trace" not in dict(letter.headers)


def test_where_a_batch_begins_is_known_though_no_record_was_decided_about() -> None:
    """A schema that cannot be looked up: nobody would go back to those after it."""

    def decide(_key: bytes | None, _value: bytes | None) -> Verdict:
        raise RegistryUnavailableError("away")

    batch = Batch(decide)
    with pytest.raises(RegistryUnavailableError):
        batch.add([message(0, 5), message(1, 9)])
    assert batch
    assert batch.first_offsets == {0: 5, 1: 9}


def test_a_record_is_read_whole() -> None:
    """Headers, null or doubled, and the time of the shop must not get lost."""
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
    """Librdkafka writes -1 there, which no broker takes for a time."""
    assert whole_record(message(0, 1, timestamp=(0, -1)), ()).timestamp is None
