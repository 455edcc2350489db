"""Which files are archived together, and what readers of both forms see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goodsflow.clients.hdfs import TopicFile
from goodsflow.pipeline.archive.archived_files import ArchivedFile, combine
from goodsflow.pipeline.archive.errors import OverlappingArchiveError
from goodsflow.pipeline.archive.parquet import Content, differences
from goodsflow.pipeline.archive.plan import (
    ArchivePlan,
    Group,
    batches,
    plan_archive,
)

START = datetime(2026, 1, 20, tzinfo=UTC)
TODAY = START.date()


def file(
    partition: int, first: int, last: int, *, days: int = 0, size: int = 100
) -> TopicFile:
    """Return a committed file of topic 't'."""
    path = f"/t/partition={partition}/t+{partition}+{first:010d}+{last:010d}.json"
    written = START + timedelta(days=days)
    return TopicFile("t", partition, first, last, path, size, written)


def archived(partition: int, first: int, last: int) -> ArchivedFile:
    """Return an archived file of topic 't'."""
    path = f"/a/t/t+{partition}+{first:010d}+{last:010d}.parquet"
    return ArchivedFile("t", TODAY, partition, first, last, path, 100)


def plan(
    offsets: dict[int, int],
    files: list[TopicFile],
    *,
    until: date = TODAY,
    archive: Sequence[ArchivedFile] = (),
    max_files: int = 100,
    max_bytes: int = 10_000,
) -> ArchivePlan:
    """Plan with ample limits."""
    return plan_archive(
        offsets,
        files,
        until,
        archived=archive,
        max_files=max_files,
        max_bytes=max_bytes,
    )


def places(groups: tuple[Group, ...]) -> list[list[int]]:
    """Return the first offsets of each group's files."""
    return [[f.first_offset for f in group.files] for group in groups]


def test_newest_file_is_not_archived_even_if_it_is_processed() -> None:
    """Without it, the sink would write the partition again from offset 0."""
    found = plan({0: 99}, [file(0, 0, 9), file(0, 10, 19)])
    assert places(found.groups) == [[0]]


def test_file_at_the_cursor_is_not_archived() -> None:
    """The recommender would report it as missing."""
    found = plan({0: 20}, [file(0, 0, 9), file(0, 10, 19), file(0, 20, 29)])
    assert places(found.groups) == [[0]]
    assert found.left == {"the newest, or where the offset ends": 1, "not processed": 1}


def test_file_of_another_day_ends_a_group() -> None:
    """A file between two grouped ones would be removed without being archived."""
    files = [
        file(0, 0, 9),
        file(0, 10, 19, days=1),
        file(0, 20, 29),
        file(0, 30, 39, days=-1),
        file(0, 40, 49),
    ]
    found = plan({0: 90}, files)
    assert places(found.groups) == [[0], [20], [30]]
    assert [group.day for group in found.groups] == [
        TODAY,
        TODAY,
        TODAY - timedelta(days=1),
    ]


def test_an_archived_file_ends_a_group() -> None:
    """If the clock stepped back at midnight, both would overlap forever."""
    files = [file(0, 0, 9), file(0, 20, 29), file(0, 30, 39), file(0, 40, 49)]
    yesterday, elsewhere = archived(0, 10, 19), archived(1, 30, 39)
    (first, second) = plan({0: 90}, files, archive=[elsewhere, yesterday]).groups
    assert places((first, second)) == [[0], [20, 30]]
    combine(files, [archived(0, 0, 9), yesterday, archived(0, 20, 39)])


def test_limits_split_a_day() -> None:
    """A long backlog in one Parquet file would keep one task busy for hours."""
    files = [file(0, n, n) for n in range(6)]
    assert places(plan({0: 9}, files, max_files=2).groups) == [[0, 1], [2, 3], [4]]
    assert places(plan({0: 9}, files, max_bytes=250).groups) == [[0, 1], [2, 3], [4]]
    big = [file(0, n, n, size=999) for n in range(3)]
    assert places(plan({0: 9}, big, max_bytes=250).groups) == [[0], [1]]


