"""Which prices a run rewrites, and the content of a snapshot."""

from __future__ import annotations

from goodsflow.pipeline.recommender.cursor import Cursor
from goodsflow.pipeline.recommender.search_interest import Interest, Search
from goodsflow.pipeline.recommender.state import (
    SMALL_ROWS,
    Segment,
    Snapshot,
    is_named_for,
    new_name,
    split_segments,
)


def segments(*rows: int) -> list[Segment]:
    """Return segments of so many rows, the oldest first."""
    return [Segment(f"s{number}", count) for number, count in enumerate(rows)]


def test_a_snapshot_survives_a_round_trip() -> None:
    """A lost segment would be a lost history."""
    interest = Interest(5.0, {Search("часы", ""): 1.5})
    snapshot = Snapshot(tuple(segments(7, 3)), interest)
    assert Snapshot.from_json(snapshot.to_json().encode()) == snapshot
    assert snapshot.rows == 10


def test_a_state_belongs_to_all_its_offsets() -> None:
    """Kafka deletes offsets with their topic; the others still name the state."""
    whole = Cursor({0: 40, 1: 7}, {0: 100})
    name = new_name(whole)
    assert is_named_for(name, whole)
    assert not is_named_for(name, Cursor({}, {0: 100}))
    assert not is_named_for(name, Cursor({0: 40, 1: 7}, {}))
    assert not is_named_for("by hand", whole)
    assert not is_named_for("", Cursor({}, {}))


def test_many_prices_are_not_rewritten_for_a_few_new_ones() -> None:
    """Otherwise, runs would get slower with each product."""
    every = segments(1_000_000, 100_000, SMALL_ROWS)
    stay, grown = split_segments(every, 1_000)
    assert (list(stay), list(grown)) == (every[:2], every[2:])


def test_segments_stay_few_and_rows_are_rarely_rewritten() -> None:
    """With a folder for each run, runs would get slower and slower."""
    every: list[Segment] = []
    written = most = 0
    runs, rows = 2_000, 1_000
    for number in range(runs):
        stay, grown = split_segments(every, rows)
        count = rows + sum(segment.rows for segment in grown)
        every = [*stay, Segment(str(number), count)]
        written, most = written + count, max(most, len(every))
    assert sum(segment.rows for segment in every) == runs * rows
    assert most <= 8
    # Beside the last 20,000 of each run, about log2(2,000,000 / 20,000) times.
    assert written <= runs * (SMALL_ROWS + rows) + 8 * runs * rows


def test_all_segments_are_merged_with_many_new_rows() -> None:
    """After a rebuild, no old segment is needed."""
    stay, grown = split_segments(segments(50_000, 30_000), 40_000)
    assert (list(stay), len(grown)) == ([], 2)
