"""The pipeline's reading of batches; its transactions need real brokers."""

from confluent_kafka import Message, TopicPartition

from goodsflow.blocking.pipeline import first_positions, next_positions, read_message
from goodsflow.blocking.records import Origin, Record


def message(partition: int, offset: int, **others: object) -> Message:
    """Return a message as librdkafka gives it."""
    return Message(topic="goods", partition=partition, offset=offset, **others)


def places(positions: list[TopicPartition]) -> set[tuple[int, int]]:
    """Return partitions and offsets."""
    return {(each.partition, each.offset) for each in positions}


BATCH = [message(0, 5), message(1, 9), message(0, 6), message(0, 8), message(1, 10)]


def test_the_next_offset_of_each_partition_is_committed() -> None:
    """The offset of the last record itself would read it again after a restart."""
    assert places(next_positions(BATCH)) == {(0, 9), (1, 11)}


def test_the_first_offset_of_each_partition_is_gone_back_to() -> None:
    """After an abort a batch's earlier records would be skipped."""
    assert places(list(first_positions(BATCH).values())) == {(0, 5), (1, 9)}


def test_a_record_is_read_whole() -> None:
    """Headers, null or doubled, and the time of the shop must not get lost."""
    headers = [("trace", b"a"), ("trace", None)]
    record, origin = read_message(
        message(
            1,
            7,
            key=b"k",
            value=b"v",
            headers=headers,
            timestamp=(1, 1_700_000_000_123),
        )
    )
    assert record == Record("goods", b"k", b"v", tuple(headers), 1_700_000_000_123)
    assert origin == Origin("goods", 1, 7)


def test_a_record_without_a_time_has_none() -> None:
    """Librdkafka writes -1 there, which no broker takes for a time."""
    record, _ = read_message(message(0, 1, timestamp=(0, -1)))
    assert record.timestamp is None