def test_name_carries_the_offsets_in_ten_digits() -> None:
    """Readers determine from it which files are superseded."""
    (group,) = plan({0: 90}, [file(0, 0, 9), file(0, 12, 19), file(0, 20, 21)]).groups
    assert group.path("/a/") == (
        "/a/t/date=2026-01-20/t+0+0000000000+0000000019.parquet"
    )


@st.composite
def partitions(draw: st.DrawFn) -> tuple[dict[int, int], list[TopicFile]]:
    """Draw files of two partitions with gaps, and offsets at their ends."""
    offsets, files = {}, []
    for partition in (0, 1):
        at = 0
        ends = [0]
        for _ in range(draw(st.integers(0, 8))):
            first = at + draw(st.integers(0, 2))
            last = first + draw(st.integers(0, 3))
            days = draw(st.integers(-1, 1))
            files.append(file(partition, first, last, days=days))
            at = last + 1
            ends.append(at)
        offsets[partition] = draw(st.sampled_from(ends))
    return offsets, draw(st.permutations(files))


@given(partitions(), st.integers(1, 4))
def test_reader_of_both_forms_sees_each_file_once(
    drawn: tuple[dict[int, int], list[TopicFile]], max_files: int
) -> None:
    """No record may be missing or duplicated before superseded files are removed."""
    offsets, files = drawn
    groups = plan(offsets, files, max_files=max_files).groups
    made = [
        archived(g.files[0].partition, g.files[0].first_offset, g.files[-1].last_offset)
        for g in groups
    ]
    taken = {f for g in groups for f in g.files}
    for archive in (made[:1], made):
        both = combine(files, archive)
        inside = {f for f in files if any(a.holds(f) for a in archive)}
        assert {f for f, _ in both.superseded} == inside <= taken
        assert set(both.json) == set(files) - inside
    rest = combine(sorted(set(files) - taken, key=lambda f: f.path), made)
    assert set(rest.json) == set(files) - taken
    for f in taken:
        others = [o for o in files if o.partition == f.partition]
        assert f.last_offset < max(o.last_offset for o in others)
        assert f.last_offset + 1 < offsets[f.partition]
    assert not plan(offsets, list(rest.json), max_files=max_files).groups


def test_overlaps_are_refused_together() -> None:
    """Nobody could tell which of two files contains the record."""
    with pytest.raises(OverlappingArchiveError) as raised:
        combine(
            [file(0, 5, 25), file(1, 0, 4)],
            [archived(0, 0, 19), archived(1, 3, 9), archived(1, 9, 12)],
        )
    assert str(raised.value).count("overlaps") == 3


def test_job_takes_a_limited_number_of_files_and_at_least_one_group() -> None:
    """A group larger than the limit would never be archived."""
    groups = [
        Group(TODAY, tuple(file(0, n * 10 + i, n * 10 + i) for i in range(count)))
        for n, count in enumerate((2, 2, 7, 1))
    ]
    found = [[len(g.files) for g in batch] for batch in batches(groups, 4)]
    assert found == [[2, 2], [7], [1]]


def test_any_difference_is_reported() -> None:
    """A source with an unarchived line must not be removed."""
    source = file(0, 0, 1)
    content = Content(2, 20, 7)
    same = {("a.parquet", source.name): content}
    held = {source: "a.parquet"}
    assert differences(held, {source.name: content}, same) == []
    for other in (None, Content(1, 20, 7), Content(2, 19, 7), Content(2, 20, 8)):
        found = {} if other is None else {("a.parquet", source.name): other}
        assert len(differences(held, {source.name: content}, found)) == 1
    assert len(differences(held, {}, {})) == 1
    assert len(differences(held, {source.name: content}, {("b", "c"): content})) == 1
