"""Transactions, with the mock broker that librdkafka has built in.

It keeps neither offsets nor markers of transactions: that needs real brokers.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest
from confluent_kafka import Consumer, Message, TopicPartition

from goodsflow.clients.kafka.client_errors import ClientErrors
from goodsflow.clients.kafka.transactions import (
    AbortedTransactionError,
    TransactionalWriter,
    TransactionContent,
)
from goodsflow.model.records import OutgoingRecord

CARD = Message(
    topic="in",
    partition=0,
    offset=41,
    key=b"1",
    value=b"card",
    headers=[("trace", b"a")],
    timestamp=(1, 1_700_000_000_123),
)
TOMBSTONE = OutgoingRecord("out", b"0")
LETTER = OutgoingRecord("out", b"2", b"letter", (("why", b"b"),), 1_700_000_000_456)


@pytest.fixture
def writer() -> TransactionalWriter:
    """Return a writer with its own mock broker, ready to begin."""
    config = {
        "bootstrap.servers": "ignored",
        "test.mock.num.brokers": 1,
        "transactional.id": "test",
        "message.max.bytes": 10_000,
    }
    errors = ClientErrors("inbound", "test")
    writer = TransactionalWriter(
        config, errors, Event(), cluster="inbound", principal="test"
    )
    writer.open()
    # The mock broker creates a topic that it is asked about.
    for topic in ("in", "out"):
        writer._producer.list_topics(topic)
    return writer


@pytest.fixture
def consumer(writer: TransactionalWriter) -> Iterator[Consumer]:
    """Return a reader of committed records on the same mock broker."""
    [broker] = writer._producer.list_topics().brokers.values()
    consumer = Consumer(
        {
            "bootstrap.servers": f"{broker.host}:{broker.port}",
            "group.id": "test",
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    yield consumer
    consumer.close()


def test_records_are_written_with_headers_and_timestamps(
    writer: TransactionalWriter, consumer: Consumer
) -> None:
    """A forwarded record must not lose what its shop sent."""
    writer.begin(TransactionContent([TOMBSTONE], [CARD], "out", [LETTER]))
    writer.commit([TopicPartition("in", 0, 42)], consumer.consumer_group_metadata())
    partitions = consumer.list_topics("out").topics["out"].partitions
    consumer.assign([TopicPartition("out", each, 0) for each in partitions])
    found = {}
    while len(found) < 3:
        message = consumer.poll(10)
        assert message is not None, found
        if message.error() is None:
            found[message.key()] = (
                message.value(),
                message.headers(),
                message.timestamp()[1],
            )
    assert found[b"1"] == (b"card", [("trace", b"a")], 1_700_000_000_123)
    assert found[b"2"] == (b"letter", [("why", b"b")], 1_700_000_000_456)
    assert found[b"0"][:2] == (None, None)


def test_a_failed_record_aborts_the_transaction(
    writer: TransactionalWriter, consumer: Consumer
) -> None:
    """A batch must not be committed without one of its records."""
    large = OutgoingRecord("out", b"3", b"x" * 20_000)
    writer.begin(TransactionContent([TOMBSTONE], [CARD], "out", [large]))
    with pytest.raises(AbortedTransactionError):
        writer.commit([TopicPartition("in", 0, 42)], consumer.consumer_group_metadata())
    # The next transaction is unaffected.
    writer.begin(TransactionContent([], [CARD], "out", []))
    writer.commit([], consumer.consumer_group_metadata())
