"""The pipeline: read a batch, decide, write and commit it in one transaction.

A transaction begins and ends between two calls of ``consume``, and partitions come and
go only within that call: a rebalance never finds a transaction open. Offsets are
committed with the group's metadata, so a copy that lost its partitions cannot commit.
"""

from __future__ import annotations

import logging
from collections import Counter as Counts
from collections.abc import Callable, Iterable, Sequence
from threading import Event
from typing import Any

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from goodsflow.blocking.errors import PipelineError
from goodsflow.blocking.filtering import KEYLESS, Outcome, Verdict
from goodsflow.blocking.records import SOURCE, Header, Origin, Record, outgoing
from goodsflow.blocking.status import PipelineStatus
from goodsflow.blocking.transaction import (
    AbortedTransactionError,
    InterruptedTransactionError,
    TransactionalWriter,
)
from goodsflow.kafka.faults import ClientFaults
from goodsflow.kafka.passwords import PasswordFollower

_LOGGER = logging.getLogger(__name__)

_CALL_SECONDS = 5.0
_LONGEST_PAUSE_SECONDS = 5.0

_FATAL_READS = frozenset(
    {
        KafkaError._FATAL,  # noqa: SLF001 - librdkafka's public error codes
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    }
)

Decide = Callable[[bytes | None], Verdict]


