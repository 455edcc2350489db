"""Sending dead letters again, and deleting them.

Sent again, a letter goes to the topic that it came from, as the record that it was: the
filter decides anew. What ``replay`` sends and how far it is are one transaction: a
replay that fails or is killed has sent nothing, and none sends a letter twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from confluent_kafka import (
    Consumer,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from goodsflow.clients.kafka.config import (
    MOST_RECORD_BYTES,
    client_config,
    producer_config,
)
from goodsflow.clients.kafka.futures import await_all, named_error
from goodsflow.clients.kafka.login import try_login
from goodsflow.model.dead_letters import (
    REPLAYED_FROM,
    TOPIC,
    DeadLetter,
    DeadLetterError,
)
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.dead_letters.reader import CLUSTER

GROUP_ID = "dead-letters-replay"
"""Its offsets say up to where all letters were sent again."""

_TRANSACTIONAL_ID = "dead-letters-replay"
_SECONDS = 30.0


class Replayer:
    """Sends letters again, and knows how far that is.

    Args:
        endpoints: Of the platform.
        principal: May write to the letters' origin, and commit for the group.

    Raises:
        DeadLetterError: The cluster refused or did not answer.
        EndpointsError: The principal has no password file.
    """

    def __init__(self, endpoints: Endpoints, principal: str) -> None:
        self._config = producer_config(endpoints, CLUSTER, principal) | {
            "message.max.bytes": MOST_RECORD_BYTES,
            "log_level": 0,
        }
        login = try_login(self._config, _SECONDS)
        if login.error:
            raise DeadLetterError(
                f"Cannot log in to cluster '{CLUSTER}' as '{principal}': {login.error}."
            )
        self._consumer = Consumer(
            client_config(endpoints, CLUSTER, principal)
            | {"group.id": GROUP_ID, "enable.auto.commit": False, "log_level": 0}
        )

    def starts(self, partitions: Iterable[int]) -> dict[int, int]:
        """Return the first offset of each partition that was not sent again.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        asked = [TopicPartition(TOPIC, number) for number in partitions]
        what = "Cannot see what was sent again"
        try:
            found = self._consumer.committed(asked, timeout=_SECONDS)
        except KafkaException as error:
            raise named_error(error, what) from error
        for each in found:
            if each.error is not None:
                raise named_error(KafkaException(each.error), what)
        return {each.partition: max(0, each.offset) for each in found}

    def replay(
        self,
        letters: Iterable[DeadLetter],
        ends: Mapping[int, int] | None = None,
    ) -> int:
        """Send letters to where they came from, in one transaction.

        It fences any other replay that is at work.

        Args:
            letters: None of them cut off; see ``replay_obstacle``.
            ends: By partition, up to where all were sent with this; None: a choice.

        Returns:
            How many were sent.

        Raises:
            DeadLetterError: Nothing was sent, or it is not known whether all was.
        """
        producer = self._open_producer()
        sent, is_committing = 0, False
        try:
            producer.begin_transaction()
            for letter in letters:
                _produce(producer, letter)
                sent += 1
            if ends:
                producer.send_offsets_to_transaction(
                    [TopicPartition(TOPIC, n, at) for n, at in ends.items()],
                    self._consumer.consumer_group_metadata(),
                    _SECONDS,
                )
            is_committing = True
            producer.commit_transaction(_SECONDS)
        except BaseException as error:
            # Left open, it would keep the filter from what comes after it for a minute.
            with suppress(KafkaException):
                producer.abort_transaction(_SECONDS)
            if not isinstance(error, KafkaException):
                raise
            cause = error.args[0]
            if is_committing and cause.retriable():
                raise DeadLetterError(
                    f"The brokers did not say whether {sent} dead letters were sent "
                    f"again, all or none: {cause.str()}."
                ) from error
            raise DeadLetterError(
                f"No dead letter was sent again: {cause.str()}."
            ) from error
        return sent

    def _open_producer(self) -> Producer:
        producer = Producer(self._config | {"transactional.id": _TRANSACTIONAL_ID})
        try:
            producer.init_transactions(_SECONDS)
        except KafkaException as error:
            raise DeadLetterError(
                f"Cannot send dead letters again: {error.args[0].str()}."
            ) from error
        return producer


def _produce(producer: Producer, letter: DeadLetter) -> None:
    headers = [*letter.headers, (REPLAYED_FROM, f"{TOPIC}:{letter.place}".encode())]
    while True:
        try:
            producer.produce(
                letter.origin[0],
                key=letter.key,
                value=letter.value,
                headers=headers,
                timestamp=letter.timestamp or 0,
            )
        except BufferError:
            producer.poll(0.1)
        else:
            producer.poll(0)
            return


def replay_obstacle(letter: DeadLetter) -> str | None:
    """Say why a letter cannot be sent again; None where it can."""
    if letter.truncated_from is not None:
        return f"its value was cut off from {letter.truncated_from:,} bytes"
    if not letter.origin[0]:
        return "no header says which topic it came from"
    return None


def purge(endpoints: Endpoints, principal: str, ends: Mapping[int, int]) -> None:
    """Delete the letters before given offsets, for good.

    Args:
        endpoints: Of the platform.
        principal: May delete from the topic.
        ends: By partition, the first offset that stays.

    Raises:
        KafkaError: The cluster refused or did not answer.
        EndpointsError: The principal has no password file.
    """
    # Held until the answer is there: without a reference it ends at once.
    admin = AdminClient(client_config(endpoints, CLUSTER, principal) | {"log_level": 0})
    futures = admin.delete_records(
        [TopicPartition(TOPIC, number, at) for number, at in ends.items()],
        request_timeout=_SECONDS,
        operation_timeout=_SECONDS,
    )
    await_all(futures, f"delete records of '{TOPIC}'", _SECONDS + 1)
