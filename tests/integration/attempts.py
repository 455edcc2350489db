"""Real clients that try something as a principal, so that nothing comes of it.

Each attempt passes the broker's authorization or fails at it; what passes is refused
for another reason, is asked to be validated only, or reads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import (
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

_SECONDS = 30
_REFUSED = KafkaError.TOPIC_AUTHORIZATION_FAILED

Config = Mapping[str, Any]
Outcomes = dict[str, bool]
"""Whether the broker let the attempt pass, by topic."""


def try_to_read(config: Config, topics: Collection[str]) -> Outcomes:
    """Fetch from the end of each topic; what is not shown cannot be fetched."""
    shown = try_to_describe(config, topics)
    outcomes: Outcomes = {topic: False for topic in topics if not shown[topic]}
    settings = {
        **config,
        "group.id": "attempts",  # nothing is committed to it
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "fetch.wait.max.ms": 100,
        "log_level": 0,
    }
    deadline = time.monotonic() + _SECONDS
    with Consumer(settings) as consumer:
        consumer.assign(
            [TopicPartition(topic, 0, OFFSET_END) for topic in topics if shown[topic]]
        )
        while missing := set(topics) - outcomes.keys():
            assert time.monotonic() < deadline, f"nothing is known of {missing}"
            message = consumer.poll(0.5)
            if message is None:
                continue
            error = message.error()
            code = error.code() if error else None
            topic = message.topic()
            # The group may be refused too, which is no answer.
            if topic and code in {None, KafkaError._PARTITION_EOF, _REFUSED}:
                outcomes[topic] = code != _REFUSED
    return outcomes


def try_to_write(config: Config, topics: Collection[str]) -> Outcomes:
    """Produce with a number of acknowledgements that no broker takes."""
    outcomes: Outcomes = {}
    unexpected: list[KafkaError] = []

    def note(error: KafkaError | None, message: Message) -> None:
        topic = message.topic()
        assert error is not None, f"a record was written to {topic}"
        assert topic is not None
        if error.code() not in {_REFUSED, KafkaError.INVALID_REQUIRED_ACKS}:
            unexpected.append(error)
        outcomes[topic] = error.code() != _REFUSED

    producer = Producer({**config, "acks": 2, "log_level": 0})
    for topic in topics:
        producer.produce(topic, b"value", b"key", on_delivery=note)
    assert producer.flush(_SECONDS) == 0
    assert not unexpected
    return outcomes


def try_to_describe(config: Config, topics: Collection[str]) -> Outcomes:
    """Ask for the partitions of each topic."""
    client = _admin(config)
    return _settle(client.describe_topics(TopicCollection(list(topics))))


def try_to_create(config: Config, topics: Collection[str]) -> Outcomes:
    """Ask whether topics could be created, that are there."""
    client = _admin(config)
    new = [NewTopic(topic, num_partitions=1, replication_factor=1) for topic in topics]
    futures = client.create_topics(new, validate_only=True)
    return _settle(futures, KafkaError.TOPIC_ALREADY_EXISTS)


def try_to_alter(config: Config, topics: Collection[str]) -> Outcomes:
    """Ask whether topics could have fewer partitions, which none can."""
    client = _admin(config)
    new = [NewPartitions(topic, 1) for topic in topics]
    futures = client.create_partitions(new, validate_only=True)
    return _settle(futures, KafkaError.INVALID_PARTITIONS)


def try_to_describe_configs(config: Config, topics: Collection[str]) -> Outcomes:
    """Ask for the settings of each topic."""
    client = _admin(config)
    wanted = [ConfigResource(ResourceType.TOPIC, topic) for topic in topics]
    futures = client.describe_configs(wanted)
    return _settle({resource.name: f for resource, f in futures.items()})


def try_to_alter_configs(config: Config, topics: Collection[str]) -> Outcomes:
    """Ask whether a setting could be made."""
    client = _admin(config)
    setting = ConfigEntry(
        "retention.ms", "1000", incremental_operation=AlterConfigOpType.SET
    )
    wanted = [
        ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[setting])
        for topic in topics
    ]
    futures = client.incremental_alter_configs(wanted, validate_only=True)
    return _settle({resource.name: f for resource, f in futures.items()})


def try_to_delete(config: Config, topics: Collection[str]) -> Outcomes:
    """Delete topics: there is no asking first. Only for who must not."""
    if not topics:
        return {}
    client = _admin(config)
    return _settle(client.delete_topics(list(topics)))


ATTEMPTS: dict[str, Callable[[Config, Collection[str]], Outcomes]] = {
    "READ": try_to_read,
    "WRITE": try_to_write,
    "CREATE": try_to_create,
    "DESCRIBE": try_to_describe,
    "ALTER": try_to_alter,
    "DESCRIBE_CONFIGS": try_to_describe_configs,
    "ALTER_CONFIGS": try_to_alter_configs,
}
"""By the operation of Kafka's that each needs; but for DELETE, all are harmless."""


def _admin(config: Config) -> AdminClient:
    """Return a client; who drops it before it has answered gets none."""
    return AdminClient({**config, "log_level": 0})


def _settle(futures: Mapping[str, Future[Any]], passed: int | None = None) -> Outcomes:
    outcomes: Outcomes = {}
    for topic, future in futures.items():
        try:
            future.result(_SECONDS)
        except KafkaException as error:
            code = error.args[0].code()
            if code not in {_REFUSED, passed}:
                raise
            outcomes[topic] = code != _REFUSED
        else:
            outcomes[topic] = True
    return outcomes