class Pipeline:
    """Moves records from ``goods`` on, each exactly once, until told to stop."""

    def __init__(
        self,
        consumer_config: dict[str, Any],
        producer_config: dict[str, Any],
        decide: Decide,
        status: PipelineStatus,
        *,
        batch_records: int,
        batch_seconds: float,
        passwords: PasswordFollower | None = None,
    ) -> None:
        """Prepare the pipeline; nothing connects before ``run``.

        Args:
            consumer_config: A librdkafka configuration of a group's member.
            producer_config: A librdkafka configuration with a transactional ID.
            decide: Says what becomes of a value.
            status: Is told how the pipeline is.
            batch_records: Most records of a transaction.
            batch_seconds: Longest wait for a full batch.
            passwords: Follows the password of both; None: it stays.
        """
        self._consumer_config = consumer_config
        self._producer_config = producer_config
        self._decide = decide
        self._status = status
        self._batch_records = batch_records
        self._batch_seconds = batch_seconds
        self._stop = Event()
        self._faults = ClientFaults("inbound", "blocking", passwords=passwords)

    def stop(self) -> None:
        """Ask ``run`` to end after the transaction at hand; from any thread."""
        self._stop.set()

    def run(self) -> None:
        """Move records until ``stop``; an outage is waited out.

        Raises:
            PipelineError: It cannot go on: a right is missing, or a newer copy runs.
            KafkaError: The login is refused.
        """
        self._status.running = True
        try:
            self._run()
        except InterruptedTransactionError:
            _LOGGER.info("Stopped while waiting for the brokers")
        except KafkaException as exception:
            raise PipelineError(
                f"The pipeline from topic '{SOURCE}' broke: {exception.args[0].str()}."
            ) from exception
        finally:
            self._status.running = False
            self._status.partitions = None

    def _run(self) -> None:
        writer = TransactionalWriter(self._producer_config, self._faults, self._stop)
        # Before reading: it ends a killed copy's transaction, whose offsets the group
        # would otherwise wait for.
        writer.open()
        consumer = self._subscribe()
        try:
            self._turn_until_stopped(consumer, writer)
        finally:
            consumer.close()

    def _subscribe(self) -> Consumer:
        consumer = Consumer(
            {
                **self._consumer_config,
                "error_cb": self._on_error,
                "stats_cb": self._on_statistics,
                "statistics.interval.ms": 5000,
                "logger": _LOGGER,
            }
        )
        if self._faults.passwords:
            self._faults.passwords.follow(consumer, "consumer")
        consumer.subscribe(
            [SOURCE],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_revoke,
        )
        return consumer

    def _turn_until_stopped(
        self, consumer: Consumer, writer: TransactionalWriter
    ) -> None:
        pause_seconds = 0.0
        while not self._stop.wait(pause_seconds):
            self._status.note_turn()
            messages = consumer.consume(self._batch_records, self._batch_seconds)
            self._faults.raise_if_hopeless()
            batch = self._readable(messages)
            if not batch:
                pause_seconds = 0.0
                continue
            try:
                self._move(batch, consumer, writer)
                pause_seconds = 0.0
            except AbortedTransactionError as error:
                _LOGGER.warning("Aborted a batch of %d: %s", len(batch), error)
                self._status.note_abort(str(error))
                self._rewind(batch, consumer)
                pause_seconds = min(2 * pause_seconds or 0.1, _LONGEST_PAUSE_SECONDS)

    def _move(
        self,
        batch: Sequence[Message],
        consumer: Consumer,
        writer: TransactionalWriter,
    ) -> None:
        outcomes: Counts[Outcome] = Counts()
        first_dead = ""
        sent_on: list[Record] = []
        for message in batch:
            record, origin = read_message(message)
            verdict = KEYLESS if record.key is None else self._decide(record.value)
            outcomes[verdict.outcome] += 1
            if verdict.outcome == "undecodable":
                first_dead = first_dead or f"{origin}: {verdict.reason}"
            result = outgoing(record, origin, verdict)
            if result is not None:
                sent_on.append(result)
        positions = next_positions(batch)
        writer.write(sent_on, positions, consumer.consumer_group_metadata())
        self._status.note_commit(outcomes)
        if first_dead:
            # One line for a batch: a flood of garbage must not fill the disk.
            dead = outcomes["undecodable"]
            _LOGGER.warning("%d dead letters, the first from %s", dead, first_dead)

    def _readable(self, messages: Sequence[Message]) -> list[Message]:
        """Drop errors, and records of partitions that went away during the call."""
        batch = []
        for message in messages:
            error = message.error()
            if error is not None:
                self._note_read_error(error)
            elif message.partition() in (self._status.partitions or ()):
                batch.append(message)
        return batch

    def _note_read_error(self, error: KafkaError) -> None:
        if error.fatal() or error.code() in _FATAL_READS:
            raise PipelineError(
                f"Cannot read topic '{SOURCE}' on cluster 'inbound': {error.str()}. "
                "Start the filter again; if it fails again, compare the rights of "
                "principal 'blocking' with platform.yaml."
            )
        _LOGGER.warning("Reading topic '%s': %s", SOURCE, error.str())
        self._status.trouble = error.str()

    def _rewind(self, batch: Sequence[Message], consumer: Consumer) -> None:
        """Go back to the committed offsets; to the batch's first where none are."""
        firsts = first_positions(batch)
        for found in self._committed(firsts, consumer):
            if found.partition not in (self._status.partitions or ()):
                continue
            if found.offset < 0:
                found.offset = firsts[found.partition].offset
            consumer.seek(found)

    def _committed(
        self, firsts: dict[int, TopicPartition], consumer: Consumer
    ) -> list[TopicPartition]:
        partitions = [TopicPartition(SOURCE, partition) for partition in firsts]
        while not self._stop.is_set():
            try:
                found = consumer.committed(partitions, timeout=_CALL_SECONDS)
                failure = next((each.error for each in found if each.error), None)
                if failure is None:
                    return found
            except KafkaException as exception:
                failure = exception.args[0]
            _LOGGER.warning("Waiting for the committed offsets: %s", failure.str())
            self._faults.raise_if_hopeless()
            self._stop.wait(0.5)
        raise InterruptedTransactionError

    def _on_assign(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        gained = {each.partition for each in partitions}
        self._status.partitions = (self._status.partitions or frozenset()) | gained
        self._faults.on_success()
        _LOGGER.info(
            "Reading '%s', partitions %s", SOURCE, sorted(self._status.partitions)
        )

    def _on_revoke(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        lost = {each.partition for each in partitions}
        self._status.partitions = (self._status.partitions or frozenset()) - lost
        _LOGGER.info("Gave up '%s', partitions %s", SOURCE, sorted(lost))

    def _on_error(self, error: KafkaError) -> None:
        self._faults.on_error(error)
        self._status.trouble = self._faults.trouble

    def _on_statistics(self, statistics: str) -> None:
        self._status.note_statistics(statistics)


def read_message(message: Message) -> tuple[Record, Origin]:
    """Return a consumed message as a record, and where it was read.

    Raises:
        PipelineError: The message is none of a topic.
    """
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    if topic is None or partition is None or offset is None:
        raise PipelineError("A message without topic, partition or offset was read.")
    timestamp = message.timestamp()[1]
    record = Record(
        topic=topic,
        key=message.key(),
        value=message.value(),
        headers=tuple(_headers(message)),
        timestamp=timestamp if timestamp >= 0 else None,
    )
    return record, Origin(topic, partition, offset)


def _headers(message: Message) -> Iterable[Header]:
    headers = message.headers() or ()
    return headers.items() if isinstance(headers, dict) else headers


def first_positions(batch: Sequence[Message]) -> dict[int, TopicPartition]:
    """Return the first position of the batch in each of its partitions."""
    firsts: dict[int, TopicPartition] = {}
    for message in batch:
        _, origin = read_message(message)
        firsts.setdefault(
            origin.partition,
            TopicPartition(origin.topic, origin.partition, origin.offset),
        )
    return firsts


def next_positions(batch: Sequence[Message]) -> list[TopicPartition]:
    """Return the position after the batch in each of its partitions."""
    nexts: dict[int, TopicPartition] = {}
    for message in batch:
        _, origin = read_message(message)
        nexts[origin.partition] = TopicPartition(
            origin.topic, origin.partition, origin.offset + 1
        )
    return list(nexts.values())
