"""Refusals as a client meets them that has work to do; test_matrix has the rest."""

from __future__ import annotations

import time

from confluent_kafka import (
    Consumer,
    KafkaError,
    Message,
    Producer,
    TopicPartition,
)

from goodsflow.clients.kafka.config import client_config
from goodsflow.model.endpoints import Endpoints


def test_a_write_without_the_right_is_refused(endpoints: Endpoints) -> None:
    """Past the filter, a forbidden card would reach every user."""
    config = client_config(endpoints, "inbound", "shop-api")
    errors: list[KafkaError | None] = []

    def delivered(error: KafkaError | None, message: Message) -> None:
        errors.append(error)

    producer = Producer({**config, "log_level": 0})
    producer.produce("goods-filtered", b"x", b"y", on_delivery=delivered)
    assert producer.flush(20) == 0

    (error,) = errors
    assert error is not None
    assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_a_read_without_the_right_is_refused(endpoints: Endpoints) -> None:
    """A shop could read what the others sell, and at which price."""
    config = client_config(endpoints, "inbound", "shop-api")
    deadline = time.monotonic() + 30
    with Consumer({**config, "group.id": "shop-api", "log_level": 0}) as consumer:
        consumer.assign([TopicPartition("goods", 0, 0)])
        refusal = None
        # The group is refused as well, and may be the first to be reported.
        while refusal != KafkaError.TOPIC_AUTHORIZATION_FAILED:
            assert time.monotonic() < deadline, "the topic was not refused"
            message = consumer.poll(0.5)
            error = message.error() if message else None
            assert message is None or error is not None, "a record was read"
            refusal = error.code() if error else None
