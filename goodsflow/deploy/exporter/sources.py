"""The sources: offsets and lag of clusters and mirror, files, and certificates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from goodsflow.clients.connect import ConnectClient
from goodsflow.clients.hdfs import HdfsClient, TopicFile, list_topic_files
from goodsflow.clients.kafka.errors import KafkaError
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.deploy.exporter.certificates import (
    file_certificate_expiry,
    served_certificate_expiry,
)
from goodsflow.deploy.exporter.readings import Sample, Source
from goodsflow.model.endpoints import ClusterName, Endpoints
from goodsflow.model.spec import Platform

PRINCIPAL = "exporter"
"""The principal with which the exporter logs in to both clusters."""

_SINK_TOPICS = ("source.goods-filtered", "events")
"""The topics that the HDFS sink writes to files, which the recommender reads."""

_RECOMMENDER = "recommender"
_GROUPS: Mapping[ClusterName, Mapping[str, Sequence[str]]] = {
    "inbound": {"blocking": ["goods"]},
    "analytics": {"connect-hdfs-sink": _SINK_TOPICS, _RECOMMENDER: _SINK_TOPICS},
}
"""The consumer groups of the card flow, and the topics that each reads."""

_TOPICS_DIR = "/data/kafka/topics"

_MIRROR = "mm2-source"
_MIRRORED = "goods-filtered"
_CERTIFICATE_SECONDS = 300.0
_FILES_SECONDS = 30.0
"""Listing ten thousand files takes the NameNode and this process one second."""


def platform_sources(endpoints: Endpoints, platform: Platform) -> Iterator[Source]:
    """Yield all sources of the exporter, without connecting."""
    for name, cluster in platform.clusters.items():
        reader = ClusterReader(endpoints, name, tuple(cluster.topics))
        yield Source(f"offsets of {name}", reader.read)
        for address in endpoints.bootstrap_servers[name].split(","):
            yield Source(
                f"certificate of {address}",
                partial(_broker_certificate, name, address),
                _CERTIFICATE_SECONDS,
            )
    yield Source(f"offsets of {_MIRROR}", MirrorReader(endpoints).read)
    yield Source("files on HDFS", FilesReader(endpoints).read, _FILES_SECONDS)
    yield Source(
        "certificate of the CA",
        lambda: [_certificate("", "ca", file_certificate_expiry(endpoints.ca_file))],
        _CERTIFICATE_SECONDS,
    )


class _Offsets:
    """The exporter's offset reader for a cluster, replaced after an error."""

    def __init__(self, endpoints: Endpoints, cluster: ClusterName) -> None:
        self._endpoints = endpoints
        self._cluster = cluster
        self._reader: OffsetReader | None = None

    @contextmanager
    def reader(self) -> Iterator[OffsetReader]:
        """Return the reader, logged in as the exporter.

        Raises:
            KafkaError: The cluster refused or did not answer.
            EndpointsError: The exporter has no password.
        """
        if self._reader is None:
            self._reader = OffsetReader.connect(
                self._endpoints, self._cluster, PRINCIPAL
            )
        try:
            yield self._reader
        except KafkaError:
            self._reader = None
            raise


class ClusterReader:
    """Reads the end offsets of a cluster's topics and the lag of consumer groups.

    Args:
        endpoints: The platform's addresses.
        cluster: The cluster.
        topics: The topics whose end offsets are read.
    """

    def __init__(
        self, endpoints: Endpoints, cluster: ClusterName, topics: Sequence[str]
    ) -> None:
        self._cluster = cluster
        self._topics = topics
        self._offsets = _Offsets(endpoints, cluster)

    def read(self) -> list[Sample]:
        """Return samples for all groups and topics.

        Raises:
            KafkaError: The cluster refused or did not answer.
            EndpointsError: The exporter has no password.
        """
        with self._offsets.reader() as reader:
            return list(self._samples(reader))

    def _samples(self, reader: OffsetReader) -> Iterator[Sample]:
        for group, topics in _GROUPS[self._cluster].items():
            behind = reader.group_lag(group, topics)
            for (topic, partition), value in behind.lag.items():
                yield from _group_samples(
                    self._cluster,
                    group,
                    topic,
                    partition,
                    committed=behind.offsets.get((topic, partition)),
                    lag=value,
                )
        for topic, partitions in reader.topic_offsets(self._topics).items():
            for partition, ends in partitions.items():
                yield Sample(
                    "goodsflow_topic_end_offset",
                    _partition(self._cluster, topic, partition),
                    ends.end,
                )


