"""What is read: offsets and lag of both clusters, and certificates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from goodsflow.endpoints import ClusterName, Endpoints
from goodsflow.kafka.errors import KafkaError
from goodsflow.kafka.offsets import OffsetReader
from goodsflow.monitoring.certificates import served_until, written_until
from goodsflow.monitoring.readings import Sample, Source
from goodsflow.spec import Platform

PRINCIPAL = "exporter"
"""As whom the exporter logs in to both clusters."""

_GROUPS: Mapping[ClusterName, Mapping[str, str]] = {
    "inbound": {"blocking": "goods"},
    "analytics": {
        "connect-hdfs-sink": "source.goods-filtered",
        "recommender": "source.goods-filtered",
    },
}
"""The consumer groups that the flow goes through, and what each reads."""

_CERTIFICATE_SECONDS = 300.0


def platform_sources(endpoints: Endpoints, platform: Platform) -> Iterator[Source]:
    """Return everything that the exporter reads; nothing is opened yet."""
    for name, cluster in platform.clusters.items():
        reader = ClusterReader(endpoints, name, tuple(cluster.topics))
        yield Source(f"offsets of {name}", reader.read)
        for address in endpoints.bootstrap_servers[name].split(","):
            yield Source(
                f"certificate of {address}",
                partial(_broker_certificate, name, address),
                _CERTIFICATE_SECONDS,
            )
    yield Source(
        "certificate of the CA",
        lambda: [_certificate("", "ca", written_until(endpoints.ca_file))],
        _CERTIFICATE_SECONDS,
    )


class ClusterReader:
    """Reads the ends of a cluster's topics, and how far groups are behind.

    Args:
        endpoints: Where the platform is.
        cluster: Which of its clusters.
        topics: Those whose ends are read.
    """

    def __init__(
        self, endpoints: Endpoints, cluster: ClusterName, topics: Sequence[str]
    ) -> None:
        self._endpoints = endpoints
        self._cluster = cluster
        self._topics = topics
        self._reader: OffsetReader | None = None

    def read(self) -> list[Sample]:
        """Read them all.

        Raises:
            KafkaError: The cluster refused or did not answer.
            EndpointsError: The exporter has no password.
        """
        if self._reader is None:
            self._reader = OffsetReader.connect(
                self._endpoints, self._cluster, PRINCIPAL
            )
        try:
            return list(self._samples(self._reader))
        except KafkaError:
            # The next turn starts with a client that remembers nothing.
            self._reader = None
            raise

    def _samples(self, reader: OffsetReader) -> Iterator[Sample]:
        for group, topic in _GROUPS[self._cluster].items():
            behind = reader.group_lag(group, [topic])
            for metric, offsets in (
                ("goodsflow_group_lag_records", behind.lag),
                ("goodsflow_group_committed_offset", behind.offsets),
            ):
                for (_, partition), value in offsets.items():
                    labels = self._labels(topic, partition) | {"group": group}
                    yield Sample(metric, labels, value)
        for topic, partitions in reader.topic_offsets(self._topics).items():
            for partition, ends in partitions.items():
                yield Sample(
                    "goodsflow_topic_end_offset",
                    self._labels(topic, partition),
                    ends.end,
                )

    def _labels(self, topic: str, partition: int) -> dict[str, str]:
        return {
            "cluster": self._cluster,
            "topic": topic,
            "partition": str(partition),
        }


def _broker_certificate(cluster: ClusterName, address: str) -> list[Sample]:
    return [_certificate(cluster, address, served_until(address))]


def _certificate(cluster: str, shown_by: str, end: datetime) -> Sample:
    return Sample(
        "goodsflow_certificate_end_timestamp_seconds",
        {"cluster": cluster, "shown_by": shown_by},
        end.timestamp(),
    )
