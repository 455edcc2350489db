"""The pipeline: read a batch, decide, write it and commit it in one transaction.

While one batch is being committed, the next one is read and decided about, because a
transaction is mostly waiting for brokers. Partitions are revoked only during a call
that reads. That call waits until the transaction in flight has ended, and what was read
from revoked partitions since then is dropped. Offsets are committed with the group's
metadata, so a copy that lost its partitions can't commit.
"""

from __future__ import annotations

import logging
from collections import Counter as Counts
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from threading import Event
from typing import Any

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from goodsflow.clients.kafka.client_errors import ClientErrors
from goodsflow.clients.kafka.detached_calls import run_detached
from goodsflow.clients.kafka.passwords import PasswordFollower
from goodsflow.clients.kafka.transactions import (
    AbortedTransactionError,
    InterruptedTransactionError,
    TransactionalWriter,
    TransactionContent,
)
from goodsflow.clients.registry import RegistryError
from goodsflow.common.counting import counted
from goodsflow.model.blocklist import Scope
from goodsflow.model.records import OutgoingRecord
from goodsflow.pipeline.blocklist.reader import BlockListFollower, Position
from goodsflow.pipeline.filter.batch import Batch
from goodsflow.pipeline.filter.broker_queries import (
    committed_offsets,
    count_partitions,
    was_never_written,
)
from goodsflow.pipeline.filter.errors import PipelineError
from goodsflow.pipeline.filter.filtering import Decide, Kind
from goodsflow.pipeline.filter.status import PipelineStatus
from goodsflow.pipeline.filter.topics import PASSED_ON, SOURCE
from goodsflow.pipeline.filter.withdrawals import Committed, Withdrawals

_LOGGER = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS = 5.0

_FATAL_READS = frozenset(
    {
        KafkaError._FATAL,  # noqa: SLF001 - librdkafka's public error codes
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    }
)

_FIRST_SECONDS = 0.2
"""The longest wait for a first record, and thus the delay of withdrawals."""

_MIN_WITHDRAWN = 1000


@dataclass(frozen=True)
class _InFlight:
    """A transaction that is being committed, without its records.

    Attributes:
        firsts: The first offset of its batch, by partition.
        nexts: The offset after its batch, by partition.
        passed: The number of cards that pass.
        causes: The number of other records, by cause.
        letters: The number of dead letters.
        first_letter: The origin and the error of the first dead letter.
        withdrawn: The number of tombstones for withdrawals.
        end: The end of its commit.
    """

    firsts: Mapping[int, int]
    nexts: Mapping[int, int]
    passed: int
    causes: Counts[Scope | Kind]
    letters: int
    first_letter: str
    withdrawn: int
    end: Future[None]


