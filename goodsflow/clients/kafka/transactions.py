"""Transactions of a consume-process-produce loop: records written, offsets committed.

A batch's records and the offsets after it are one transaction, so each record is
processed exactly once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any, NoReturn

from confluent_kafka import (
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)

from goodsflow.clients.kafka.client_errors import ClientErrors
from goodsflow.clients.kafka.errors import TransactionFailedError
from goodsflow.model.endpoints import ClusterName
from goodsflow.model.records import OutgoingRecord

_LOGGER = logging.getLogger(__name__)

_CALL_SECONDS = 5.0
"""How long a call waits for the coordinator before it is repeated."""

_PATIENCE_SECONDS = 30.0
"""How long calls are repeated before a new producer starts over.

After a long outage in the middle of a transaction, librdkafka 2.16 can wait forever for
a coordinator that it no longer looks up.
"""

_POLL_EVERY = 256

_TRANSIENT = frozenset(
    {
        KafkaError._MSG_TIMED_OUT,  # noqa: SLF001 - librdkafka's public error codes
        KafkaError._TIMED_OUT,  # noqa: SLF001
        KafkaError._TIMED_OUT_QUEUE,  # noqa: SLF001
        KafkaError._PURGE_QUEUE,  # noqa: SLF001
        KafkaError._PURGE_INFLIGHT,  # noqa: SLF001
        KafkaError._TRANSPORT,  # noqa: SLF001
        KafkaError.NOT_ENOUGH_REPLICAS,
        KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    }
)
"""Failed writes caused by an outage; any other write would keep failing."""

_REFUSALS = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    }
)
"""Failed transactions that would keep failing."""


class InterruptedTransactionError(Exception):
    """The caller asked to stop during a wait for the brokers."""


class _UnansweredError(Exception):
    """The brokers haven't answered for a long time."""


class AbortedTransactionError(Exception):
    """The transaction was aborted: none of its records was written."""


@dataclass(frozen=True)
class TransactionContent:
    """What one transaction writes, in this order.

    Attributes:
        before: Records to write before the forwarded ones.
        forwarded: Consumed records that are forwarded unchanged.
        forward_to: The topic that they are forwarded to.
        after: Records to write after them.
    """

    before: Sequence[OutgoingRecord]
    forwarded: Sequence[Message]
    forward_to: str
    after: Sequence[OutgoingRecord]


