"""Which files of the sink are archived, and in which Parquet files.

**Not archived** are the newest file of each partition, from which the sink finds its
position; files that the recommender hasn't processed, and the one at which its offset
ends, by which it notices missing files; and files of later days.

**Grouped into one Parquet file** are files of one partition and one day, without any
other file between them, because a Parquet file's name claims all offsets from its first
to its last.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date

from goodsflow.clients.hdfs import TopicFile
from goodsflow.pipeline.archive.archived_files import ArchivedFile, archive_path


@dataclass(frozen=True)
class Group:
    """Files of the sink that become one Parquet file."""

    day: date
    files: tuple[TopicFile, ...]

    def path(self, archive_dir: str) -> str:
        """Return the path of the Parquet file."""
        first, last = self.files[0], self.files[-1]
        return archive_path(
            archive_dir,
            first.topic,
            self.day,
            first.partition,
            (first.first_offset, last.last_offset),
        )


@dataclass(frozen=True)
class ArchivePlan:
    """The groups to archive, and the numbers of other files by reason."""

    groups: tuple[Group, ...]
    left: Mapping[str, int]


def plan_archive(
    offsets: Mapping[int, int],
    files: Iterable[TopicFile],
    until: date,
    *,
    archived: Iterable[ArchivedFile],
    max_files: int,
    max_bytes: int,
) -> ArchivePlan:
    """Decide what a run archives.

    Args:
        offsets: By partition, the first offset that the recommender hasn't processed.
        files: The files of the sink that aren't archived.
        until: The last day, in UTC, whose files are archived.
        archived: The files that are already archived. If the NameNode's clock stepped
            back at midnight, a file may have been archived before an earlier one.
        max_files: The maximum number of source files per Parquet file.
        max_bytes: The maximum size of source files per Parquet file, unless a single
            file is larger.
    """
    left: Counter[str] = Counter()
    groups: list[Group] = []
    by_partition: dict[int, list[TopicFile]] = {}
    for file in sorted(files, key=lambda f: (f.partition, f.first_offset)):
        by_partition.setdefault(file.partition, []).append(file)
    starts: dict[int, list[int]] = {}
    for each in sorted(archived, key=lambda a: a.first_offset):
        starts.setdefault(each.partition, []).append(each.first_offset)
    for partition, queue in by_partition.items():
        between = starts.get(partition, [])
        run: list[TopicFile] = []
        size = 0
        for file in queue:
            reason = _reason_to_stay(file, queue[-1], offsets.get(partition, 0), until)
            if reason:
                left[reason] += 1
            if run and (
                reason
                or not _fits(run, size, file, max_files, max_bytes)
                or _are_apart(run[-1], file, between)
            ):
                groups.append(Group(_day(run[0]), tuple(run)))
                run, size = [], 0
            if not reason:
                run.append(file)
                size += file.size
        if run:
            groups.append(Group(_day(run[0]), tuple(run)))
    return ArchivePlan(tuple(groups), dict(left))


def must_stay(file: TopicFile, newest: TopicFile, offset: int) -> bool:
    """Return whether the sink or the recommender still needs the file."""
    return file.last_offset + 1 >= offset or file.last_offset >= newest.last_offset


def batches(groups: Sequence[Group], files_per_job: int) -> Iterator[tuple[Group, ...]]:
    """Divide groups among Spark jobs, each with at most so many files if possible."""
    batch: list[Group] = []
    count = 0
    for group in groups:
        if batch and count + len(group.files) > files_per_job:
            yield tuple(batch)
            batch, count = [], 0
        batch.append(group)
        count += len(group.files)
    if batch:
        yield tuple(batch)


def _reason_to_stay(
    file: TopicFile, newest: TopicFile, offset: int, until: date
) -> str | None:
    if _day(file) > until:
        return "of a later day"
    if file.last_offset >= offset:
        return "not processed"
    if must_stay(file, newest, offset):
        return "the newest, or where the offset ends"
    return None if file.size else "empty"


def _fits(
    run: Sequence[TopicFile],
    size: int,
    file: TopicFile,
    max_files: int,
    max_bytes: int,
) -> bool:
    return (
        _day(run[0]) == _day(file)
        and len(run) < max_files
        and size + file.size <= max_bytes
    )


def _are_apart(before: TopicFile, after: TopicFile, starts: Sequence[int]) -> bool:
    """Return whether a file that starts at one of the offsets is between two files."""
    last, first = before.last_offset, after.first_offset
    return bisect(starts, last) != bisect(starts, first)


def _day(file: TopicFile) -> date:
    return file.modified_at.astimezone(UTC).date()