class MirrorReader:
    """Reads the lag of MirrorMaker 2, as if it were a consumer group.

    It has no group: Kafka Connect stores its offsets. Metrics of its tasks do not help,
    as they stop when the tasks do.

    Args:
        endpoints: The platform's addresses.
    """

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._offsets = _Offsets(endpoints, "inbound")

    def read(self) -> list[Sample]:
        """Return samples for each partition.

        Raises:
            ConnectError: The Connect worker refused or did not answer.
            KafkaError: The inbound cluster refused or did not answer.
            EndpointsError: The exporter has no password.
        """
        # Read its offsets first: otherwise they could be beyond the end offset.
        with ConnectClient(self._endpoints.connect_url, timeout_seconds=10) as client:
            mirrored = {
                partition["partition"]: offset["offset"] + 1
                for partition, offset in client.offsets(_MIRROR)
                if partition["topic"] == _MIRRORED
            }
        with self._offsets.reader() as reader:
            partitions = reader.topic_offsets([_MIRRORED])[_MIRRORED]
        return [
            sample
            for partition, ends in partitions.items()
            for sample in _group_samples(
                "inbound",
                _MIRROR,
                _MIRRORED,
                partition,
                committed=mirrored.get(partition),
                lag=max(0, ends.end - mirrored.get(partition, ends.first)),
            )
        ]


class FilesReader:
    """Reads the files on HDFS, and which of them wait for the recommender.

    Args:
        endpoints: The platform's addresses.
    """

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._offsets = _Offsets(endpoints, "analytics")

    def read(self) -> list[Sample]:
        """Return samples for each topic.

        Raises:
            HdfsError: The NameNode refused or did not answer.
            KafkaError: The analytics cluster refused or did not answer.
            EndpointsError: The exporter has no password.
        """
        # Read first, so that files that are read meanwhile still count as waiting.
        with self._offsets.reader() as reader:
            committed = reader.group_offsets(_RECOMMENDER, _SINK_TOPICS)
        with HdfsClient.connect(self._endpoints, PRINCIPAL) as client:
            return [
                sample
                for topic in _SINK_TOPICS
                for sample in describe_files(
                    topic, list_topic_files(client, _TOPICS_DIR, topic), committed
                )
            ]


def describe_files(
    topic: str,
    files: Sequence[TopicFile],
    committed: Mapping[tuple[str, int], int],
) -> Iterator[Sample]:
    """Yield samples on a topic's files and those that wait for the recommender.

    Args:
        topic: The topic.
        files: All its files.
        committed: The offsets of the recommender's group.
    """
    labels = {"topic": topic}
    waiting = [
        file
        for file in files
        if file.last_offset >= committed.get((topic, file.partition), 0)
    ]
    yield Sample("goodsflow_hdfs_topic_files", labels, len(files))
    yield Sample("goodsflow_hdfs_topic_bytes", labels, sum(file.size for file in files))
    yield Sample("goodsflow_recommender_waiting_files", labels, len(waiting))
    if waiting:
        yield Sample(
            "goodsflow_recommender_oldest_waiting_file_timestamp_seconds",
            labels,
            min(file.modified_at for file in waiting).timestamp(),
        )


def _group_samples(
    cluster: ClusterName,
    group: str,
    topic: str,
    partition: int,
    *,
    committed: int | None,
    lag: int,
) -> Iterator[Sample]:
    labels = _partition(cluster, topic, partition) | {"group": group}
    if committed is not None:
        yield Sample("goodsflow_group_committed_offset", labels, committed)
    yield Sample("goodsflow_group_lag_records", labels, lag)


def _partition(cluster: ClusterName, topic: str, partition: int) -> dict[str, str]:
    return {"cluster": cluster, "topic": topic, "partition": str(partition)}


def _broker_certificate(cluster: ClusterName, address: str) -> list[Sample]:
    return [_certificate(cluster, address, served_certificate_expiry(address))]


def _certificate(cluster: str, shown_by: str, end: datetime) -> Sample:
    return Sample(
        "goodsflow_certificate_end_timestamp_seconds",
        {"cluster": cluster, "shown_by": shown_by},
        end.timestamp(),
    )
