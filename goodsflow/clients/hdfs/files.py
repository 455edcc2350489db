"""The files that the HDFS sink commits, and the offsets their names carry.

A committed file is ``<topic>+<N>+<first>+<last>.json``, both offsets in ten digits, in
the folder ``<topics dir>/<topic>/partition=<N>/``; ``.gz`` follows if it is compressed.
It holds the records from ``first`` to ``last``, one JSON card a line. Offsets may be
missing within it and between files: transaction markers take offsets, and compaction
frees them.
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
    """One committed file: records of ``first_offset`` to ``last_offset`` inclusive."""

    topic: str
    partition: int
    first_offset: int
    last_offset: int
    path: str
    size: int
    modified_at: datetime

    @property
    def name(self) -> str:
        """The file's own name, unique on the whole file system."""
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
    """Return where the sink commits the records of these offsets."""
    return (
        f"{topics_dir.rstrip('/')}/{topic}/partition={partition}/"
        f"{topic}+{partition}+{first_offset:0{_OFFSET_DIGITS}d}"
        f"+{last_offset:0{_OFFSET_DIGITS}d}.json{'.gz' if compressed else ''}"
    )


def parse_topic_file(
    status: FileStatus, topic: str, partition: int
) -> TopicFile | None:
    """Read a file's offsets out of its name.

    Args:
        status: The file.
        topic: The topic whose folder it is in.
        partition: The partition whose folder it is in.

    Returns:
        None for a foreign name: one that does not look like ``<topic>+….json``.

    Raises:
        MalformedFileNameError: It looks like ours, and its partition or its offsets
            are not what they must be.
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
            f"{topic}+{partition}+<first offset>+<last offset>.json[.gz], offsets of "
            f"{_OFFSET_DIGITS} digits. Find out who wrote it, and move it away."
        )
    _, first, last = (int(field) for field in fields)
    return TopicFile(
        topic, partition, first, last, status.path, status.size, status.modified_at
    )


def _problem(fields: list[str], partition: int) -> str | None:
    if len(fields) != 3 or not all(f.isascii() and f.isdigit() for f in fields):
        return "the name does not carry a partition and two offsets"
    if int(fields[0]) != partition:
        return f"the name says partition {fields[0]}, the folder {partition}"
    if any(len(field) < _OFFSET_DIGITS for field in fields[1:]):
        return f"an offset has fewer than {_OFFSET_DIGITS} digits"
    if int(fields[1]) > int(fields[2]):
        return "the first offset is beyond the last"
    return None


def read_topic_file(client: HdfsClient, file: TopicFile) -> bytes:
    """Return the lines of a committed file, whether it is compressed or not.

    Raises:
        MalformedFileError: Its name says that it is compressed, and it is not, or not
            to its end.
        HdfsError: The NameNode or a DataNode refused or did not answer.
    """
    content = client.read(file.path)
    if not file.name.endswith(".gz"):
        return content
    try:
        return _decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise MalformedFileError(
            f"Cannot decompress {file.path}: {error}. The sink commits complete files "
            "only: find out who has changed it, and restore it from the topic."
        ) from error


def _decompress(content: bytes) -> bytes:
    # Of nothing at all gzip makes nothing, and does not complain.
    if not content:
        raise EOFError("it is empty")
    return gzip.decompress(content)


def list_topic_files(
    client: HdfsClient, topics_dir: str, topic: str
) -> list[TopicFile]:
    """List a topic's committed files, by partition and offset.

    No folder means that nothing has been written yet: an empty list. All malformed
    names are reported together.

    Raises:
        MalformedFileNameError: Names of our form that carry no sound offsets.
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
    """List what is directly in a directory; nothing where there is none.

    Raises:
        HdfsError: The NameNode refused or did not answer.
    """
    try:
        return client.list_directory(path)
    except HdfsNotFoundError:
        return []
