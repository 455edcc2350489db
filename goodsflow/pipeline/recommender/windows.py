"""Which files wait, in which order, and how they make windows. Pure.

**Order.** Within a partition, files go by offset. Between partitions, they go by the
time at which they were written, so that a window holds what was sold at about the same
time; ties go by partition. Clocks jump, and the offset of a partition is a single
number: a file counts as written no earlier than those before it in its partition.
Therefore every cut of the order takes a prefix of each partition, which is what the
committed offsets can say.

**The last file that is done** is still there: nothing removes it. Where no file reaches
up to the committed offset, files are gone, or a sink began anew.

**Gaps** between files are fine: transaction markers take offsets and compaction frees
them, so the next file starts at *or after* the committed offset.
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
"""The index of the files that are done already."""


@dataclass(frozen=True)
class Window:
    """Files of which one set of recommendations is made.

    Attributes:
        index: From 0 within a run; ``HISTORY`` is for what is done already.
        files: In the order of ``order_files``.
    """

    index: int
    files: tuple[TopicFile, ...]

    @property
    def written_at(self) -> datetime:
        """When its newest file was written."""
        return max(file.modified_at for file in self.files)


@dataclass(frozen=True)
class WindowPlan:
    """What a run takes.

    Attributes:
        waiting: All files beyond the offsets, in order.
        windows: Those that the run takes; the rest stays.
        offsets_before: By partition, the offset up to which files are done.
        offsets_after: The same once the run has committed.
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
    """Decide what a run takes.

    Args:
        offsets: By partition, the committed offset: the first that is not done. A
            partition that is not in it has nothing done.
        files: The committed files of the topic, in any order.
        files_per_window: Files that make a window complete.
        max_windows: Windows at most, the incomplete one included.
        include_incomplete: Make a last, shorter window of the files that are left.

    Raises:
        OverlappingFilesError: With every file that overlaps an offset or another file.
        MissingFilesError: No file reaches up to a committed offset.
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
    """Yield the files beyond the offsets, in the order in which they are taken.

    Raises:
        OverlappingFilesError: With every file that overlaps an offset or another file.
        MissingFilesError: No file reaches up to a committed offset.
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
            "The recommender cannot tell which records are done: "
            + "; ".join(problems)
            + ". Find out which file was not written by the HDFS sink, or who moved "
            "the offsets of the group, and put that right."
        )
    for _, file in heapq.merge(*(_by_time(queue) for queue in waiting.values())):
        yield file


def done_files(
    offsets: Mapping[int, int], files: Iterable[TopicFile]
) -> tuple[TopicFile, ...]:
    """Return the files that the offsets count as done."""
    return tuple(
        file for file in files if file.last_offset < offsets.get(file.partition, 0)
    )


def check_archive(offsets: Mapping[int, int], archived: Iterable[ArchivedFile]) -> None:
    """Check that everything that is archived is done: a run reads the sink's files.

    Raises:
        MissingFilesError: The offsets were set back to before what is archived.
    """
    problems = [
        file.path
        for file in archived
        if file.last_offset >= offsets.get(file.partition, 0)
    ]
    if problems:
        raise MissingFilesError(
            "The offsets of the recommender's group are before files that are archived "
            f"already: {', '.join(problems)}. Set them to where these files end, or "
            "move the files away; what they hold is recommended no second time."
        )


def _check_presence(offsets: Mapping[int, int], files: Sequence[TopicFile]) -> None:
    newest = {file.partition: file for file in files}
    problems = [
        f"partition {partition} is done up to offset {offset}, and "
        + (
            f"its newest file is {newest[partition].path}"
            if partition in newest
            else "it has no file"
        )
        for partition, offset in sorted(offsets.items())
        if offset > 0
        and (partition not in newest or newest[partition].last_offset + 1 < offset)
    ]
    if problems:
        raise MissingFilesError(
            f"Files are missing: {'; '.join(problems)}. Restore what was removed from "
            "HDFS; if the sink has begun anew on purpose, set the offsets of the "
            "recommender's group back to where its files begin."
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
    """Yield a partition's files with their place among those of all partitions."""
    written_at = queue[0].modified_at
    for file in queue:
        written_at = max(written_at, file.modified_at)
        yield (written_at, file.partition, file.first_offset), file
