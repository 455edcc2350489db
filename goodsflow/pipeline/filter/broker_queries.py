"""What the pipeline asks the brokers: how far its group is, what is behind it."""

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
    """Return what the group has committed for partitions of the cards.

    An outage is waited out: without the answer there is nothing to go on from.

    Args:
        consumer: A member of the group.
        numbers: The partitions.
        errors: Says whether waiting is hopeless.
        stop: Ends waiting.

    Returns:
        Offset and metadata of each; the offset is negative where nothing was committed.

    Raises:
        InterruptedTransactionError: Told to stop.
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
    """Return how many partitions there are behind the filter.

    Raises:
        AbortedTransactionError: The brokers did not say.
    """
    try:
        found = consumer.list_topics(PASSED_ON, timeout=_CALL_SECONDS)
    except KafkaException as exception:
        raise AbortedTransactionError(exception.args[0].str()) from exception
    topic = found.topics[PASSED_ON]
    if topic.error is not None or not topic.partitions:
        # A broker that has just come up does not know it yet: taken for few, most of
        # what is to be withdrawn would count as done.
        why = topic.error.str() if topic.error else "it has no partitions yet"
        raise AbortedTransactionError(f"Cannot look up topic '{PASSED_ON}': {why}")
    return len(topic.partitions)


def was_never_written(consumer: Consumer, partition: int, partitions: int) -> bool:
    """Whether a partition behind the filter has never held a record, or is none.

    Args:
        consumer: May read the topic behind the filter.
        partition: Of the cards; the topic behind the filter may have fewer.
        partitions: How many that has.

    Raises:
        AbortedTransactionError: The brokers did not say.
    """
    if partition >= partitions:
        return True
    place = TopicPartition(PASSED_ON, partition)
    try:
        _, end = consumer.get_watermark_offsets(place, timeout=_CALL_SECONDS)
    except KafkaException as exception:
        raise AbortedTransactionError(exception.args[0].str()) from exception
    return end == 0
