"""What a ksqlDB server does on its cluster, done as its principal on real brokers.

The server itself is an upstream image that is not started here: these are the Kafka
operations that one was seen to need, and those that it must not be able to do.
"""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.config import client_config
from goodsflow.clients.kafka.futures import check_all
from goodsflow.deploy.compose.prepare import make_trust_store
from goodsflow.deploy.compose.upstream import KSQLDB_SERVICE_ID, ksqldb_properties
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints

SOURCE = "source.goods-filtered"
PREFIX = f"_confluent-ksql-{KSQLDB_SERVICE_ID}"
DENIED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}


@pytest.fixture
def config(endpoints: Endpoints) -> dict[str, Any]:
    """A client configuration of the server's principal."""
    return {**client_config(endpoints, "analytics", "ksqldb"), "log_level": 0}


@pytest.fixture
def own_topic(endpoints: Endpoints) -> Iterator[str]:
    """The name of a topic that the server may make; removed after the test."""
    name = f"{PREFIX}test-{uuid.uuid4().hex[:8]}"
    yield name
    admin = KafkaAdmin.connect(endpoints, "analytics", "admin")
    check_all(admin.delete_topics(admin.topics([name])))


def create(config: dict[str, Any], topic: str) -> None:
    """Create a topic, or raise what the broker says."""
    new = NewTopic(topic, num_partitions=1, replication_factor=2)
    client = AdminClient(config)
    client.create_topics([new])[topic].result(30)


def write(config: dict[str, Any], topic: str) -> None:
    """Write a record, or raise what the broker says."""
    failures: list[KafkaError] = []
    producer = Producer(config)
    producer.produce(
        topic, b"value", on_delivery=lambda e, _: failures.append(e) if e else None
    )
    assert producer.flush(30) == 0
    if failures:
        raise KafkaException(failures[0])


def begin_transactions(config: dict[str, Any], transactional_id: str) -> Producer:
    """Return a transactional producer, or raise what the broker says."""
    producer = Producer({**config, "transactional.id": transactional_id})
    producer.init_transactions(30)
    return producer


def read(config: dict[str, Any], topic: str, group: str) -> None:
    """Join a group and get to a topic's end, or raise what the broker says."""
    settings = {
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.partition.eof": True,
        "enable.auto.commit": False,
    }
    ended: set[int] = set()
    with Consumer({**config, **settings}) as consumer:
        consumer.subscribe([topic])
        while not (parts := consumer.assignment()) or len(ended) < len(parts):
            message = consumer.poll(30)
            assert message is not None, f"nothing of '{topic}' came"
            error = message.error()
            if error is None:
                continue
            if error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
            ended.add(message.partition())


def describe_configs(config: dict[str, Any], topic: str) -> None:
    """Read a topic's settings, or raise what the broker says."""
    resource = ConfigResource(ResourceType.TOPIC, topic)
    client = AdminClient(config)
    client.describe_configs([resource])[resource].result(30)


def test_the_server_may_do_what_it_needs(
    config: dict[str, Any], own_topic: str
) -> None:
    """One right too few, and it answers 503 for ever, or 403 to its view."""
    create(config, own_topic)
    write(config, own_topic)
    producer = begin_transactions(config, KSQLDB_SERVICE_ID)
    producer.begin_transaction()
    producer.produce(own_topic, b"command")
    producer.commit_transaction(30)
    read(config, own_topic, f"{PREFIX}command-{uuid.uuid4().hex[:8]}")

    describe_configs(config, SOURCE)
    read(config, SOURCE, f"{PREFIX}query-{uuid.uuid4().hex[:8]}")


@pytest.mark.parametrize(
    "attempt",
    [
        lambda config: create(config, "ksqldb-elsewhere"),
        lambda config: write(config, SOURCE),
        lambda config: write(config, "goods-recomendations"),
        lambda config: begin_transactions(config, "recommender"),
        lambda config: read(config, SOURCE, "recommender"),
        lambda config: read(config, "events", f"{PREFIX}query"),
        lambda config: describe_configs(config, "events"),
    ],
    ids=[
        "create a topic of another name",
        "write cards",
        "write recommendations",
        "fence the recommender",
        "read in another's group",
        "read what users asked",
        "read another topic's settings",
    ],
)
def test_the_server_may_do_nothing_else(
    config: dict[str, Any], attempt: Callable[[dict[str, Any]], None]
) -> None:
    """It takes SQL from whoever reaches it."""
    with pytest.raises(KafkaException) as refused:
        attempt(config)
    assert refused.value.args[0].code() in DENIED


def test_the_server_cannot_delete_even_its_own_topics(
    config: dict[str, Any], own_topic: str
) -> None:
    """Its command topic is its memory of every view."""
    create(config, own_topic)
    client = AdminClient(config)
    with pytest.raises(KafkaException) as refused:
        client.delete_topics([own_topic])[own_topic].result(30)
    assert refused.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_its_configuration_file_logs_a_java_client_in(
    endpoints: Endpoints, tmp_path: Path
) -> None:
    """Its own settings need the server; those of Kafka are tried as they are."""
    password = tmp_path / "store.password"
    password.write_text("not-a-secret")
    store = tmp_path / "ca.jks"
    make_trust_store(endpoints.ca_file, store, password)
    properties = tmp_path / "ksqldb.properties"
    properties.write_text(
        ksqldb_properties(endpoints, "/data", str(store), "not-a-secret")
    )
    servers = endpoints.bootstrap_servers["analytics"]
    java_home = os.environ.get("JAVA_HOME")
    done = subprocess.run(
        [
            f"{java_home}/bin/java" if java_home else "java",
            *("-cp", f"{PROJECT_ROOT / 'containers/kafka/target/lib'}/*"),
            "kafka.admin.ConfigCommand",
            *("--bootstrap-server", servers, "--command-config", str(properties)),
            *("--entity-type", "topics", "--entity-name", SOURCE, "--describe"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cleanup.policy=compact" in done.stdout
