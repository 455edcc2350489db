"""Replaying dead letters, and deleting them.

A replay sends a dead letter to the topic that it came from, as the original record, and
the filter decides about it again. The records and the position of the replay are
committed in one transaction: a replay that fails or is killed has sent nothing, and no
dead letter is sent twice.
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
from goodsflow.common.counting import counted
from goodsflow.model.dead_letters import (
    REPLAYED_FROM,
    TOPIC,
    DeadLetter,
    DeadLetterError,
)
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.dead_letters.reader import CLUSTER

GROUP_ID = "dead-letters-replay"
"""Its offsets are the position up to which all dead letters were replayed."""

_TRANSACTIONAL_ID = "dead-letters-replay"
_SECONDS = 30.0


class Replayer:
    """Replays dead letters, and keeps track of the position.

    Args:
        endpoints: Of the platform.
        principal: May write to the original topic, and commit for the group.

    Raises:
        DeadLetterError: The cluster refused or didn't answer.
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

    def positions(self, partitions: Iterable[int]) -> dict[int, int]:
        """Return the first offset of each partition that wasn't replayed yet.

        Raises:
            KafkaError: The cluster refused or didn't answer.
        """
        asked = [TopicPartition(TOPIC, number) for number in partitions]
        what = "Cannot look up which dead letters were replayed"
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
        """Send dead letters to the topics that they came from, in one transaction.

        It fences any other replay in progress.

        Args:
            letters: Those without a ``replay_obstacle``.
            ends: By partition, the new position; None to leave it as it is.

        Returns:
            The number of records sent.

        Raises:
            DeadLetterError: Nothing was sent, or the outcome is unknown.
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
            # An open transaction would block the filter for a minute.
            with suppress(KafkaException):
                producer.abort_transaction(_SECONDS)
            if not isinstance(error, KafkaException):
                raise
            cause = error.args[0]
            if is_committing and cause.retriable():
                raise DeadLetterError(
                    f"The brokers didn't confirm that {counted(sent, 'dead letter')} "
                    f"{'was' if sent == 1 else 'were'} replayed: {cause.str()}. Either "
                    "all were, or none."
                ) from error
            raise DeadLetterError(
                f"No dead letter was replayed: {cause.str()}."
            ) from error
        return sent

    def _open_producer(self) -> Producer:
        producer = Producer(self._config | {"transactional.id": _TRANSACTIONAL_ID})
        try:
            producer.init_transactions(_SECONDS)
        except KafkaException as error:
            raise DeadLetterError(
                f"Cannot replay dead letters: {error.args[0].str()}."
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
    """Return why a dead letter can't be replayed; None if it can."""
    if letter.truncated_from is not None:
        return f"its value of {letter.truncated_from:,} bytes was cut off"
    if not letter.origin[0]:
        return "it has no header with its original topic"
    return None


def purge(endpoints: Endpoints, principal: str, ends: Mapping[int, int]) -> None:
    """Permanently delete the dead letters before given offsets.

    Args:
        endpoints: Of the platform.
        principal: May delete from the topic.
        ends: By partition, the first offset to keep.

    Raises:
        KafkaError: The cluster refused or didn't answer.
        EndpointsError: The principal has no password file.
    """
    # Keep a reference until the answer is there: without one, the client is closed.
    admin = AdminClient(client_config(endpoints, CLUSTER, principal) | {"log_level": 0})
    futures = admin.delete_records(
        [TopicPartition(TOPIC, number, at) for number, at in ends.items()],
        request_timeout=_SECONDS,
        operation_timeout=_SECONDS,
    )
    await_all(futures, f"delete records of '{TOPIC}'", _SECONDS + 1)
