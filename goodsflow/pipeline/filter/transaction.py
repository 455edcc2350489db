"""One batch, one transaction: what is sent on, and how far was read."""

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
from goodsflow.pipeline.filter.errors import PipelineError
from goodsflow.pipeline.filter.records import PASSED_ON, Outgoing

_LOGGER = logging.getLogger(__name__)

_CALL_SECONDS = 5.0
"""How long a call waits for the coordinator before it is made again."""

_PATIENCE_SECONDS = 30.0
"""How long calls are made again before a new producer starts over.

After a long outage in the middle of a transaction librdkafka 2.16 can wait for ever on
a coordinator that it does not look for any more.
"""

_POLL_EVERY = 256

_PASSING = frozenset(
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
"""Failed writes that are an outage's; any other would fail again and again."""


_REFUSALS = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    }
)
"""Failed transactions that would fail again and again."""


class InterruptedTransactionError(Exception):
    """The pipeline was told to stop while it waited for the brokers."""


class _HeldUpError(Exception):
    """The brokers did not answer for long."""


class AbortedTransactionError(Exception):
    """The transaction was aborted: nothing of the batch has happened."""


@dataclass(frozen=True)
class Writing:
    """What one transaction writes, in this order.

    Attributes:
        withdrawn: Tombstones of what was blocked before the batch was looked at.
        passed: Cards, as they were read.
        letters: What is no card.
    """

    withdrawn: Sequence[Outgoing] = ()
    passed: Sequence[Message] = ()
    letters: Sequence[Outgoing] = ()


class TransactionalWriter:
    """Writes batches to the topics behind the filter, each in a transaction."""

    def __init__(
        self, config: dict[str, Any], errors: ClientErrors, stop: Event
    ) -> None:
        """Make the producer; it connects by itself.

        Args:
            config: A librdkafka configuration with a transactional ID; not logged.
            errors: Is told of the client's errors.
            stop: Ends waiting for brokers.
        """
        self._config = {
            **config,
            "error_cb": errors.on_error,
            "logger": _LOGGER,
            "on_delivery": self._on_delivery,
            # A call into Python for each record that is fine would cost as much as it.
            "delivery.report.only.error": True,
        }
        self._client_errors = errors
        self._stop = stop
        self._refusal: str | None = None
        self._failure: KafkaException | None = None
        self._producer = self._new_producer()

    def open(self) -> None:
        """Fence older copies and end what they left open, or this one did.

        Raises:
            PipelineError: The cluster refused.
            KafkaError: The login is refused.
            InterruptedTransactionError: Told to stop.
        """
        while True:
            try:
                self._insist(self._producer.init_transactions)
            except _HeldUpError:
                self._producer = self._new_producer()
            except KafkaException as exception:
                raise PipelineError(
                    "Cannot begin with transactions on cluster 'inbound': "
                    f"{_text(exception)}. Does principal 'blocking' have the right to "
                    "its transactional ID?"
                ) from exception
            else:
                return

    def begin(self, batch: Writing) -> None:
        """Hand records over; they are on their way. What fails, ``commit`` tells.

        Raises:
            KafkaError: The login is refused.
            InterruptedTransactionError: Told to stop; nothing has happened.
        """
        self._refusal = None
        self._failure = None
        try:
            self._producer.begin_transaction()
            for outgoing in batch.withdrawn:
                self._produce(outgoing)
            self._pass_on(batch.passed)
            for outgoing in batch.letters:
                self._produce(outgoing)
        except KafkaException as exception:
            self._failure = exception

    def commit(self, positions: list[TopicPartition], group_metadata: object) -> None:
        """Write what was begun, and how far was read, as one.

        Args:
            positions: The next offset to read, for each partition of the batch.
            group_metadata: Of the consumer that read the batch.

        Raises:
            AbortedTransactionError: The batch is to be read again from the committed
                offsets. (Those are behind it where only the answer got lost.)
            PipelineError: A write was refused for good, or a newer copy took over.
            KafkaError: The login is refused.
            InterruptedTransactionError: Told to stop; nothing or all has happened.
        """

        def send_offsets(timeout_seconds: float) -> None:
            self._producer.send_offsets_to_transaction(
                positions, group_metadata, timeout_seconds
            )

        try:
            if positions or self._failure:
                self._insist(send_offsets)
            if self._failure:
                # Else it said only that the transaction has failed, and this says why.
                raise self._failure
            self._insist(self._producer.commit_transaction)
        except KafkaException as exception:
            self._abort(exception)
        except _HeldUpError as error:
            self._start_over(error)

    def _pass_on(self, messages: Sequence[Message]) -> None:
        """Write cards as they are: key, value, headers and timestamp, byte by byte."""
        produce, poll = self._producer.produce, self._producer.poll
        for number, message in enumerate(messages):
            time_ms = max(0, message.timestamp()[1])
            headers = message.headers()
            while True:
                try:
                    # By place, as names would make a dictionary for each card: any
                    # partition, no callbacks.
                    value, key = message.value(), message.key()
                    produce(PASSED_ON, value, key, -1, None, None, time_ms, headers)
                    break
                except BufferError as error:
                    self._await_room(error)
            if number % _POLL_EVERY == 0:
                poll(0)

    def _produce(self, record: Outgoing) -> None:
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

    def _insist(self, call: Callable[[float], object]) -> None:
        """Make a call until it succeeds, fails for good, or patience is at its end."""
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
                    raise _HeldUpError(_text(exception)) from exception
            else:
                self._client_errors.on_success()
                return

    def _start_over(self, error: _HeldUpError) -> NoReturn:
        """Let a new producer end the transaction, whatever became of it."""
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
            raise PipelineError(
                f"A transaction on cluster 'inbound' broke for good: {error.str()}. "
                "Does another copy run with the same transactional ID?"
            ) from exception
        try:
            self._insist(self._producer.abort_transaction)
        except _HeldUpError as held_up:
            self._start_over(held_up)
        except KafkaException as failure:
            raise PipelineError(
                "Cannot abort a transaction on cluster 'inbound': "
                f"{_text(failure)}, after: {error.str()}."
            ) from failure
        if error.code() in _REFUSALS and self._refusal is None:
            self._refusal = f"Cluster 'inbound' refused a transaction: {error.str()}."
        if self._refusal:
            raise PipelineError(
                f"{self._refusal} Compare the topics and the rights of principal "
                "'blocking' with platform.yaml."
            ) from exception
        raise AbortedTransactionError(error.str()) from exception

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is None or error.code() in _PASSING or error.retriable():
            return  # an outage's
        self._refusal = (
            f"Topic '{message.topic()}' on cluster 'inbound' refused a record: "
            f"{error.str()}."
        )


def _text(exception: KafkaException) -> str:
    return str(exception.args[0].str())
