"""Read a topic from given offsets, to its current end or following it.

Partitions are assigned manually and no offsets are committed: the caller keeps track.
Only committed records are returned, unless the caller wants others. Transaction markers
and compaction leave gaps in the offsets. So a read has reached the end when the broker
sends the end-of-partition event, not when it has seen a certain offset.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import methodcaller

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from goodsflow.clients.kafka.auth_failures import AuthFailureWatch
from goodsflow.clients.kafka.errors import (
    ClusterUnavailableError,
    OperationFailedError,
)
from goodsflow.clients.kafka.futures import named_error
from goodsflow.clients.kafka.offsets import PartitionOffsets
from goodsflow.common.closeable import Closeable
from goodsflow.common.waiting import Deadline
from goodsflow.model.endpoints import ClusterName, Endpoints
from goodsflow.model.records import Header, Record

_POLL_SECONDS = 0.2
_FILL_SECONDS = 0.02
"""How long consume() may wait to fill a batch."""

_HOLD_SECONDS = 0.5
"""How long a read to the end may take to fill a batch."""

_FOLLOWED = 500


@dataclass(frozen=True)
class Batch:
    """Records in the order of each partition, and the next offsets.

    There are none if the partitions only had transaction markers.
    """

    records: tuple[Record, ...]
    next_offsets: Mapping[int, int]


class TopicReader(Closeable):
    """Reads one topic. Use it as a context manager, for one read at a time.

    Args:
        endpoints: The platform's addresses.
        cluster: The topic's cluster.
        principal: The principal to read as.
        group_id: A group that the principal may use; nothing is committed to it.
        topic: The topic.
        timeout_seconds: The time limit of each request to the cluster.
        whole: Whether to return headers and timestamps as well.
        uncommitted: Whether to return records of open and aborted transactions as well.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        cluster: ClusterName,
        principal: str,
        group_id: str,
        topic: str,
        *,
        timeout_seconds: float = 15.0,
        whole: bool = False,
        uncommitted: bool = False,
    ) -> None:
        self.topic = topic
        self._what = f"'{topic}' on cluster '{cluster}' as '{principal}'"
        self._timeout_seconds = timeout_seconds
        self._as_record = _as_whole_record if whole else _record
        self._logins = AuthFailureWatch(
            endpoints, cluster, principal, f"read {self._what}"
        )
        isolation = "read_uncommitted" if uncommitted else "read_committed"
        self._consumer = Consumer(
            self._logins.config
            | {
                "group.id": group_id,
                "enable.auto.commit": False,
                "isolation.level": isolation,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                # The end comes with a fetch's answer: after 0.5 s by default.
                "fetch.wait.max.ms": 25,
                # The default of 64 MB uses twice that in memory.
                "queued.max.messages.kbytes": 16_384,
                # Connect to all leaders immediately, not to each at its first request.
                "enable.sparse.connections": False,
                "fetch.queue.backoff.ms": 5,
            }
        )
        self._logins.follow(self._consumer)

    def close(self) -> None:
        """Close the connections; the reader cannot be used afterwards."""
        self._consumer.close()

    def watermarks(self) -> dict[int, PartitionOffsets]:
        """Return the offsets at which each partition starts and ends.

        Raises:
            KafkaError: The cluster refused, did not answer, or has no such topic.
        """
        deadline = Deadline(self._timeout_seconds)
        return {
            number: PartitionOffsets(*self._watermarks_of(number, deadline))
            for number in self._partitions(deadline)
        }

    def read_to_end(
        self,
        offsets: Mapping[int, int],
        *,
        timeout_seconds: float,
        batch_size: int = 10_000,
    ) -> Iterator[Batch]:
        """Yield the records from the offsets to the end of the topic.

        Each partition's end is determined during the read: records that arrive
        meanwhile may be in the last batch.

        Args:
            offsets: The offsets to start from, by partition.
            timeout_seconds: The time limit of the whole read.
            batch_size: The maximum number of records in a batch.

        Raises:
            ClusterUnavailableError: The end was not reached in time.
            KafkaError: The cluster refused.
        """
        deadline = Deadline(timeout_seconds)
        next_offsets = dict(offsets)
        unfinished = set(offsets)
        self._assign(offsets)
        while unfinished:
            records: list[Record] = []
            due = time.monotonic() + _HOLD_SECONDS
            # A larger batch costs its consumer less per record.
            while unfinished and len(records) < batch_size and time.monotonic() < due:
                for message in self._messages(batch_size - len(records)):
                    if message.error() is None:
                        record = self._as_record(message)
                        records.append(record)
                        next_offsets[record.partition] = record.offset + 1
                    else:
                        partition, offset = position_of(message)
                        # The end is after markers, which no record's offset shows.
                        next_offsets[partition] = max(offset, next_offsets[partition])
                        unfinished.discard(partition)
            if records or not unfinished:
                yield Batch(tuple(records), dict(next_offsets))
            if unfinished and deadline.is_over:
                raise ClusterUnavailableError(
                    f"Cannot read {self._what} to its end within "
                    f"{timeout_seconds:g} s: partitions {sorted(unfinished)} are not "
                    "done. Try again with more time, or check that the brokers are up."
                )

    def read_range(
        self, partition: int, first: int, last: int, *, timeout_seconds: float
    ) -> list[Record]:
        """Return a partition's records from one offset to another, inclusive.

        Raises:
            ClusterUnavailableError: The last offset was not reached in time.
            KafkaError: The cluster refused.
        """
        deadline = Deadline(timeout_seconds)
        found: list[Record] = []
        self._assign({partition: first})
        while True:
            for message in self._messages(min(last - first + 2, 10_000)):
                offset = position_of(message)[1]
                if message.error() is not None or offset > last:
                    return found
                found.append(self._as_record(message))
                if offset == last:
                    return found
            if deadline.is_over:
                raise ClusterUnavailableError(
                    f"Cannot read {self._what} from offset {first} to {last} of "
                    f"partition {partition} within {timeout_seconds:g} s. Try again, "
                    "or check that the brokers are up."
                )

    def follow(self, offsets: Mapping[int, int]) -> Iterator[Record | None]:
        """Yield records forever as they arrive, and None after each 0.2 s without one.

        Args:
            offsets: The offsets to start from, by partition.

        Raises:
            KafkaError: The cluster refused.
        """
        self._assign(offsets)
        while True:
            messages = [m for m in self._messages(_FOLLOWED) if m.error() is None]
            yield from map(self._as_record, messages)
            if not messages:
                yield None

    def _messages(self, count: int) -> list[Message]:
        """Return the records and ends of partitions that arrive within a moment."""
        first = self._consumer.poll(_POLL_SECONDS)
        self._logins.raise_if_refused()
        if first is None:
            return []
        self._logins.note_success()
        found = [first]
        if count > 1:
            found += self._consumer.consume(count - 1, _FILL_SECONDS)
        return [each for each in found if each.error() is None or self._is_end(each)]

    def _is_end(self, message: Message) -> bool:
        """Return whether a message is the end of a partition; skip temporary errors."""
        error = message.error()
        if error is None or error.retriable():
            return False
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001
            return True
        raise named_error(KafkaException(error), f"Cannot read {self._what}")

    def _assign(self, offsets: Mapping[int, int]) -> None:
        # A missing or forbidden topic would just never deliver anything.
        self._partitions(Deadline(self._timeout_seconds))
        self._consumer.assign(
            [TopicPartition(self.topic, n, offset) for n, offset in offsets.items()]
        )

    def _partitions(self, deadline: Deadline) -> list[int]:
        what = f"Cannot look up {self._what}"
        while True:
            remaining = deadline.remaining
            try:
                # Short attempts, as refused logins are reported between them.
                found = self._consumer.list_topics(
                    self.topic, max(0.1, min(1.0, remaining))
                )
                break
            except KafkaException as error:
                self._consumer.poll(0)
                self._logins.raise_if_refused(0)
                if remaining <= 1:
                    raise named_error(error, what) from error
        topic = found.topics[self.topic]
        if topic.error is not None:
            raise OperationFailedError(f"{what}: {topic.error.str()}")
        return sorted(topic.partitions)

    def _watermarks_of(self, partition: int, deadline: Deadline) -> tuple[int, int]:
        remaining = max(0.1, deadline.remaining)
        try:
            return self._consumer.get_watermark_offsets(
                TopicPartition(self.topic, partition), remaining
            )
        except KafkaException as error:
            raise named_error(
                error, f"Cannot look up partition {partition} of {self._what}"
            ) from error


