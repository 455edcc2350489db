"""The exporter's sources, as far as they need no systems."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from goodsflow.clients.hdfs import TopicFile
from goodsflow.deploy.exporter.readings import METRICS
from goodsflow.deploy.exporter.sources import describe_files

START = datetime(2026, 1, 20, tzinfo=UTC)


def file(partition: int, first: int, last: int, minute: int) -> TopicFile:
    """Return a committed file of 100 bytes."""
    written = START + timedelta(minutes=minute)
    return TopicFile("t", partition, first, last, f"/{first}", 100, written)


def test_files_beyond_the_groups_offsets_wait_since_the_oldest_was_written() -> None:
    """A stopped recommender would look like one with nothing to do."""
    files = [file(0, 0, 9, 1), file(0, 10, 19, 5), file(1, 0, 4, 3)]
    samples = list(describe_files("t", files, {("t", 0): 10, ("other", 1): 99}))
    assert {s.metric: s.value for s in samples} == {
        "goodsflow_hdfs_topic_files": 3,
        "goodsflow_hdfs_topic_bytes": 300,
        "goodsflow_recommender_waiting_files": 2,
        "goodsflow_recommender_oldest_waiting_file_timestamp_seconds": (
            (START + timedelta(minutes=3)).timestamp()
        ),
    }
    assert {s.metric for s in samples} <= set(METRICS)


def test_without_waiting_files_there_is_no_oldest_one() -> None:
    """A time of zero would mean a wait of fifty years."""
    samples = list(describe_files("t", [file(0, 0, 9, 1)], {("t", 0): 10}))
    assert {s.metric: s.value for s in samples} == {
        "goodsflow_hdfs_topic_files": 1,
        "goodsflow_hdfs_topic_bytes": 100,
        "goodsflow_recommender_waiting_files": 0,
    }
