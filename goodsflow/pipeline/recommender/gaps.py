"""Gaps between files: whether the files contain every card of the topic.

Gaps are normal: transaction markers take offsets, compaction removes records, and
neither tombstones nor dead letters are written to files. A gap is a loss only if the
topic has a card in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import Protocol

from goodsflow.clients.hdfs import HdfsClient
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.model.cards import CardError, payload_of
from goodsflow.model.endpoints import Endpoints
from goodsflow.model.records import Record
from goodsflow.pipeline.archive import list_files
from goodsflow.pipeline.recommender.settings import RecommenderSettings


class RecordFile(Protocol):
    """A file with a partition's records from one offset to another, inclusive."""

    @property
    def partition(self) -> int:
        """The partition."""
        ...

    @property
    def first_offset(self) -> int:
        """The offset of the first record."""
        ...

    @property
    def last_offset(self) -> int:
        """The offset of the last record."""
        ...

    @property
    def path(self) -> str:
        """The file's path."""
        ...


class RangeReader(Protocol):
    """Reads a part of a topic."""

    def read_range(
        self, partition: int, first: int, last: int, *, timeout_seconds: float
    ) -> list[Record]:
        """Return the records from one offset to another, inclusive."""
        ...


@dataclass(frozen=True)
class Gap:
    """Offsets between two files of a partition."""

    partition: int
    first: int
    last: int
    before: str
    after: str


@dataclass(frozen=True)
class MissingCard:
    """A card of the topic that is in no file."""

    partition: int
    offset: int
    gap: Gap

    def __str__(self) -> str:
        """Name the offset and the files around it."""
        return (
            f"the card at offset {self.offset} of partition {self.partition} is in no "
            f"file; expected it in {self.gap.before}, in {self.gap.after}, or between "
            "them"
        )


@dataclass(frozen=True)
class GapReport:
    """What was found in the gaps between files.

    Attributes:
        gaps: The number of gaps.
        looked_up: The gaps that were looked up in the topic: the newest ones.
        missing: The cards in these gaps.
    """

    gaps: int
    looked_up: Sequence[Gap]
    missing: Sequence[MissingCard]


def find_missing_cards(
    endpoints: Endpoints,
    settings: RecommenderSettings,
    principal: str,
    *,
    limit: int = 50,
    timeout_seconds: float = 10.0,
) -> GapReport:
    """Look up the newest gaps between files in the topic.

    Args:
        endpoints: Of the platform.
        settings: Where the files are, and their topic.
        principal: May read the topic; also the user on HDFS.
        limit: The approximate number of gaps to look up; at least one per partition.
        timeout_seconds: For each request.

    Raises:
        GoodsflowError: Kafka or HDFS refused or didn't answer.
    """
    topic = settings.source_topic
    with HdfsClient.connect(endpoints, principal, timeout_seconds) as client:
        listing = list_files(client, settings.topics_dir, settings.archive_dir, topic)
    gaps = list(find_gaps([*listing.json, *listing.archived]))
    newest = newest_gaps(gaps, limit)
    if not newest:
        return GapReport(0, (), ())
    with TopicReader(
        endpoints,
        "analytics",
        principal,
        "contiguity",
        topic,
        timeout_seconds=timeout_seconds,
    ) as reader:
        missing = find_missing(reader, newest, timeout_seconds=timeout_seconds)
    return GapReport(len(gaps), newest, missing)


def find_gaps(files: Iterable[RecordFile]) -> Iterator[Gap]:
    """Yield the gaps between files, by partition and offset; ignore overlaps."""
    ordered = sorted(files, key=attrgetter("partition", "first_offset"))
    for before, after in pairwise(ordered):
        same = before.partition == after.partition
        if same and after.first_offset > before.last_offset + 1:
            yield Gap(
                before.partition,
                before.last_offset + 1,
                after.first_offset - 1,
                before.path,
                after.path,
            )


def newest_gaps(gaps: Iterable[Gap], limit: int) -> list[Gap]:
    """Return the newest gaps of each partition, about ``limit`` in all, at least one.

    Offsets are only comparable within a partition. Across partitions, the one with the
    most cards would always win.
    """
    by_partition: dict[int, list[Gap]] = {}
    for gap in sorted(gaps, key=attrgetter("last"), reverse=True):
        by_partition.setdefault(gap.partition, []).append(gap)
    each = max(1, limit // max(1, len(by_partition)))
    return [gap for found in by_partition.values() for gap in found[:each]]


def find_missing(
    reader: RangeReader, gaps: Sequence[Gap], *, timeout_seconds: float
) -> list[MissingCard]:
    """Look up each gap in the topic.

    Args:
        reader: Reads committed records of the topic.
        gaps: The gaps to look up.
        timeout_seconds: For each gap.

    Raises:
        KafkaError: The cluster refused or didn't answer.
    """
    return [
        MissingCard(gap.partition, record.offset, gap)
        for gap in gaps
        for record in reader.read_range(
            gap.partition, gap.first, gap.last, timeout_seconds=timeout_seconds
        )
        if is_written(record.value)
    ]


def is_written(value: bytes | None) -> bool:
    """Whether the HDFS sink writes such a record: JSON in the wire format."""
    if value is None:
        return False
    try:
        json.loads(payload_of(value))
    except (CardError, ValueError, RecursionError):
        return False
    return True