def position_of(message: Message) -> tuple[int, int]:
    """Return a consumed message's partition and offset.

    Raises:
        OperationFailedError: The message does not come from a topic.
    """
    partition, offset = message.partition(), message.offset()
    if partition is None or offset is None:  # librdkafka sets both on what it fetched
        raise OperationFailedError("A record has no partition or no offset.")
    return partition, offset


def _as_whole_record(message: Message) -> Record:
    return whole_record(message, readable_headers(message) or ())


def _record(message: Message) -> Record:
    return Record(
        *position_of(message), _as_bytes(message.key()), _as_bytes(message.value())
    )


_headers_of = methodcaller("headers")
"""Called through C on purpose: confluent-kafka 2.16 may return a list although it has
raised an exception, and Python 3.11 notices that only in calls through C."""


def readable_headers(message: Message) -> Sequence[Header] | None:
    """Return a message's headers; None if a name is not UTF-8, which brokers allow.

    Call it only once: after a name that is not UTF-8, a second call returns names that
    are invalid objects.
    """
    try:
        headers: Sequence[Header] | None = _headers_of(message)
    except (UnicodeError, SystemError):  # SystemError if C code ran into the first
        return None
    return headers or ()


def whole_record(message: Message, headers: Sequence[Header]) -> Record:
    """Return a consumed message as a record with headers and timestamp.

    Args:
        message: A message of a topic.
        headers: Its headers, from ``readable_headers``.

    Raises:
        OperationFailedError: The message does not come from a topic.
    """
    timestamp = message.timestamp()[1]
    return _record(message)._replace(
        headers=tuple(headers),
        # librdkafka returns -1 if there is none.
        timestamp=timestamp if timestamp >= 0 else None,
    )


def _as_bytes(data: bytes | str | None) -> bytes | None:
    return data.encode() if isinstance(data, str) else data
