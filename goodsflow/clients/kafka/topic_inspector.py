"""Look up a topic's ID and the offsets at which its partitions start and end.

This uses an administrative client: a consumer would first log in to each bootstrap
server, to the leaders and to its group's coordinator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from typing import Any, NamedTuple

from confluent_kafka import IsolationLevel, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from goodsflow.clients.kafka.auth_failures import AuthFailureWatch
from goodsflow.clients.kafka.futures import await_all
from goodsflow.clients.kafka.offsets import PartitionOffsets
from goodsflow.common.waiting import Deadline
from goodsflow.model.endpoints import ClusterName, Endpoints

_POLL_SECONDS = 0.2
_FIRST_AND_END = OffsetSpec.earliest(), OffsetSpec.latest()  # type: ignore[no-untyped-call]


class TopicState(NamedTuple):
    """A topic at a moment.

    Attributes:
        topic_id: Assigned by Kafka at creation: a topic that was deleted and created
            again has another one.
        watermarks: By partition, where it starts and where its committed records end.
    """

    topic_id: str
    watermarks: dict[int, PartitionOffsets]


class TopicInspector:
    """Looks up one topic's state. The constructor starts to connect.

    Args:
        endpoints: The platform's addresses.
        cluster: The topic's cluster.
        principal: A principal that may describe the topic.
        topic: The topic.
        timeout_seconds: The time limit of each request.

    Raises:
        EndpointsError: The principal has no password file.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        cluster: ClusterName,
        principal: str,
        topic: str,
        *,
        timeout_seconds: float = 15.0,
    ) -> None:
        self._topic = topic
        self._timeout_seconds = timeout_seconds
        self._attempted = f"look up '{topic}' on cluster '{cluster}' as '{principal}'"
        self._logins = AuthFailureWatch(endpoints, cluster, principal, self._attempted)
        # With sparse connections it would log in to leaders only at the first request.
        self._admin = AdminClient(
            self._logins.config | {"enable.sparse.connections": False}
        )
        self._logins.follow(self._admin)

    def begin(self) -> Callable[[], TopicState]:
        """Send a request for the topic's state.

        Returns:
            A function that waits for the answer; it raises what ``state`` raises.
        """
        described = self._describe()

        def answer() -> TopicState:
            found = self._await(described)[self._topic]
            partitions = [TopicPartition(self._topic, p.id) for p in found.partitions]
            asked = [
                self._admin.list_offsets(
                    dict.fromkeys(partitions, which),
                    isolation_level=IsolationLevel.READ_COMMITTED,
                    request_timeout=self._timeout_seconds,
                )
                for which in _FIRST_AND_END
            ]
            firsts, ends = map(self._await, asked)
            return TopicState(
                str(found.topic_id),
                {
                    each.partition: PartitionOffsets(
                        firsts[each].offset, ends[each].offset
                    )
                    for each in partitions
                },
            )

        return answer

    def state(self) -> TopicState:
        """Return the topic's ID and the offsets of its partitions.

        Raises:
            KafkaError: The cluster refused, did not answer, or has no such topic.
        """
        return self.begin()()

    def topic_id(self) -> str:
        """Return the topic's ID.

        Raises:
            KafkaError: The cluster refused, did not answer, or has no such topic.
        """
        return str(self._await(self._describe())[self._topic].topic_id)

    def _describe(self) -> Mapping[Any, Future[Any]]:
        return self._admin.describe_topics(
            TopicCollection([self._topic]), request_timeout=self._timeout_seconds
        )

    def _await(self, futures: Mapping[Any, Future[Any]]) -> dict[Any, Any]:
        deadline = Deadline(self._timeout_seconds)
        while wait(futures.values(), _POLL_SECONDS).not_done:
            # Polling reports refused logins; the client itself would retry forever.
            self._admin.poll(0)
            self._logins.raise_if_refused()
            if deadline.is_over:
                break
        found = await_all(futures, self._attempted, 1)
        self._logins.note_success()
        return found
