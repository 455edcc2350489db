"""When the index is rebuilt, where reading continues, and its lock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from goodsflow.clients.kafka.offsets import PartitionOffsets
from goodsflow.pipeline.search.embedded import (
    MAX_AGE_SECONDS,
    discard,
    hold_lock,
    reason_to_rebuild,
    starts,
)
from goodsflow.pipeline.search.errors import IndexBrokenError, IndexBusyError
from goodsflow.pipeline.search.index import IndexState

STATE = IndexState("topic-1", 1000.0, {0: 5, 1: 7})
MARKS = {0: PartitionOffsets(0, 9), 1: PartitionOffsets(0, 7)}


def test_index_of_the_same_topic_is_continued() -> None:
    """Rebuilding it for each search would read the whole topic."""
    assert reason_to_rebuild(STATE, "topic-1", MARKS, 1001.0) is None
    assert starts(STATE, MARKS) == {0: 5, 1: 7}


def test_new_index_gives_no_notice() -> None:
    """A user's first search must not look like a problem."""
    assert reason_to_rebuild(None, "topic-1", MARKS, 1001.0) is None


def test_recreated_topic_is_read_again() -> None:
    """Its offsets start at 0 again, so its first cards would be skipped."""
    reason = reason_to_rebuild(STATE, "topic-2", MARKS, 1001.0)
    assert reason is not None
    assert "recreated" in reason


@pytest.mark.parametrize(
    "marks", [{0: PartitionOffsets(0, 4), 1: MARKS[1]}, {0: MARKS[0]}]
)
def test_topic_that_ends_before_the_index_is_read_again(
    marks: dict[int, PartitionOffsets],
) -> None:
    """Otherwise, its cards would never be read."""
    assert reason_to_rebuild(STATE, "topic-1", marks, 1001.0) is not None


@pytest.mark.parametrize("now", [1001.0 + MAX_AGE_SECONDS, 999.0])
def test_index_that_may_have_missed_a_deletion_is_rebuilt(now: float) -> None:
    """Compaction removes tombstones, so an old index would never see them."""
    assert reason_to_rebuild(STATE, "topic-1", MARKS, now) is not None


def test_new_partition_and_removed_start_are_read_from_their_start() -> None:
    """A new partition must be read, too."""
    marks = {0: PartitionOffsets(6, 9), 1: MARKS[1], 2: PartitionOffsets(0, 3)}
    assert starts(STATE, marks) == {0: 6, 1: 7, 2: 0}


def test_index_is_discarded_with_its_log(tmp_path: Path) -> None:
    """A log that is replayed into another file would break it."""
    path = tmp_path / "search.duckdb"
    for name in ("search.duckdb", "search.duckdb.wal"):
        (tmp_path / name).write_bytes(b"x")
    discard(path)
    discard(path)
    assert list(tmp_path.iterdir()) == []


def test_second_process_waits_and_then_says_that_the_index_is_busy(
    tmp_path: Path,
) -> None:
    """Two writers would break the file, and an endless wait would block a script."""
    path = tmp_path / "state" / "search.lock"
    code = (
        "import sys, pathlib\n"
        "from goodsflow.pipeline.search.embedded import hold_lock\n"
        "with hold_lock(pathlib.Path(sys.argv[1]), 0.2): pass\n"
    )

    def second() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, str(path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    with hold_lock(path, 5):
        assert IndexBusyError.__name__ in second().stderr
    assert second().returncode == 0


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A plain permission error wouldn't say what to do."""
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(IndexBrokenError, match="Is the folder writable"),
        hold_lock(tmp_path / "file" / "search.lock", 0),
    ):
        pass
