"""Which files wait, in which order, and how they form windows. Pure functions.

**Order.** Within a partition, files are ordered by offset. Across partitions, they are
ordered by the time at which they were written, so a window has cards of about the same
time; ties are ordered by partition. Since clocks can jump, a file counts as written no
earlier than the files before it in its partition. Every prefix of the order thus has a
prefix of each partition, which committed offsets can express.

**The last processed file** is never removed. If no file reaches the committed offset,
files are missing, or the sink has started over.

**Gaps** between files are normal: transaction markers take offsets and compaction
removes records, so the next file starts at *or after* the committed offset.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from goodsflow.clients.hdfs import TopicFile
from goodsflow.pipeline.archive import ArchivedFile
from goodsflow.pipeline.recommender.errors import (
    MissingFilesError,
    OverlappingFilesError,
)

HISTORY = -1
"""The index of the window of processed files."""


@dataclass(frozen=True)
class Window:
    """Files that yield one set of recommendations.

    Attributes:
        index: From 0 within a run; ``HISTORY`` for processed files.
        files: In the order of ``order_files``.
    """

    index: int
    files: tuple[TopicFile, ...]

    @property
    def written_at(self) -> datetime:
        """The time when the newest file was written."""
        return max(file.modified_at for file in self.files)


@dataclass(frozen=True)
class WindowPlan:
    """What a run processes.

    Attributes:
        waiting: All files after the offsets, in order.
        windows: The windows that the run processes; other files keep waiting.
        offsets_before: By partition, the first offset to process.
        offsets_after: The same after the run.
    """

    waiting: tuple[TopicFile, ...]
    windows: tuple[Window, ...]
    offsets_before: Mapping[int, int]
    offsets_after: Mapping[int, int]

    @property
    def files(self) -> tuple[TopicFile, ...]:
        """The files of all windows, in order."""
        return tuple(file for window in self.windows for file in window.files)


def plan_windows(
    offsets: Mapping[int, int],
    files: Iterable[TopicFile],
    *,
    files_per_window: int,
    max_windows: int,
    include_incomplete: bool = False,
) -> WindowPlan:
    """Decide what a run processes.

    Args:
        offsets: By partition, the committed offset, which is the first to process. For
            a partition without an entry, nothing was processed.
        files: The committed files of the topic, in any order.
        files_per_window: The number of files in a complete window.
        max_windows: The maximum number of windows, including an incomplete one.
        include_incomplete: Also return a last, incomplete window.

    Raises:
        OverlappingFilesError: Files overlap an offset or another file.
        MissingFilesError: No file reaches a committed offset.
    """
    waiting = tuple(order_files(offsets, files))
    ends = range(files_per_window, len(waiting) + 1, files_per_window)
    groups = [waiting[end - files_per_window : end] for end in ends]
    rest = waiting[len(groups) * files_per_window :]
    if include_incomplete and rest:
        groups.append(rest)
    windows = tuple(
        Window(index, group) for index, group in enumerate(groups[:max_windows])
    )
    after = dict(offsets)
    for window in windows:
        for file in window.files:
            after[file.partition] = file.last_offset + 1
    return WindowPlan(waiting, windows, dict(offsets), after)


def order_files(
    offsets: Mapping[int, int], files: Iterable[TopicFile]
) -> Iterator[TopicFile]:
    """Yield the files after the offsets, in processing order.

    Raises:
        OverlappingFilesError: Files overlap an offset or another file.
        MissingFilesError: No file reaches a committed offset.
    """
    files = sorted(files, key=lambda f: (f.partition, f.first_offset, f.path))
    _check_presence(offsets, files)
    waiting: dict[int, list[TopicFile]] = {}
    for file in files:
        if file.last_offset >= offsets.get(file.partition, 0):
            waiting.setdefault(file.partition, []).append(file)
    problems = [
        problem
        for partition, queue in waiting.items()
        for problem in _overlaps(offsets.get(partition, 0), queue)
    ]
    if problems:
        raise OverlappingFilesError(
            "Cannot tell which records the recommender has processed: "
            + "; ".join(problems)
            + ". Find the file that the HDFS sink didn't write, or find out who "
            "changed the offsets of the group, and correct that."
        )
    for _, file in heapq.merge(*(_by_time(queue) for queue in waiting.values())):
        yield file


def done_files(
    offsets: Mapping[int, int], files: Iterable[TopicFile]
) -> tuple[TopicFile, ...]:
    """Return the files before the offsets, which are processed."""
    return tuple(
        file for file in files if file.last_offset < offsets.get(file.partition, 0)
    )


def check_archive(offsets: Mapping[int, int], archived: Iterable[ArchivedFile]) -> None:
    """Check that all archived files are processed, since a run reads the sink's files.

    Raises:
        MissingFilesError: The offsets were set back to before archived files.
    """
    problems = [
        file.path
        for file in archived
        if file.last_offset >= offsets.get(file.partition, 0)
    ]
    if problems:
        raise MissingFilesError(
            "The offsets of the recommender's group are before archived files: "
            f"{', '.join(problems)}. Set the offsets to the end of these files, or "
            "move the files away. Archived files aren't used for recommendations again."
        )


def _check_presence(offsets: Mapping[int, int], files: Sequence[TopicFile]) -> None:
    newest = {file.partition: file for file in files}
    problems = [
        f"partition {partition} was processed up to offset {offset}, but "
        + (
            f"its newest file is {newest[partition].path}"
            if partition in newest
            else "it has no files"
        )
        for partition, offset in sorted(offsets.items())
        if offset > 0
        and (partition not in newest or newest[partition].last_offset + 1 < offset)
    ]
    if problems:
        raise MissingFilesError(
            f"Files are missing: {'; '.join(problems)}. Restore the files that were "
            "removed from HDFS. If the sink was reset on purpose, set the offsets of "
            "the recommender's group back to the start of its files."
        )


def _overlaps(offset: int, queue: Sequence[TopicFile]) -> Iterator[str]:
    first = queue[0]
    if first.first_offset < offset:
        yield (
            f"{first.path} starts before the committed offset {offset} of partition "
            f"{first.partition} and ends after it"
        )
    furthest = first
    for file in queue[1:]:
        if file.first_offset <= furthest.last_offset:
            yield f"{file.path} overlaps {furthest.path}"
        furthest = max(furthest, file, key=lambda f: f.last_offset)


def _by_time(
    queue: Sequence[TopicFile],
) -> Iterator[tuple[tuple[datetime, int, int], TopicFile]]:
    """Yield a partition's files, each with its sort key across all partitions."""
    written_at = queue[0].modified_at
    for file in queue:
        written_at = max(written_at, file.modified_at)
        yield (written_at, file.partition, file.first_offset), file
