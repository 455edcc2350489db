"""The recommender's connection to Kafka: its cursor and its one transaction.

Call ``start`` before ``cursor``: initializing the transactional ID fences an older run
and ends its transaction, so the offsets read afterwards are final and only this run can
change them.

Each step runs in a thread that is abandoned if it doesn't return. Dagster's retry, or
the next run, then fences whatever the thread may still do
(``goodsflow.clients.kafka.detached_calls``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, TypeVar

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)

from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.config import client_config, producer_config
from goodsflow.clients.kafka.detached_calls import result_within, run_detached
from goodsflow.clients.kafka.errors import OperationFailedError, StuckCallError
from goodsflow.clients.kafka.futures import named_error
from goodsflow.clients.kafka.passwords import PasswordFollower
from goodsflow.common.closeable import Closeable
from goodsflow.common.waiting import Deadline
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.recommender.cursor import Cursor
from goodsflow.pipeline.recommender.errors import FenceError, PublicationError
from goodsflow.pipeline.recommender.settings import RecommenderSettings
from goodsflow.pipeline.recommender.state import is_named_for

_FENCED = {
    KafkaError._FENCED,  # noqa: SLF001 - librdkafka's public error codes
    KafkaError.PRODUCER_FENCED,
    KafkaError.INVALID_PRODUCER_EPOCH,
}
_ABORT_SECONDS = 10.0
_GRACE_SECONDS = _ABORT_SECONDS + 5.0
"""How much longer than its time-out a step may take, since it may have to abort."""

T = TypeVar("T")


class Publisher(Closeable):
    """A transactional producer, and the consumer group whose offsets it commits.

    Args:
        endpoints: Of the platform.
        settings: Principal, topics, group and time-outs.

    Raises:
        ClusterUnavailableError: No broker answered in time.
        AuthenticationFailedError: The broker refused the login.
        EndpointsError: The principal has no password file.
    """

    def __init__(self, endpoints: Endpoints, settings: RecommenderSettings) -> None:
        self._settings = settings
        self._timeout_seconds = timeout = settings.kafka_timeout_seconds
        self._step: Future[Any] | None = None
        principal = settings.principal
        # A producer whose login is refused would only time out, so try to log in first.
        KafkaAdmin.connect(endpoints, "analytics", principal, timeout)
        self._passwords = PasswordFollower(endpoints, "analytics", principal)
        self._producer = Producer(
            producer_config(endpoints, "analytics", principal)
            | {"transactional.id": settings.transactional_id, "log_level": 0}
        )
        # It never subscribes: it only reads the group's offsets and metadata.
        self._consumer = Consumer(
            client_config(endpoints, "analytics", principal)
            | {
                "group.id": settings.group_id,
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "log_level": 0,
            }
        )
        self._passwords.follow(self._producer, "producer")
        self._passwords.follow(self._consumer, "consumer")

    def close(self) -> None:
        """Close the consumer. The producer has no records outside a transaction."""
        # Closing it during a call that hasn't returned would crash the process.
        if self._step is None or self._step.done():
            self._consumer.close()

    def start(self) -> None:
        """Fence older runs, and end the transactions that they left open.

        Raises:
            KafkaError: The cluster refused or didn't answer.
        """
        attempted = (
            f"initialize transactions as '{self._settings.transactional_id}' on "
            "cluster 'analytics'"
        )
        try:
            self._run_step(
                lambda: self._producer.init_transactions(self._timeout_seconds),
                attempted,
            )
        except KafkaException as error:
            raise named_error(error, f"Cannot {attempted}") from error

    def cursor(self) -> Cursor:
        """Return the committed position, with the matching state.

        Raises:
            KafkaError: The cluster refused, didn't answer, or has no such topic.
        """
        return self._run_step(
            self._cursor, f"read the offsets of group '{self._settings.group_id}'"
        )

    def _cursor(self) -> Cursor:
        what = f"Cannot read the offsets of group '{self._settings.group_id}'"
        deadline = Deadline(self._timeout_seconds)
        found: dict[str, list[TopicPartition]] = {}
        for name in (self._settings.source_topic, self._settings.events_topic):
            remaining = max(0.1, deadline.remaining)
            try:
                topic = self._consumer.list_topics(name, remaining).topics[name]
                if topic.error is not None:
                    raise OperationFailedError(
                        f"{what}: {topic.error.str()} '{name}'. Has the bootstrap run?"
                    )
                partitions = [TopicPartition(name, n) for n in topic.partitions]
                remaining = max(0.1, deadline.remaining)
                committed = self._consumer.committed(partitions, remaining)
            except KafkaException as error:
                raise named_error(error, what) from error
            for part in committed:
                if part.error is not None:
                    raise named_error(KafkaException(part.error), what)
            found[name] = [part for part in committed if part.offset >= 0]
        parts = [part for each in found.values() for part in each]
        names = {part.metadata for part in parts}
        cards, events = (
            {part.partition: part.offset for part in each} for each in found.values()
        )
        cursor = Cursor(cards, events)
        # Offsets that somebody changed have no snapshot name, or a wrong one.
        snapshot = (names.pop() or "") if len(names) == 1 else ""
        is_matching = is_named_for(snapshot, cursor)
        return replace(cursor, snapshot=snapshot if is_matching else None)

    def publish(self, records: Iterable[tuple[bytes, bytes]], cursor: Cursor) -> None:
        """Publish records and move the cursor atomically.

        Args:
            records: Keys and values for the topic of recommendations, in order.
            cursor: The new position, with the name of a complete state. A cursor
                without offsets changes nothing.

        Raises:
            FenceError: A newer run has taken over; nothing was published.
            PublicationError: The transaction was aborted, or its outcome is unknown.
        """
        try:
            self._run_step(
                lambda: self._publish(records, cursor),
                "publish to cluster 'analytics'",
            )
        except StuckCallError as error:
            raise _in_doubt(str(error)) from error

    def _run_step(self, step: Callable[[], T], attempted: str) -> T:
        """Run a step in a thread of its own, and abandon it if it doesn't return.

        Raises:
            StuckCallError: The step didn't return.
        """
        self._passwords.refresh()
        self._step = future = run_detached(step, "recommender-kafka")
        return result_within(future, self._timeout_seconds + _GRACE_SECONDS, attempted)

    def _publish(self, records: Iterable[tuple[bytes, bytes]], cursor: Cursor) -> None:
        deadline = Deadline(self._timeout_seconds)
        positions = [
            TopicPartition(topic, n, at, cursor.snapshot or "")
            for topic, offsets in (
                (self._settings.source_topic, cursor.offsets),
                (self._settings.events_topic, cursor.event_offsets),
            )
            for n, at in offsets.items()
        ]
        group = self._consumer.consumer_group_metadata()
        try:
            self._producer.begin_transaction()
            for key, value in records:
                self._produce(key, value)
            if positions:
                _retry(
                    deadline,
                    self._producer.send_offsets_to_transaction,
                    positions,
                    group,
                )
        except KafkaException as error:
            raise self._aborted(error) from error
        except BaseException:
            self._abort()
            raise
        self._commit(deadline)

    def _produce(self, key: bytes, value: bytes) -> None:
        while True:
            try:
                self._producer.produce(self._settings.output_topic, value, key)
            except BufferError:
                # The local queue is full: wait until some records were sent.
                self._producer.poll(0.1)
            else:
                self._producer.poll(0)
                return

    def _commit(self, deadline: Deadline) -> None:
        try:
            _retry(deadline, self._producer.commit_transaction)
        except KafkaException as error:
            cause = error.args[0]
            if cause.txn_requires_abort():
                raise self._aborted(error) from error
            # A response may have been lost, even if a later attempt was fenced.
            raise _in_doubt(cause.str()) from error

    def _aborted(self, error: KafkaException) -> FenceError | PublicationError:
        cause = error.args[0]
        if cause.code() in _FENCED:
            return FenceError(
                f"A newer run of the recommender has taken over ({cause.str()}). This "
                "run published nothing and committed no offsets."
            )
        self._abort()
        return PublicationError(
            f"The recommender's transaction on cluster 'analytics' was aborted: "
            f"{cause.str()}. Nothing was published and no offsets were committed. Run "
            "the recommender again."
        )

    def _abort(self) -> None:
        try:
            self._producer.abort_transaction(_ABORT_SECONDS)
        except KafkaException:
            # The records stay invisible: the next run's start, or the transaction's
            # timeout, aborts them. The caller raises the original error.
            return


def _in_doubt(reason: str) -> PublicationError:
    return PublicationError(
        "The recommender's transaction on cluster 'analytics' was not confirmed "
        f"({reason}). Either all of it was committed, or nothing. Run the recommender "
        "again: it continues at the committed offsets, without losing or repeating a "
        "file."
    )


def _retry(deadline: Deadline, call: Callable[..., Any], *arguments: object) -> None:
    """Repeat a call until it succeeds, as long as its errors are retriable.

    Raises:
        KafkaException: The call failed for good, or the deadline has passed.
    """
    while True:
        remaining = max(0.1, deadline.remaining)
        try:
            call(*arguments, remaining)
        except KafkaException as error:
            if not error.args[0].retriable() or deadline.is_over:
                raise
        else:
            return
