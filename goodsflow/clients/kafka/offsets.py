"""Offsets of topics and of consumer groups, and the lag between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from goodsflow.clients.kafka.cluster import ClusterClient
from goodsflow.clients.kafka.config import client_config
from goodsflow.clients.kafka.errors import OperationFailedError
from goodsflow.clients.kafka.futures import named_error
from goodsflow.clients.kafka.passwords import PasswordFollower
from goodsflow.model.endpoints import ClusterName, Endpoints


@dataclass(frozen=True)
class PartitionOffsets:
    """A partition's first offset, and the offset after its last.

    Their difference is not the number of records: transaction markers use up offsets,
    and compaction removes records.
    """

    first: int
    end: int


@dataclass(frozen=True)
class GroupLag:
    """How far a consumer group is behind, by partition.

    Attributes:
        offsets: The committed offsets; a partition without a commit is missing.
        lag: From the committed offset (or else the first one) to the end.
    """

    offsets: Mapping[tuple[str, int], int]
    lag: Mapping[tuple[str, int], int]

    @property
    def total(self) -> int:
        """The lag of all partitions together."""
        return sum(self.lag.values())


class OffsetReader(ClusterClient):
    """Reads offsets of one cluster.

    A group's committed offsets are read with a consumer of the group that never joins
    it: librdkafka's administrative request aborts the process if the coordinator goes
    away meanwhile (https://github.com/confluentinc/librdkafka/issues/4605).

    Args:
        config: The configuration of a client that logs in.
        cluster: The cluster's name, for messages.
        timeout_seconds: The time limit of each operation.
        passwords: Follows the principal's password file; None if its password never
            changes.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        cluster: str,
        timeout_seconds: float = 20,
        passwords: PasswordFollower | None = None,
    ) -> None:
        # Errors are raised as exceptions; librdkafka would also print them.
        self._config = {**config, "log_level": 0}
        self._consumers: dict[str, Consumer] = {}
        super().__init__(
            AdminClient(dict(self._config)), cluster, timeout_seconds, passwords
        )

    @classmethod
    def connect(
        cls,
        endpoints: Endpoints,
        cluster: ClusterName,
        principal: str,
        timeout_seconds: float = 10,
    ) -> Self:
        """Return a reader that logs in as ``principal``.

        Raises:
            EndpointsError: The principal has no password file.
        """
        passwords = PasswordFollower(endpoints, cluster, principal)
        config = client_config(endpoints, cluster, principal)
        return cls(config, cluster, timeout_seconds, passwords)

    def topic_offsets(
        self, topics: Iterable[str]
    ) -> dict[str, dict[int, PartitionOffsets]]:
        """Return the offsets of topics by topic and partition.

        Raises:
            OperationFailedError: A topic does not exist.
            KafkaError: The cluster refused or did not answer.
        """
        names = list(topics)
        partitions = self._partitions(names)
        first = self._list_offsets(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
        end = self._list_offsets(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]
        offsets: dict[str, dict[int, PartitionOffsets]] = {name: {} for name in names}
        for topic, partition in partitions:
            offsets[topic][partition] = PartitionOffsets(
                first[topic, partition], end[topic, partition]
            )
        return offsets

    def group_offsets(
        self, group: str, topics: Iterable[str]
    ) -> dict[tuple[str, int], int]:
        """Return a group's committed offsets on topics, by topic and partition.

        An unknown group has committed none.

        Raises:
            OperationFailedError: A topic does not exist.
            KafkaError: The cluster refused or did not answer.
        """
        what = "Cannot " + self._on(f"read the offsets of group '{group}'")
        partitions = [TopicPartition(*each) for each in self._partitions(topics)]
        try:
            found = self._consumer(group).committed(partitions, self._timeout_seconds)
        except KafkaException as error:
            raise named_error(error, what) from error
        for position in found:
            if position.error is not None:
                raise named_error(KafkaException(position.error), what)
        return {
            (position.topic, position.partition): position.offset
            for position in found
            if position.offset >= 0
        }

    def _consumer(self, group: str) -> Consumer:
        if group not in self._consumers:
            consumer = Consumer(
                {**self._config, "group.id": group, "enable.auto.commit": False}
            )
            if self._passwords:
                self._passwords.follow(consumer, f"group {group}")
            self._consumers[group] = consumer
        if self._passwords:
            self._passwords.refresh()
        return self._consumers[group]

    def group_lag(self, group: str, topics: Iterable[str]) -> GroupLag:
        """Return how far a group is behind on topics.

        Raises:
            OperationFailedError: A topic does not exist.
            KafkaError: The cluster refused or did not answer.
        """
        # The group first: read later, it could be ahead of the end.
        names = list(topics)
        committed = self.group_offsets(group, names)
        offsets = self.topic_offsets(names)
        lag = {
            (topic, partition): max(
                0, ends.end - committed.get((topic, partition), ends.first)
            )
            for topic, partitions in offsets.items()
            for partition, ends in partitions.items()
        }
        return GroupLag({key: committed[key] for key in lag if key in committed}, lag)

    def _partitions(self, topics: Iterable[str]) -> list[tuple[str, int]]:
        metadata = self._metadata()
        missing = [f"'{topic}'" for topic in topics if topic not in metadata.topics]
        if missing:
            raise OperationFailedError(
                f"Cannot read offsets on cluster '{self._cluster}': it has no topic "
                f"{', '.join(missing)}. Has the bootstrap run?"
            )
        return [
            (topic, partition)
            for topic in topics
            for partition in metadata.topics[topic].partitions
        ]

    def _list_offsets(
        self, partitions: Iterable[tuple[str, int]], which: OffsetSpec
    ) -> dict[tuple[str, int], int]:
        request = {TopicPartition(*partition): which for partition in partitions}
        if not request:
            return {}
        futures = self._client.list_offsets(
            request, request_timeout=self._timeout_seconds
        )
        found = self._await(futures, "read the offsets of topics")
        return {(key.topic, key.partition): info.offset for key, info in found.items()}
