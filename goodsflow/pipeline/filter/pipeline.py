"""The pipeline: read a batch, decide, write and commit it in one transaction.

While one batch is on its way and committed, the next one is read and decided about:
most of a transaction is waiting for brokers. Partitions go away only within a call that
reads, which waits until what is under way has ended; what was read of them since is
dropped. Offsets are committed with the group's metadata, so a copy that lost its
partitions cannot commit.
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
"""How long a turn waits for its first record, and thus for what is to be withdrawn."""

_LEAST_WITHDRAWN = 1000


@dataclass(frozen=True)
class _InFlight:
    """A transaction that is being committed; the records themselves are let go.

    Attributes:
        firsts: The first offset of its batch, by partition.
        nexts: The offset after it, by partition.
        passed: How many cards go on.
        causes: Of the others, by what blocks them or what they fail at.
        letters: How many dead letters it has.
        first_letter: Where the first of them came from, and why.
        withdrawn: How many tombstones it has.
        end: Of its commit.
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
    """Moves records from ``goods`` on, each exactly once, until told to stop."""

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
        """Prepare the pipeline; nothing connects before ``run``.

        Args:
            consumer_config: A librdkafka configuration of a group's member.
            producer_config: A librdkafka configuration with a transactional ID.
            decide: Says what becomes of a record.
            status: Is told how the pipeline is.
            block_list: Is followed from before the first record on.
            withdrawals: Says what is to be taken back.
            batch_records: Most records of a transaction.
            batch_seconds: Longest wait for more, once there is a record. What comes
                while a transaction is under way goes into the next one: the longer
                the backlog, the larger the transactions.
            passwords: Follows the password of both; None: it stays.
            is_refused: Logs in and tells whether a broker refuses that; None: the
                clients' own word is taken.
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
        """Ask ``run`` to end after the transaction at hand; from any thread."""
        self._stop.set()

    def run(self) -> None:
        """Move records until ``stop``; an outage is waited out.

        Raises:
            PipelineError: It cannot go on: a right is missing.
            KafkaError: The login is refused, or a newer copy runs.
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
        self._block_list.start(self._stop)
        writer = TransactionalWriter(
            self._producer_config,
            self._client_errors,
            self._stop,
            cluster="inbound",
            principal="blocking",
        )
        # Before reading: it ends a killed copy's transaction, whose offsets the group
        # would otherwise wait for.
        writer.open()
        self._await_block_list()
        consumer = self._subscribe()
        try:
            self._run_until_stopped(consumer, writer)
        finally:
            consumer.close()

    def _await_block_list(self) -> None:
        """Let no card pass before it is known what must not."""
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
            _LOGGER.info("The last batch is left to the next start: %s", error)

    def _run_once(self, consumer: Consumer, writer: TransactionalWriter) -> None:
        """Read and decide while a batch is under way; then hand over the next."""
        try:
            position = self._read_batch(consumer)
        finally:
            # Also where a schema cannot be looked up: what is committed depends on it.
            self._await_in_flight()
        self._client_errors.raise_if_unrecoverable()
        self._block_list.raise_if_failed()
        if self._has_lost and self._batch:
            self._rewind(consumer)
        else:
            self._begin(position, consumer, writer)

    def _read_batch(self, consumer: Consumer) -> Position | None:
        """Wait a moment for a record, and take what there is into the batch.

        Returns:
            Up to where the block list was followed at least.
        """
        self._has_lost = False
        first = consumer.poll(_FIRST_SECONDS)
        # Before a record is decided about: what is listed later is taken back later.
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
        """Begin a transaction, with what is to be taken back; let it be committed."""
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
        """Wait for the transaction that is under way, and count it.

        Raises:
            AbortedTransactionError: It was aborted; it stays the one under way.
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
            # One line for a batch: a flood of garbage must not fill the disk.
            _LOGGER.warning(
                "%d dead letters, the first %s",
                in_flight.letters,
                in_flight.first_letter,
            )

    def _positions(self, nexts: dict[int, int], withdrawn: bool) -> dict[int, int]:
        """Return what to commit; with tombstones, for all partitions."""
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
        limit = max(_LEAST_WITHDRAWN, self._batch_records)
        return self._withdrawals.next_tombstones(
            self._block_list.rules, position, limit
        )

    def _readable(self, messages: Sequence[Message]) -> list[Message]:
        """Drop errors, and records of partitions that went away during the call."""
        # After the call: it says what is ours by now.
        ours = self._status.partitions or frozenset()
        readable = []
        for message in messages:
            error = message.error()
            if error is not None:
                self._note_read_error(error)
            elif message.partition() in ours:
                readable.append(message)
        return readable

    def _note_read_error(self, error: KafkaError) -> None:
        if error.fatal() or error.code() in _FATAL_READS:
            raise PipelineError(
                f"Cannot read topic '{SOURCE}' on cluster 'inbound': {error.str()}. "
                "Start the filter again; if it fails again, compare the rights of "
                "principal 'blocking' with platform.yaml."
            )
        _LOGGER.warning("Reading topic '%s': %s", SOURCE, error.str())
        self._status.problem = error.str()

    def _rewind(self, consumer: Consumer) -> None:
        """Read again from the committed offsets; from the first where none are."""
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
        _LOGGER.info("Gave up '%s', partitions %s", SOURCE, sorted(lost))

    def _on_error(self, error: KafkaError) -> None:
        self._client_errors.on_error(error)
        self._status.problem = self._client_errors.problem

    def _on_statistics(self, statistics: str) -> None:
        self._status.note_statistics(statistics)
