"""Which files wait, in which order, and which windows they form."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from goodsflow.clients.hdfs import TopicFile
from goodsflow.pipeline.recommender import (
    MissingFilesError,
    OverlappingFilesError,
    WindowPlan,
    plan_windows,
)
from goodsflow.pipeline.recommender.windows import done_files

START = datetime(2026, 1, 20, tzinfo=UTC)


def file(partition: int, first: int, last: int, minute: int = 0) -> TopicFile:
    """Return a committed file of topic 't'."""
    path = f"/t/partition={partition}/t+{partition}+{first:010d}+{last:010d}.json"
    written = START + timedelta(minutes=minute)
    return TopicFile("t", partition, first, last, path, 100, written)


def plan(
    offsets: dict[int, int],
    files: list[TopicFile],
    *,
    files_per_window: int = 2,
    max_windows: int = 10,
    include_incomplete: bool = False,
) -> WindowPlan:
    """Plan with windows of two files."""
    return plan_windows(
        offsets,
        files,
        files_per_window=files_per_window,
        max_windows=max_windows,
        include_incomplete=include_incomplete,
    )


def places(plan: WindowPlan) -> list[list[tuple[int, int]]]:
    """Return partition and first offset of each window's files."""
    return [[(f.partition, f.first_offset) for f in w.files] for w in plan.windows]


def test_without_files_there_is_no_window() -> None:
    """An idle platform must not change its offsets."""
    found = plan({0: 5}, [file(0, 0, 4)])
    assert (found.waiting, found.windows) == ((), ())
    assert found.offsets_after == {0: 5}
    assert plan({}, []).windows == ()


def test_offsets_after_all_files_are_an_error_that_names_them() -> None:
    """Lost files, or a sink that was reset, would go unnoticed."""
    with pytest.raises(MissingFilesError) as raised:
        plan({0: 5, 1: 8, 2: 0}, [file(0, 0, 4), file(1, 0, 6)])
    said = str(raised.value)
    assert "partition 1 was processed up to offset 8" in said
    assert file(1, 0, 6).path in said
    assert "partition 0" not in said
    assert "partition 2" not in said
    with pytest.raises(MissingFilesError, match=r"partition 0 .* it has no files"):
        plan({0: 5}, [])


def test_processed_files_are_those_before_the_offsets() -> None:
    """A lost state is rebuilt from exactly these."""
    done, waiting = file(0, 0, 9), file(0, 10, 19)
    assert done_files({0: 10}, [done, waiting, file(1, 0, 4)]) == (done,)


def test_files_before_the_offsets_are_not_taken_again() -> None:
    """Otherwise, their cards would count twice."""
    found = plan({0: 10}, [file(0, 0, 9), file(0, 10, 19), file(1, 0, 4)])
    assert [(f.partition, f.first_offset) for f in found.waiting] == [(0, 10), (1, 0)]


def test_gap_after_the_offset_and_between_files_is_fine() -> None:
    """Transaction markers take offsets, and compaction removes records."""
    found = plan({0: 10}, [file(0, 12, 19), file(0, 25, 30)])
    assert places(found) == [[(0, 12), (0, 25)]]
    assert found.offsets_after == {0: 31}


def test_partitions_take_turns_by_the_time_of_writing() -> None:
    """Ordered by partition, a window could mix today's cards with last week's."""
    files = [
        file(0, 0, 9, minute=1),
        file(0, 10, 19, minute=4),
        file(1, 0, 9, minute=2),
        file(1, 10, 19, minute=3),
    ]
    assert places(plan({}, files)) == [[(0, 0), (1, 0)], [(1, 10), (0, 10)]]


def test_clock_that_jumped_back_does_not_break_the_order_of_a_partition() -> None:
    """An offset covers everything before it, so the earlier file would be lost."""
    files = [
        file(0, 0, 9, minute=9),
        file(0, 10, 19, minute=1),
        file(1, 0, 9, minute=5),
    ]
    found = plan({}, files, files_per_window=1)
    assert places(found) == [[(1, 0)], [(0, 0)], [(0, 10)]]


def test_the_order_of_the_listing_does_not_matter() -> None:
    """A retried run must have the same windows as the first one."""
    files = [file(p, n, n + 4, minute=n % 3) for p in (0, 1) for n in range(0, 50, 5)]
    expected = plan({}, files)
    shuffled = files[:]
    random.Random(7).shuffle(shuffled)  # noqa: S311 - no secret
    assert plan({}, shuffled) == expected


def test_every_prefix_is_a_prefix_of_each_partition() -> None:
    """Offsets can't express anything else, so files would be lost."""
    generator = random.Random(11)  # noqa: S311 - no secret
    files = [
        file(p, n, n + 4, minute=generator.randrange(9))
        for p in range(3)
        for n in range(0, 60, 5)
    ]
    waiting = plan({}, files).waiting
    for cut in range(len(waiting)):
        taken, left = waiting[:cut], waiting[cut:]
        assert not any(
            a.partition == b.partition and a.first_offset > b.first_offset
            for a in taken
            for b in left
        )


def test_offsets_move_to_the_end_of_the_taken_files() -> None:
    """Otherwise, waiting files would be skipped."""
    files = [file(0, 0, 9, 1), file(1, 0, 4, 2), file(0, 10, 19, 3), file(2, 0, 6)]
    found = plan({1: 0, 2: 7}, files)
    assert places(found) == [[(0, 0), (1, 0)]]
    assert found.offsets_before == {1: 0, 2: 7}
    assert found.offsets_after == {0: 10, 1: 5, 2: 7}


def test_backlog_is_capped() -> None:
    """A month of files must not become one endless run."""
    files = [file(0, n, n) for n in range(9)]
    found = plan({}, files, max_windows=3)
    assert len(found.windows) == 3
    assert len(found.files) == 6
    assert len(found.waiting) == 9
    assert found.offsets_after == {0: 6}


def test_an_incomplete_window_is_only_taken_on_request() -> None:
    """The sensor must not start runs for single files."""
    files = [file(0, n, n) for n in range(3)]
    assert places(plan({}, files)) == [[(0, 0), (0, 1)]]
    assert places(plan({}, files, include_incomplete=True)) == [
        [(0, 0), (0, 1)],
        [(0, 2)],
    ]


def test_an_incomplete_window_counts_for_the_limit() -> None:
    """The limit applies to every run."""
    files = [file(0, n, n) for n in range(3)]
    found = plan({}, files, max_windows=1, include_incomplete=True)
    assert places(found) == [[(0, 0), (0, 1)]]


def test_file_across_the_offset_is_an_error() -> None:
    """Its first records would count twice, or its last would be lost."""
    with pytest.raises(OverlappingFilesError, match="committed offset 5") as raised:
        plan({0: 5}, [file(0, 0, 9)])
    assert "t+0+0000000000+0000000009.json" in str(raised.value)


def test_all_overlapping_files_are_named() -> None:
    """Comparing only neighbors would miss a third file within a large one."""
    files = [file(0, 0, 9), file(0, 2, 3), file(0, 7, 8), file(1, 0, 4), file(1, 4, 6)]
    with pytest.raises(OverlappingFilesError) as raised:
        plan({}, files)
    for overlapping in (files[1], files[2], files[4]):
        assert overlapping.path in str(raised.value)


def test_processed_files_are_not_checked() -> None:
    """An old mistake must not stop the recommender."""
    assert plan({0: 20}, [file(0, 0, 9), file(0, 5, 19)]).waiting == ()
