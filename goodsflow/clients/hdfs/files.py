"""The files that the HDFS sink commits, and the offsets in their names.

A committed file is ``<topic>+<N>+<first>+<last>.json``, both offsets in ten digits, in
the folder ``<topics dir>/<topic>/partition=<N>/``; a compressed one ends in ``.gz``. It
contains the records from ``first`` to ``last``, one JSON card a line. There may be
gaps in the offsets, within a file and between files: transaction markers use up
offsets, and compaction removes records.
"""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from datetime import datetime

from goodsflow.clients.hdfs.client import FileStatus, HdfsClient
from goodsflow.clients.hdfs.errors import (
    HdfsNotFoundError,
    MalformedFileError,
    MalformedFileNameError,
)

_PARTITION_FOLDER = re.compile(r"partition=(\d+)")
_OFFSET_DIGITS = 10
_EXTENSION = re.compile(r"\.json(\.gz)?$")


@dataclass(frozen=True)
class TopicFile:
    """A committed file: the records from ``first_offset`` to ``last_offset``."""

    topic: str
    partition: int
    first_offset: int
    last_offset: int
    path: str
    size: int
    modified_at: datetime

    @property
    def name(self) -> str:
        """The file's name, unique on the whole file system."""
        return self.path.rsplit("/", 1)[-1]


def topic_file_path(
    topics_dir: str,
    topic: str,
    partition: int,
    first_offset: int,
    last_offset: int,
    *,
    compressed: bool = False,
) -> str:
    """Return the path to which the sink commits the records of these offsets."""
    return (
        f"{topics_dir.rstrip('/')}/{topic}/partition={partition}/"
        f"{topic}+{partition}+{first_offset:0{_OFFSET_DIGITS}d}"
        f"+{last_offset:0{_OFFSET_DIGITS}d}.json{'.gz' if compressed else ''}"
    )


def parse_topic_file(
    status: FileStatus, topic: str, partition: int
) -> TopicFile | None:
    """Parse a file's name.

    Args:
        status: The file.
        topic: The topic whose folder it is in.
        partition: The partition whose folder it is in.

    Returns:
        None for a foreign file, whose name is not like ``<topic>+….json``.

    Raises:
        MalformedFileNameError: The name is like that, but its partition or its offsets
            are invalid.
    """
    name = status.name
    extension = _EXTENSION.search(name)
    if not (name.startswith(f"{topic}+") and extension):
        return None
    fields = name[len(topic) + 1 : extension.start()].split("+")
    problem = _problem(fields, partition)
    if problem:
        raise MalformedFileNameError(
            f"{status.path}: {problem}. A committed file is named "
            f"{topic}+{partition}+<first offset>+<last offset>.json[.gz], with offsets "
            f"of {_OFFSET_DIGITS} digits. Find out who wrote it, and move it away."
        )
    _, first, last = (int(field) for field in fields)
    return TopicFile(
        topic, partition, first, last, status.path, status.size, status.modified_at
    )


def _problem(fields: list[str], partition: int) -> str | None:
    if len(fields) != 3 or not all(f.isascii() and f.isdigit() for f in fields):
        return "the name has no partition and two offsets"
    if int(fields[0]) != partition:
        return f"the name says partition {fields[0]}, the folder {partition}"
    if any(len(field) < _OFFSET_DIGITS for field in fields[1:]):
        return f"an offset has fewer than {_OFFSET_DIGITS} digits"
    if int(fields[1]) > int(fields[2]):
        return "the first offset is greater than the last"
    return None


def read_topic_file(client: HdfsClient, file: TopicFile) -> bytes:
    """Return the content of a committed file, decompressed if necessary.

    Raises:
        MalformedFileError: It is named as compressed, but is not, or is cut short.
        HdfsError: The NameNode or a DataNode refused or did not answer.
    """
    content = client.read(file.path)
    if not file.name.endswith(".gz"):
        return content
    try:
        return _decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise MalformedFileError(
            f"Cannot decompress {file.path}: {error}. The sink only commits complete "
            "files: find out who changed it, and restore it from the topic."
        ) from error


def _decompress(content: bytes) -> bytes:
    # gzip decompresses an empty file to nothing without an error.
    if not content:
        raise EOFError("it is empty")
    return gzip.decompress(content)


def list_topic_files(
    client: HdfsClient, topics_dir: str, topic: str
) -> list[TopicFile]:
    """List a topic's committed files, ordered by partition and offset.

    The list is empty if the topic has no folder yet. All malformed names are reported
    together.

    Raises:
        MalformedFileNameError: Some names have no valid offsets.
        HdfsError: The NameNode refused or did not answer.
    """
    root = f"{topics_dir.rstrip('/')}/{topic}"
    files: list[TopicFile] = []
    problems: list[str] = []
    for folder in list_if_exists(client, root):
        match = _PARTITION_FOLDER.fullmatch(folder.name)
        if not (folder.is_directory and match):
            continue
        for status in list_if_exists(client, folder.path):
            if status.is_directory:
                continue
            try:
                file = parse_topic_file(status, topic, int(match[1]))
            except MalformedFileNameError as error:
                problems.append(str(error))
                continue
            if file is not None:
                files.append(file)
    if problems:
        raise MalformedFileNameError("\n".join(problems))
    return sorted(files, key=lambda file: (file.partition, file.first_offset))


def list_if_exists(client: HdfsClient, path: str) -> list[FileStatus]:
    """List a directory's entries; return none if it does not exist.

    Raises:
        HdfsError: The NameNode refused or did not answer.
    """
    try:
        return client.list_directory(path)
    except HdfsNotFoundError:
        return []
