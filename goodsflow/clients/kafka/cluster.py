"""The base of administrative clients of one cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from goodsflow.clients.kafka.errors import ClusterUnavailableError
from goodsflow.clients.kafka.futures import Outcomes, await_all, named_error, settle_all
from goodsflow.clients.kafka.passwords import PasswordFollower
from goodsflow.common.waiting import Deadline

K = TypeVar("K")
V = TypeVar("V")

_RETRY_SECONDS = 0.3
_METADATA_SECONDS = 2.0


class ClusterClient:
    """An administrative client of one cluster. Its constructor does not log in.

    Args:
        client: librdkafka's client.
        cluster: The cluster's name, for messages.
        timeout_seconds: The time limit of each operation.
        passwords: Follows the principal's password file; None if its password never
            changes.
    """

    def __init__(
        self,
        client: AdminClient,
        cluster: str,
        timeout_seconds: float = 20,
        passwords: PasswordFollower | None = None,
    ) -> None:
        self._admin = client
        self._passwords = passwords
        if passwords:
            passwords.follow(client)
        self._cluster = cluster
        self._timeout_seconds = timeout_seconds

    @property
    def _client(self) -> AdminClient:
        """The client, with the password that the file contains now."""
        if self._passwords:
            self._passwords.refresh()
        return self._admin

    def _metadata(self) -> Any:
        """Ask for the brokers and topics.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        try:
            return self._client.list_topics(timeout=self._timeout_seconds)
        except KafkaException as error:
            raise named_error(error, f"Cannot {self._on('list topics')}") from error

    def _on(self, attempted: str) -> str:
        return f"{attempted} on cluster '{self._cluster}'"

    def _await(self, futures: Mapping[Any, Any], attempted: str) -> dict[Any, Any]:
        # The request has a deadline of its own; this one guards against a lost answer.
        return await_all(futures, self._on(attempted), self._timeout_seconds + 5)

    def _settle(
        self,
        objects: Mapping[K, V],
        request: Callable[[list[V]], Mapping[K, Future[Any]]],
        attempted: str,
    ) -> Outcomes[K]:
        """Make one request for many objects; return the outcome of each.

        The request is repeated until the time limit for objects that failed because no
        broker could serve them, for example while a controller is being elected.

        Args:
            objects: The objects, by the keys of the request's futures.
            request: Makes the request for some of them.
            attempted: For messages.
        """
        deadline = Deadline(self._timeout_seconds, interval_seconds=_RETRY_SECONDS)
        outcomes: Outcomes[K] = {}
        left = dict(objects)
        while left:
            futures = request(list(left.values()))
            settled = settle_all(
                futures, self._on(attempted), self._timeout_seconds + 5
            )
            outcomes |= settled
            left = {
                key: each
                for key, each in left.items()
                if isinstance(settled[key], ClusterUnavailableError)
            }
            # What a request after the last pause would bring comes too late.
            if deadline.remaining <= _RETRY_SECONDS:
                break
            if left:
                deadline.pause()
                self._refresh_controller()
        return outcomes

    def _refresh_controller(self) -> None:
        # librdkafka learns of a new controller only from a metadata request.
        with suppress(KafkaException):  # the next request fails as well
            self._client.list_topics(timeout=_METADATA_SECONDS)
