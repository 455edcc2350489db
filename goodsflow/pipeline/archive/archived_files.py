"""Both forms of a topic's files: the sink's, and the Parquet files made from them.

An archived file is ``<archive dir>/<topic>/date=<day>/<topic>+<N>+<first>+<last>
.parquet``. If it exists, it contains all records of these offsets. A file of the sink
with the same offsets is superseded, and only waits to be removed.
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
    """A Parquet file with the records from ``first_offset`` to ``last_offset``."""

    topic: str
    day: date
    partition: int
    first_offset: int
    last_offset: int
    path: str
    size: int

    @property
    def name(self) -> str:
        """The file's name, unique on the whole file system."""
        return self.path.rsplit("/", 1)[-1]

    def holds(self, file: TopicFile) -> bool:
        """Return whether it contains all records of a file of the sink."""
        return (
            self.partition == file.partition
            and self.first_offset <= file.first_offset
            and file.last_offset <= self.last_offset
        )


@dataclass(frozen=True)
class FileListing:
    """A topic's files: each record is in exactly one file of ``json`` and ``archived``.

    Attributes:
        json: Files of the sink that aren't archived.
        archived: All archived files.
        superseded: Files of the sink that are archived, each with its archived file.
    """

    json: tuple[TopicFile, ...]
    archived: tuple[ArchivedFile, ...]
    superseded: tuple[tuple[TopicFile, ArchivedFile], ...]


def archive_path(
    archive_dir: str, topic: str, day: date, partition: int, offsets: tuple[int, int]
) -> str:
    """Return the path of the archived file from the first to the last offset."""
    first, last = offsets
    return (
        f"{archive_dir.rstrip('/')}/{topic}/date={day.isoformat()}/"
        f"{topic}+{partition}+{first:010d}+{last:010d}.parquet"
    )


def list_files(
    client: HdfsClient, topics_dir: str, archive_dir: str, topic: str
) -> FileListing:
    """List a topic's files in both forms.

    This is safe while the archive runs. A listed file of the sink may be archived and
    removed before it is read. A reader that doesn't find it must list the files again.

    Raises:
        OverlappingArchiveError: A record may be in several files.
        HdfsError: The NameNode refused or didn't answer, or names are malformed.
    """
    # The sink's files first: otherwise, a file that is archived in between would be
    # missing from both lists.
    files = list_topic_files(client, topics_dir, topic)
    return combine(files, list_archive(client, archive_dir, topic))


def list_archive(
    client: HdfsClient, archive_dir: str, topic: str
) -> list[ArchivedFile]:
    """List a topic's archived files, by partition and offset.

    Raises:
        MalformedFileNameError: The name of a Parquet file has no valid offsets.
        HdfsError: The NameNode refused or didn't answer.
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
    """Determine which files of the sink are archived.

    Raises:
        OverlappingArchiveError: A record may be in several files; lists all overlaps.
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
            f"Cannot tell which file contains a record: {'; '.join(problems)}. Find "
            "the file that neither the HDFS sink nor the archive wrote, and move it "
            "away. If the topic was recreated, move its archive away, too."
        )
    every = tuple(each for queue in by_partition.values() for each in queue)
    return FileListing(tuple(json), every, tuple(superseded))


def _neighbour(file: TopicFile, queue: Sequence[ArchivedFile]) -> ArchivedFile | None:
    """Return the last archived file that starts at or before the end of the file."""
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
            f"Cannot use {status.path}: expected the name {topic}+<partition>+<first "
            "offset>+<last offset>.parquet, with offsets of ten digits. Find out who "
            "wrote the file, and move it away."
        )
    partition, first, last = (int(field) for field in match.groups())
    return ArchivedFile(topic, day, partition, first, last, status.path, status.size)