class Pipeline:
    """Moves records on from ``goods``, each exactly once, until asked to stop."""

    def __init__(
        self,
        consumer_config: dict[str, Any],
        producer_config: dict[str, Any],
        decide: Decide,
        status: PipelineStatus,
        *,
        block_list: BlockListFollower,
        withdrawals: Withdrawals,
        batch_records: int,
        batch_seconds: float,
        passwords: PasswordFollower | None = None,
        is_refused: Callable[[], bool] | None = None,
    ) -> None:
        """Prepare the pipeline. ``run`` connects it.

        Args:
            consumer_config: A librdkafka configuration with a consumer group.
            producer_config: A librdkafka configuration with a transactional ID.
            decide: Decides about a record.
            status: Receives the state of the pipeline.
            block_list: Followed from before the first record is read.
            withdrawals: Determines the tombstones to write.
            batch_records: The maximum number of records per transaction.
            batch_seconds: The longest wait for more records once there is one. Records
                that arrive during a transaction go into the next one, so transactions
                grow with the backlog.
            passwords: Follows password changes for both clients; None for none.
            is_refused: Tries to log in and returns whether a broker refuses; None to
                rely on the clients' errors.
        """
        self._consumer_config = consumer_config
        self._producer_config = producer_config
        self._decide = decide
        self._status = status
        self._block_list = block_list
        self._withdrawals = withdrawals
        self._batch_records = batch_records
        self._batch_seconds = batch_seconds
        self._stop = Event()
        self._client_errors = ClientErrors(
            "inbound", "blocking", passwords=passwords, is_refused=is_refused
        )
        self._batch = Batch(decide)
        self._in_flight: _InFlight | None = None
        self._has_lost = False

    def stop(self) -> None:
        """Ask ``run`` to end after the current transaction, from any thread."""
        self._stop.set()

    def run(self) -> None:
        """Move records until ``stop``; an outage is waited out.

        Raises:
            PipelineError: The pipeline can't continue, for example without a right.
            KafkaError: The login is refused, or a newer copy took over.
        """
        self._status.running = True
        try:
            self._run()
        except InterruptedTransactionError:
            _LOGGER.info("Stopped while waiting for the brokers")
        except KafkaException as exception:
            raise PipelineError(
                f"Reading topic '{SOURCE}' failed: {exception.args[0].str()}."
            ) from exception
        finally:
            self._status.running = False
            self._status.partitions = None

    def _run(self) -> None:
        self._block_list.start(self._stop)
        writer = TransactionalWriter(
            self._producer_config,
            self._client_errors,
            self._stop,
            cluster="inbound",
            principal="blocking",
        )
        # Before reading: this aborts the transaction of a killed copy. Otherwise the
        # group would wait for its offsets.
        writer.open()
        self._await_block_list()
        consumer = self._subscribe()
        try:
            self._run_until_stopped(consumer, writer)
        finally:
            consumer.close()

    def _await_block_list(self) -> None:
        """Let no card pass before the rules are known."""
        while self._block_list.position is None and not self._stop.wait(0.05):
            self._status.note_progress()
            self._status.problem = "the block list has not been read yet"
            self._block_list.raise_if_failed()
        self._status.problem = None

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
        if self._client_errors.passwords:
            self._client_errors.passwords.follow(consumer, "consumer")
        consumer.subscribe(
            [SOURCE],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_revoke,
        )
        return consumer

    def _run_until_stopped(
        self, consumer: Consumer, writer: TransactionalWriter
    ) -> None:
        pause_seconds = 0.0
        while not self._stop.wait(pause_seconds):
            self._status.note_progress()
            try:
                self._run_once(consumer, writer)
                pause_seconds = 0.0
            except (AbortedTransactionError, RegistryError) as error:
                _LOGGER.warning("Aborted a batch: %s", error)
                self._status.note_abort(str(error))
                self._withdrawals.reset()
                self._rewind(consumer)
                pause_seconds = min(2 * pause_seconds or 0.1, _LONGEST_PAUSE_SECONDS)
        try:
            self._await_in_flight()
        except AbortedTransactionError as error:
            _LOGGER.info("The next start will process the last batch: %s", error)

    def _run_once(self, consumer: Consumer, writer: TransactionalWriter) -> None:
        """Read and decide while a batch is in flight; then hand over the next one."""
        try:
            position = self._read_batch(consumer)
        finally:
            # Also if a schema can't be looked up: the committed offsets depend on it.
            self._await_in_flight()
        self._client_errors.raise_if_unrecoverable()
        self._block_list.raise_if_failed()
        if self._has_lost and self._batch:
            self._rewind(consumer)
        else:
            self._begin(position, consumer, writer)

    def _read_batch(self, consumer: Consumer) -> Position | None:
        """Wait a moment for a record, and add what is available to the batch.

        Returns:
            The position of the block list that the rules include at least.
        """
        self._has_lost = False
        first = consumer.poll(_FIRST_SECONDS)
        # Taken before the decisions: rules after it lead to later withdrawals.
        position = self._block_list.position
        if first is None:
            return position
        self._batch.add(self._readable([first]))
        room = self._batch_records - 1
        while room > 0:
            messages = consumer.consume(room, self._batch_seconds)
            self._batch.add(self._readable(messages))
            room -= len(messages)
            if self._in_flight is None or self._in_flight.end.done():
                break
        return position

    def _begin(
        self,
        position: Position | None,
        consumer: Consumer,
        writer: TransactionalWriter,
    ) -> None:
        """Begin a transaction, with due tombstones; commit it in the background."""
        withdrawn = self._due_tombstones(consumer, position)
        batch = self._batch
        if not batch and not withdrawn:
            return
        nexts = batch.next_offsets
        positions = [
            TopicPartition(SOURCE, number, offset, self._withdrawals.metadata(number))
            for number, offset in self._positions(nexts, bool(withdrawn)).items()
        ]
        group = consumer.consumer_group_metadata()
        writer.begin(
            TransactionContent(withdrawn, batch.passed, PASSED_ON, batch.letters)
        )
        end = run_detached(lambda: writer.commit(positions, group), "transaction")
        self._in_flight = _InFlight(
            firsts=batch.first_offsets,
            nexts=nexts,
            passed=len(batch.passed),
            causes=batch.causes,
            letters=len(batch.letters),
            first_letter=batch.first_letter,
            withdrawn=len(withdrawn),
            end=end,
        )
        self._batch = Batch(self._decide)

    def _await_in_flight(self) -> None:
        """Wait for the transaction in flight, and count it.

        Raises:
            AbortedTransactionError: It was aborted; ``_in_flight`` keeps it.
        """
        in_flight = self._in_flight
        if in_flight is None:
            return
        in_flight.end.result()
        self._in_flight = None
        self._withdrawals.note_committed(in_flight.nexts)
        self._status.note_commit(
            in_flight.passed, in_flight.causes, withdrawn=in_flight.withdrawn
        )
        if in_flight.first_letter:
            # One line per batch: many malformed records must not fill the disk.
            _LOGGER.warning(
                "%s, the first one %s",
                counted(in_flight.letters, "dead letter"),
                in_flight.first_letter,
            )

    def _positions(self, nexts: dict[int, int], withdrawn: bool) -> dict[int, int]:
        """Return the offsets to commit: with tombstones, for all partitions."""
        known = {}
        for number in self._status.partitions or () if withdrawn else ():
            offset = self._withdrawals.position(number)
            if offset is not None:
                known[number] = offset
        return known | nexts

    def _due_tombstones(
        self, consumer: Consumer, position: Position | None
    ) -> tuple[OutgoingRecord, ...]:
        unknown = self._withdrawals.missing(self._status.partitions or ())
        if unknown:
            found = self._committed(unknown, consumer)
            partitions = count_partitions(consumer)
            self._withdrawals.load(
                {
                    each.partition: Committed(
                        each.offset if each.offset >= 0 else None,
                        each.metadata,
                        was_never_written(consumer, each.partition, partitions),
                    )
                    for each in found
                },
                partitions=partitions,
            )
        if position is None:
            return ()
        limit = max(_MIN_WITHDRAWN, self._batch_records)
        return self._withdrawals.next_tombstones(
            self._block_list.rules, position, limit
        )

    def _readable(self, messages: Sequence[Message]) -> list[Message]:
        """Drop errors, and records of partitions that were revoked during the call."""
        # After the call: it reflects the current assignment.
        assigned = self._status.partitions or frozenset()
        readable = []
        for message in messages:
            error = message.error()
            if error is not None:
                self._note_read_error(error)
            elif message.partition() in assigned:
                readable.append(message)
        return readable

    def _note_read_error(self, error: KafkaError) -> None:
        if error.fatal() or error.code() in _FATAL_READS:
            raise PipelineError(
                f"Cannot read topic '{SOURCE}' on cluster 'inbound': {error.str()}. "
                "Restart the filter. If it fails again, compare the ACLs of principal "
                "'blocking' with platform.yaml."
            )
        _LOGGER.warning("Cannot read topic '%s' at the moment: %s", SOURCE, error.str())
        self._status.problem = error.str()

    def _rewind(self, consumer: Consumer) -> None:
        """Seek to the committed offsets, or to the batch's first if there are none."""
        aborted = self._in_flight.firsts if self._in_flight else {}
        firsts = {**self._batch.first_offsets, **aborted}
        self._in_flight, self._batch = None, Batch(self._decide)
        if not firsts:
            return
        for found in self._committed(firsts, consumer):
            if found.partition not in (self._status.partitions or ()):
                continue
            offset = found.offset if found.offset >= 0 else firsts[found.partition]
            consumer.seek(TopicPartition(SOURCE, found.partition, offset))

    def _committed(
        self, numbers: Iterable[int], consumer: Consumer
    ) -> list[TopicPartition]:
        return committed_offsets(consumer, numbers, self._client_errors, self._stop)

    def _on_assign(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        gained = {each.partition for each in partitions}
        self._status.partitions = (self._status.partitions or frozenset()) | gained
        self._client_errors.on_success()
        _LOGGER.info(
            "Reading '%s', partitions %s", SOURCE, sorted(self._status.partitions)
        )

    def _on_revoke(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        lost = {each.partition for each in partitions}
        self._status.partitions = (self._status.partitions or frozenset()) - lost
        self._has_lost = True
        if self._in_flight:
            wait([self._in_flight.end])
        _LOGGER.info("Lost '%s', partitions %s", SOURCE, sorted(lost))

    def _on_error(self, error: KafkaError) -> None:
        self._client_errors.on_error(error)
        self._status.problem = self._client_errors.problem

    def _on_statistics(self, statistics: str) -> None:
        self._status.note_statistics(statistics)
