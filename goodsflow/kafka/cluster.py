"""What every administrative client of one cluster does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from goodsflow.kafka.futures import await_all, named_error


class ClusterClient:
    """An administrative client of one cluster. Constructing one proves nothing.

    Args:
        config: A librdkafka client configuration.
        cluster: For messages.
        timeout_seconds: For each operation.
    """

    def __init__(
        self, config: Mapping[str, Any], cluster: str, timeout_seconds: float = 20
    ) -> None:
        # Errors come back as exceptions; librdkafka would print them as well.
        self._client = AdminClient({**config, "log_level": 0})
        self._cluster = cluster
        self._timeout_seconds = timeout_seconds

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
        # The request has its own deadline; the second guards against a lost answer.
        return await_all(futures, self._on(attempted), self._timeout_seconds + 5)
