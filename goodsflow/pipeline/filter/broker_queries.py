"""The pipeline's queries to the brokers: committed offsets, and its output topic."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from threading import Event

from confluent_kafka import Consumer, KafkaException, TopicPartition

from goodsflow.clients.kafka.client_errors import ClientErrors
from goodsflow.clients.kafka.transactions import (
    AbortedTransactionError,
    InterruptedTransactionError,
)
from goodsflow.pipeline.filter.topics import PASSED_ON, SOURCE

_LOGGER = logging.getLogger(__name__)
_CALL_SECONDS = 5.0
_PAUSE_SECONDS = 0.5


def committed_offsets(
    consumer: Consumer, numbers: Iterable[int], errors: ClientErrors, stop: Event
) -> list[TopicPartition]:
    """Return what the group has committed for partitions of the source topic.

    An outage is waited out, because the pipeline can't continue without the answer.

    Args:
        consumer: A member of the group.
        numbers: The partitions.
        errors: Knows whether the client can recover.
        stop: Ends the wait.

    Returns:
        The offset and metadata of each; the offset is negative if none was committed.

    Raises:
        InterruptedTransactionError: ``stop`` was set.
        KafkaError: The login is refused.
    """
    partitions = [TopicPartition(SOURCE, number) for number in numbers]
    while not stop.is_set():
        try:
            found = consumer.committed(partitions, timeout=_CALL_SECONDS)
            failure = next((each.error for each in found if each.error), None)
            if failure is None:
                return found
        except KafkaException as exception:
            failure = exception.args[0]
        _LOGGER.warning("Waiting for the committed offsets: %s", failure.str())
        errors.raise_if_unrecoverable()
        stop.wait(_PAUSE_SECONDS)
    raise InterruptedTransactionError


def count_partitions(consumer: Consumer) -> int:
    """Return the number of partitions of the output topic.

    Raises:
        AbortedTransactionError: The brokers didn't answer.
    """
    try:
        found = consumer.list_topics(PASSED_ON, timeout=_CALL_SECONDS)
    except KafkaException as exception:
        raise AbortedTransactionError(exception.args[0].str()) from exception
    topic = found.topics[PASSED_ON]
    if topic.error is not None or not topic.partitions:
        # A broker that has just started may not know the topic yet. With a wrong number
        # of partitions, most withdrawals would be skipped.
        why = topic.error.str() if topic.error else "it has no partitions yet"
        raise AbortedTransactionError(f"Cannot look up topic '{PASSED_ON}': {why}")
    return len(topic.partitions)


def was_never_written(consumer: Consumer, partition: int, partitions: int) -> bool:
    """Whether a partition of the output topic was never written to, or doesn't exist.

    Args:
        consumer: May read the output topic.
        partition: Of the source topic; the output topic may have fewer.
        partitions: The number of partitions of the output topic.

    Raises:
        AbortedTransactionError: The brokers didn't answer.
    """
    if partition >= partitions:
        return True
    place = TopicPartition(PASSED_ON, partition)
    try:
        _, end = consumer.get_watermark_offsets(place, timeout=_CALL_SECONDS)
    except KafkaException as exception:
        raise AbortedTransactionError(exception.args[0].str()) from exception
    return end == 0
