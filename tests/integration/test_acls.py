"""Rights on real clusters: what is declared, and nothing else."""

from __future__ import annotations

import time

import pytest
from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from goodsflow.endpoints import ClusterName, Endpoints
from goodsflow.kafka.config import client_config


def operations(
    endpoints: Endpoints, cluster: ClusterName, principal: str, topic: str
) -> set[str]:
    """Return what a principal may do with a topic; nothing where it may not see it."""
    client = AdminClient(client_config(endpoints, cluster, principal))
    futures = client.describe_topics(
        TopicCollection([topic]), include_authorized_operations=True
    )
    try:
        described = futures[topic].result(20)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_AUTHORIZATION_FAILED:
            raise
        return set()
    return {operation.name for operation in described.authorized_operations}


@pytest.mark.parametrize(
    ("cluster", "principal", "topic", "allowed"),
    [
        ("inbound", "shop-api", "goods", {"WRITE", "DESCRIBE"}),
        ("inbound", "shop-api", "goods-filtered", set()),
        ("inbound", "blocking", "goods", {"READ", "DESCRIBE"}),
        ("inbound", "blocking", "goods-filtered", {"WRITE", "DESCRIBE"}),
        ("inbound", "blocking", "kafkasql-journal", set()),
        ("inbound", "mirror", "goods", set()),
        ("inbound", "schema-registry", "goods", set()),
        ("analytics", "recommender", "source.goods-filtered", {"READ", "DESCRIBE"}),
        ("analytics", "recommender", "goods-recomendations", {"WRITE", "DESCRIBE"}),
        ("analytics", "recommender", "events", set()),
        ("analytics", "user", "events", {"WRITE", "DESCRIBE"}),
        ("analytics", "user", "goods-recomendations", {"READ", "DESCRIBE"}),
        ("analytics", "user", "connect-configs", set()),
        (
            "analytics",
            "ksqldb",
            "source.goods-filtered",
            {"READ", "DESCRIBE", "DESCRIBE_CONFIGS"},
        ),
        ("analytics", "ksqldb", "events", set()),
        ("analytics", "ksqldb", "connect-configs", set()),
        ("inbound", "ui", "goods", {"READ", "DESCRIBE", "DESCRIBE_CONFIGS"}),
        ("analytics", "ui", "events", {"READ", "DESCRIBE", "DESCRIBE_CONFIGS"}),
    ],
)
def test_a_principal_may_do_what_it_is_declared_to_do_and_nothing_else(
    endpoints: Endpoints,
    cluster: ClusterName,
    principal: str,
    topic: str,
    allowed: set[str],
) -> None:
    """A service that may do more is a way in for whoever takes it over."""
    assert operations(endpoints, cluster, principal, topic) == allowed


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
