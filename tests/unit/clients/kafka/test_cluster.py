"""Retries of requests that no broker could serve."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError as LibrdkafkaError
from confluent_kafka import KafkaException

from goodsflow.clients.kafka.cluster import ClusterClient
from goodsflow.clients.kafka.errors import ClusterUnavailableError, OperationFailedError

NOT_CONTROLLER = LibrdkafkaError.NOT_CONTROLLER


class Cluster:
    """A cluster whose controller has moved; a metadata request shows it."""

    def __init__(self) -> None:
        self.is_known = False
        self.requests: list[list[str]] = []

    def list_topics(self, timeout: float) -> None:
        """Return the controller."""
        self.is_known = timeout > 0

    def delete(self, names: list[str]) -> Mapping[str, Future[Any]]:
        """Delete topics, unless asked as the old controller."""
        self.requests.append(names)
        return {name: self._outcome(name) for name in names}

    def _outcome(self, name: str) -> Future[Any]:
        code = LibrdkafkaError.POLICY_VIOLATION if name == "kept" else NOT_CONTROLLER
        future: Future[Any] = Future()
        if name == "kept" or not self.is_known:
            future.set_exception(KafkaException(LibrdkafkaError(code)))
        else:
            future.set_result(None)
        return future


def test_what_the_old_controller_refused_is_asked_of_the_new_one() -> None:
    """Otherwise a client would be refused for minutes after an outage."""
    cluster = Cluster()
    client = ClusterClient(cluster, "inbound", timeout_seconds=20)  # type: ignore[arg-type]
    names = {name: name for name in ("a", "kept", "b")}
    outcomes = client._settle(names, cluster.delete, "delete topics")
    assert outcomes["a"] is outcomes["b"] is None
    assert isinstance(outcomes["kept"], OperationFailedError)
    assert cluster.requests == [["a", "kept", "b"], ["a", "b"]]


def test_what_is_not_done_in_time_has_failed() -> None:
    """Waiting forever would hide that the request has failed."""
    cluster = Cluster()
    client = ClusterClient(cluster, "inbound", timeout_seconds=0.1)  # type: ignore[arg-type]
    outcomes = client._settle({"a": "a"}, cluster.delete, "delete topics")
    assert isinstance(outcomes["a"], ClusterUnavailableError)
