"""Gaps between files, and the cards that are lost in them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from goodsflow.clients.hdfs import TopicFile
from goodsflow.model.cards import frame
from goodsflow.model.records import Record
from goodsflow.pipeline.recommender.gaps import (
    Gap,
    find_gaps,
    find_missing,
    is_written,
    newest_gaps,
)

NOW = datetime(2026, 1, 20, tzinfo=UTC)


def file(partition: int, first: int, last: int) -> TopicFile:
    """Return a committed file."""
    path = f"/t+{partition}+{first}"
    return TopicFile("t", partition, first, last, path, 1, NOW)


class FakeTopic:
    """Records of one topic."""

    def __init__(self, *records: Record) -> None:
        self.records = records

    def read_range(
        self, partition: int, first: int, last: int, *, timeout_seconds: float
    ) -> list[Record]:
        """Return the records of the range."""
        del timeout_seconds
        return [
            record
            for record in self.records
            if record.partition == partition and first <= record.offset <= last
        ]


def test_gaps_are_between_the_files_of_one_partition() -> None:
    """Otherwise, the end of one partition and the start of the next would be a gap."""
    files = [
        file(1, 7, 9),
        file(0, 12, 19),
        file(0, 0, 9),
        file(1, 3, 6),
        file(2, 5, 5),
    ]
    assert list(find_gaps(files)) == [Gap(0, 10, 11, "/t+0+0", "/t+0+12")]


def test_each_partition_is_checked() -> None:
    """A partition with fewer cards has smaller offsets, but may lose cards, too."""
    many = find_gaps(file(0, 10 * n, 10 * n + 8) for n in range(500))
    few = find_gaps(file(1, 10 * n, 10 * n + 8) for n in range(50))
    found = newest_gaps([*many, *few], 50)
    assert [gap.partition for gap in found].count(1) == 25
    assert len(found) == 50
    assert {gap.last for gap in found if gap.partition == 0} == {
        10 * n + 9 for n in range(474, 499)
    }
    assert newest_gaps([], 50) == []


def test_a_missing_card_is_reported_with_the_files_around_it() -> None:
    """Otherwise, only a user might notice a lost card."""
    gaps = list(find_gaps([file(0, 0, 9), file(0, 12, 19)]))
    card = frame(1, b'{"product_id": "a"}')
    topic = FakeTopic(Record(0, 9, b"a", card), Record(0, 11, b"a", card))
    (missing,) = find_missing(topic, gaps, timeout_seconds=1)
    assert "offset 11 of partition 0" in str(missing)
    assert "/t+0+0" in str(missing)
    assert "/t+0+12" in str(missing)


@pytest.mark.parametrize(
    "value", [None, b"", b"{}", frame(1, b"junk"), frame(1, b"\xff")]
)
def test_what_the_sink_does_not_write_is_not_missing(value: bytes | None) -> None:
    """Otherwise, each tombstone and each dead letter would count as a loss."""
    assert not is_written(value)
