"""Both forms of a topic's files: the sink's, and the Parquet files made of them.

An archived file is ``<archive dir>/<topic>/date=<day>/<topic>+<N>+<first>+<last>
.parquet``. That it is there says that all records of these offsets are in it: a file
of the sink within them is superseded, and only waits for its removal.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from goodsflow.clients.hdfs import (
    FileStatus,
    HdfsClient,
    MalformedFileNameError,
    TopicFile,
    list_if_exists,
    list_topic_files,
)
from goodsflow.pipeline.archive.errors import OverlappingArchiveError

_DATE_FOLDER = re.compile(r"date=(\d{4}-\d{2}-\d{2})")
_NAME = re.compile(r"\+(\d+)\+(\d{10,})\+(\d{10,})\.parquet")


@dataclass(frozen=True)
class ArchivedFile:
    """One Parquet file: the records of ``first_offset`` to ``last_offset``."""

    topic: str
    day: date
    partition: int
    first_offset: int
    last_offset: int
    path: str
    size: int

    @property
    def name(self) -> str:
        """The file's own name, unique on the whole file system."""
        return self.path.rsplit("/", 1)[-1]

    def holds(self, file: TopicFile) -> bool:
        """Return whether it holds all records of a file of the sink."""
        return (
            self.partition == file.partition
            and self.first_offset <= file.first_offset
            and file.last_offset <= self.last_offset
        )


@dataclass(frozen=True)
class FileListing:
    """A topic's records: each is in exactly one file of ``json`` and ``archived``.

    Attributes:
        json: Files of the sink that are not archived.
        archived: All archived files.
        superseded: Files of the sink that are archived, each with the file it is in.
    """

    json: tuple[TopicFile, ...]
    archived: tuple[ArchivedFile, ...]
    superseded: tuple[tuple[TopicFile, ArchivedFile], ...]


def archive_path(
    archive_dir: str, topic: str, day: date, partition: int, offsets: tuple[int, int]
) -> str:
    """Return where the records from the first to the last of two offsets are."""
    first, last = offsets
    return (
        f"{archive_dir.rstrip('/')}/{topic}/date={day.isoformat()}/"
        f"{topic}+{partition}+{first:010d}+{last:010d}.parquet"
    )


def list_files(
    client: HdfsClient, topics_dir: str, archive_dir: str, topic: str
) -> FileListing:
    """List a topic's files in both forms, so that each record is in one of them.

    It may be called while a compaction goes on. Files of the sink that it lists may
    be archived and removed before they are read: whoever then finds one missing
    lists again.

    Raises:
        OverlappingArchiveError: Which file holds a record cannot be told.
        HdfsError: The NameNode refused or did not answer, or names are malformed.
    """
    # The sink's first: the other way around, what is archived in between is in neither.
    files = list_topic_files(client, topics_dir, topic)
    return combine(files, list_archive(client, archive_dir, topic))


def list_archive(
    client: HdfsClient, archive_dir: str, topic: str
) -> list[ArchivedFile]:
    """List a topic's archived files, by partition and offset.

    Raises:
        MalformedFileNameError: A Parquet file whose name carries no sound offsets.
        HdfsError: The NameNode refused or did not answer.
    """
    found: list[ArchivedFile] = []
    for folder in list_if_exists(client, f"{archive_dir.rstrip('/')}/{topic}"):
        match = _DATE_FOLDER.fullmatch(folder.name)
        if not (folder.is_directory and match):
            continue
        day = date.fromisoformat(match[1])
        found.extend(
            _parse(status, topic, day)
            for status in list_if_exists(client, folder.path)
            if not status.is_directory and status.name.endswith(".parquet")
        )
    return sorted(found, key=lambda file: (file.partition, file.first_offset))


def combine(
    files: Iterable[TopicFile], archived: Iterable[ArchivedFile]
) -> FileListing:
    """Tell which files of the sink are archived.

    Raises:
        OverlappingArchiveError: With every overlap that leaves a record in doubt.
    """
    by_partition: dict[int, list[ArchivedFile]] = {}
    for each in sorted(archived, key=lambda a: (a.partition, a.first_offset)):
        by_partition.setdefault(each.partition, []).append(each)
    problems = [
        f"{after.path} overlaps {before.path}"
        for queue in by_partition.values()
        for before, after in itertools.pairwise(queue)
        if after.first_offset <= before.last_offset
    ]
    json: list[TopicFile] = []
    superseded: list[tuple[TopicFile, ArchivedFile]] = []
    for file in files:
        holder = _neighbour(file, by_partition.get(file.partition, []))
        if holder is None or holder.last_offset < file.first_offset:
            json.append(file)
        elif holder.holds(file):
            superseded.append((file, holder))
        else:
            problems.append(f"{file.path} overlaps {holder.path}")
    if problems:
        raise OverlappingArchiveError(
            f"Cannot tell which file holds a record: {'; '.join(problems)}. Find out "
            "which one was not written by the HDFS sink or by the compaction, and move "
            "it away; after a topic was made anew, also move its archive away."
        )
    every = tuple(each for queue in by_partition.values() for each in queue)
    return FileListing(tuple(json), every, tuple(superseded))


def _neighbour(file: TopicFile, queue: Sequence[ArchivedFile]) -> ArchivedFile | None:
    """Return the last archived file that starts no later than the file ends."""
    index = bisect_right(queue, file.last_offset, key=lambda a: a.first_offset)
    return queue[index - 1] if index else None


def _parse(status: FileStatus, topic: str, day: date) -> ArchivedFile:
    match = (
        _NAME.fullmatch(status.name[len(topic) :])
        if status.name.startswith(topic)
        else None
    )
    if match is None or int(match[2]) > int(match[3]):
        raise MalformedFileNameError(
            f"{status.path}: an archived file is named {topic}+<partition>+<first "
            "offset>+<last offset>.parquet, offsets of ten digits. Find out who wrote "
            "it, and move it away."
        )
    partition, first, last = (int(field) for field in match.groups())
    return ArchivedFile(topic, day, partition, first, last, status.path, status.size)