class TransactionalWriter:
    """Writes batches, each in a transaction of its own."""

    def __init__(
        self,
        config: dict[str, Any],
        errors: ClientErrors,
        stop: Event,
        *,
        cluster: ClusterName,
        principal: str,
    ) -> None:
        """Create the producer; it connects by itself.

        Args:
            config: A librdkafka configuration with a transactional ID; not logged.
            errors: Receives the client's errors.
            stop: Ends waiting for brokers.
            cluster: For error messages.
            principal: For error messages.
        """
        self._cluster = cluster
        self._principal = principal
        self._config = {
            **config,
            "error_cb": errors.on_error,
            "logger": _LOGGER,
            "on_delivery": self._on_delivery,
            # A callback into Python for each delivered record would double its cost.
            "delivery.report.only.error": True,
        }
        self._client_errors = errors
        self._stop = stop
        self._refusal: str | None = None
        self._failure: KafkaException | None = None
        self._producer = self._new_producer()

    def open(self) -> None:
        """Fence older copies, and abort transactions that they or this one left open.

        Raises:
            TransactionFailedError: The cluster refused.
            KafkaError: The login is refused.
            InterruptedTransactionError: ``stop`` was set.
        """
        while True:
            try:
                self._retry(self._producer.init_transactions)
            except _UnansweredError:
                self._producer = self._new_producer()
            except KafkaException as exception:
                raise TransactionFailedError(
                    f"Cannot start transactions on cluster '{self._cluster}': "
                    f"{_text(exception)}. Do the ACLs allow principal "
                    f"'{self._principal}' to use its transactional ID?"
                ) from exception
            else:
                return

    def begin(self, content: TransactionContent) -> None:
        """Begin a transaction and send its records; ``commit`` reports failures.

        Raises:
            KafkaError: The login is refused.
            InterruptedTransactionError: ``stop`` was set; nothing was written.
        """
        self._refusal = None
        self._failure = None
        try:
            self._producer.begin_transaction()
            for record in content.before:
                self._produce(record)
            self._forward(content.forwarded, content.forward_to)
            for record in content.after:
                self._produce(record)
        except KafkaException as exception:
            self._failure = exception

    def commit(self, positions: list[TopicPartition], group_metadata: object) -> None:
        """Commit the records together with the offsets.

        Args:
            positions: The next offset to read, for each partition of the batch.
            group_metadata: From the consumer that read the batch.

        Raises:
            AbortedTransactionError: The caller must read again from the committed
                offsets. (If only the answer got lost, they are after the batch.)
            TransactionFailedError: A write was refused for good, or a newer copy took
                over.
            KafkaError: The login is refused.
            InterruptedTransactionError: ``stop`` was set; all was written, or nothing.
        """

        def send_offsets(timeout_seconds: float) -> None:
            self._producer.send_offsets_to_transaction(
                positions, group_metadata, timeout_seconds
            )

        try:
            if positions or self._failure:
                self._retry(send_offsets)
            if self._failure:
                # The commit would only say that the transaction failed; this says why.
                raise self._failure
            self._retry(self._producer.commit_transaction)
        except KafkaException as exception:
            self._abort(exception)
        except _UnansweredError as error:
            self._start_over(error)

    def _forward(self, messages: Sequence[Message], topic: str) -> None:
        """Write records unchanged: key, value, headers and timestamp."""
        produce, poll = self._producer.produce, self._producer.poll
        for number, message in enumerate(messages):
            time_ms = max(0, message.timestamp()[1])
            headers = message.headers()
            while True:
                try:
                    # Positional, since keyword arguments would build a dictionary for
                    # each record: any partition, no callbacks.
                    value, key = message.value(), message.key()
                    produce(topic, value, key, -1, None, None, time_ms, headers)
                    break
                except BufferError as error:
                    self._await_room(error)
            if number % _POLL_EVERY == 0:
                poll(0)

    def _produce(self, record: OutgoingRecord) -> None:
        while True:
            try:
                self._producer.produce(
                    record.topic,
                    record.value,
                    record.key,
                    timestamp=record.timestamp or 0,
                    headers=list(record.headers),
                )
            except BufferError as error:
                self._await_room(error)
            else:
                return

    def _await_room(self, error: BufferError) -> None:
        if self._stop.is_set():
            raise InterruptedTransactionError from error
        self._producer.poll(0.1)
        self._client_errors.raise_if_unrecoverable()

    def _retry(self, call: Callable[[float], object]) -> None:
        """Repeat a call until it succeeds, fails for good, or takes too long."""
        began = time.monotonic()
        while True:
            try:
                call(_CALL_SECONDS)
            except KafkaException as exception:
                if not exception.args[0].retriable():
                    raise
                if self._stop.is_set():
                    raise InterruptedTransactionError from exception
                _LOGGER.warning("Waiting for the brokers: %s", _text(exception))
                self._producer.poll(0)
                self._client_errors.raise_if_unrecoverable()
                if time.monotonic() - began > _PATIENCE_SECONDS:
                    raise _UnansweredError(_text(exception)) from exception
            else:
                self._client_errors.on_success()
                return

    def _start_over(self, error: _UnansweredError) -> NoReturn:
        """Have a new producer end the transaction, whatever its outcome."""
        _LOGGER.warning("Starting over with a new producer: %s", error)
        self._producer = self._new_producer()
        self.open()
        raise AbortedTransactionError(str(error)) from error

    def _new_producer(self) -> Producer:
        producer = Producer(self._config)
        if self._client_errors.passwords:
            self._client_errors.passwords.follow(producer, "producer")
        return producer

    def _abort(self, exception: KafkaException) -> None:
        error = exception.args[0]
        if error.fatal():
            raise TransactionFailedError(
                f"A transaction on cluster '{self._cluster}' failed for good: "
                f"{error.str()}. Is another copy running with the same transactional "
                "ID?"
            ) from exception
        try:
            self._retry(self._producer.abort_transaction)
        except _UnansweredError as unanswered:
            self._start_over(unanswered)
        except KafkaException as failure:
            raise TransactionFailedError(
                f"Cannot abort a transaction on cluster '{self._cluster}': "
                f"{_text(failure)}. It failed with: {error.str()}."
            ) from failure
        if error.code() in _REFUSALS and self._refusal is None:
            self._refusal = (
                f"Cluster '{self._cluster}' refused a transaction: {error.str()}."
            )
        if self._refusal:
            raise TransactionFailedError(
                f"{self._refusal} Compare the topics and the ACLs of principal "
                f"'{self._principal}' with platform.yaml."
            ) from exception
        raise AbortedTransactionError(error.str()) from exception

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is None or error.code() in _TRANSIENT or error.retriable():
            return  # caused by an outage
        self._refusal = (
            f"Topic '{message.topic()}' on cluster '{self._cluster}' refused a record: "
            f"{error.str()}."
        )


def _text(exception: KafkaException) -> str:
    return str(exception.args[0].str())
