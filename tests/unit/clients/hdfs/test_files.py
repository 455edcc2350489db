"""Names of committed files, and the listing of a topic."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from goodsflow.clients.hdfs import (
    FileStatus,
    HdfsNotFoundError,
    HdfsUnavailableError,
    MalformedFileError,
    MalformedFileNameError,
    list_topic_files,
    parse_topic_file,
    read_topic_file,
)
from goodsflow.clients.hdfs.files import topic_file_path

TOPIC = "source.goods-filtered"
WRITTEN = datetime(2026, 1, 20, tzinfo=UTC)
ROOT = "/data/kafka/topics"


def status(path: str, *, is_directory: bool = False, size: int = 7) -> FileStatus:
    """Return a file's status."""
    return FileStatus(path, is_directory, size, WRITTEN, "connect", "connect", "644")


def name_status(name: str) -> FileStatus:
    """Return the status of a file in the folder of partition 1."""
    return status(f"{ROOT}/{TOPIC}/partition=1/{name}")


class FakeHdfs:
    """Directories by path; ``down`` simulates an outage."""

    def __init__(self, *paths: str, down: bool = False) -> None:
        self.paths = paths
        self.down = down
        self.contents: dict[str, bytes] = {}

    def read(self, path: str) -> bytes:
        """Return a file's bytes as they are stored."""
        return self.contents[path]

    def list_directory(self, path: str) -> list[FileStatus]:
        """List a directory's entries."""
        if self.down:
            raise HdfsUnavailableError("no answer")
        inside = [p for p in self.paths if p.startswith(f"{path}/")]
        if not inside:
            raise HdfsNotFoundError(path)
        heads = {p.removeprefix(f"{path}/").split("/")[0] for p in inside}
        return [
            status(f"{path}/{h}", is_directory=f"{path}/{h}" not in inside)
            for h in sorted(heads)
        ]


def test_name_is_read_as_the_sink_writes_it() -> None:
    """Only the name shows a file's offsets."""
    path = topic_file_path(ROOT, TOPIC, 1, 0, 41)
    assert path.endswith(f"partition=1/{TOPIC}+1+0000000000+0000000041.json")
    file = parse_topic_file(status(path), TOPIC, 1)
    assert file is not None
    assert (file.partition, file.first_offset, file.last_offset) == (1, 0, 41)
    assert (file.path, file.size, file.modified_at) == (path, 7, WRITTEN)
    assert file.name == path.rsplit("/", 1)[-1]


def test_the_name_of_a_compressed_file_says_the_same() -> None:
    """Treated as foreign, compressed files would never be read."""
    path = topic_file_path(ROOT, TOPIC, 1, 0, 41, compressed=True)
    assert path.endswith(f"{TOPIC}+1+0000000000+0000000041.json.gz")
    file = parse_topic_file(status(path), TOPIC, 1)
    assert file is not None
    assert (file.partition, file.first_offset, file.last_offset) == (1, 0, 41)


@pytest.mark.parametrize("compressed", [False, True])
def test_lines_are_read_from_either_kind_of_file(compressed: bool) -> None:
    """A reader must not need to know the sink's settings."""
    lines = b'{"offset": 0}\n{"offset": 1}\n'
    path = topic_file_path(ROOT, TOPIC, 1, 0, 1, compressed=compressed)
    file = parse_topic_file(status(path), TOPIC, 1)
    assert file is not None
    hdfs = FakeHdfs(path)
    hdfs.contents[path] = gzip.compress(lines) if compressed else lines
    assert read_topic_file(hdfs, file) == lines  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "content",
    [b'{"offset": 0}\n', gzip.compress(b"{}")[:-4], b"", b"\x1f\x8b\x08" + b"\0" * 30],
    ids=["not compressed", "cut short", "empty", "no deflate stream"],
)
def test_a_file_that_is_not_what_its_name_says_is_an_error(content: bytes) -> None:
    """Half a file taken for a whole one would lose cards."""
    path = topic_file_path(ROOT, TOPIC, 1, 0, 1, compressed=True)
    file = parse_topic_file(status(path), TOPIC, 1)
    assert file is not None
    hdfs = FakeHdfs(path)
    hdfs.contents[path] = content
    with pytest.raises(MalformedFileError, match="restore it from the topic"):
        read_topic_file(hdfs, file)  # type: ignore[arg-type]


def test_offsets_beyond_ten_digits_are_read() -> None:
    """A long-lived partition outgrows the padding; its files must not be ignored."""
    path = topic_file_path(ROOT, TOPIC, 0, 9_999_999_999, 10_000_000_005)
    file = parse_topic_file(status(path), TOPIC, 0)
    assert file is not None
    assert file.last_offset == 10_000_000_005


@pytest.mark.parametrize(
    "name",
    [
        "_SUCCESS",
        "notes.json",
        f"{TOPIC}+1+0000000000+0000000001.json.tmp",
        f"{TOPIC}+1+0000000000+0000000001.json.bz2",
        f"{TOPIC}+1+0000000000+0000000001.gz",
        "a+1+2.json",
    ],
)
def test_foreign_names_are_ignored(name: str) -> None:
    """A marker or a half-written file must not stop the recommender."""
    assert parse_topic_file(name_status(name), TOPIC, 1) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (f"{TOPIC}+1+0000000000.json", "two offsets"),
        (f"{TOPIC}+1+0000000000.json.gz", "two offsets"),
        (f"{TOPIC}+1+0000000000+00000000x1.json", "two offsets"),
        (f"{TOPIC}+1+-000000001+0000000001.json", "two offsets"),
        (f"{TOPIC}+2+0000000000+0000000001.json", "partition 2"),
        (f"{TOPIC}+1+0+1.json", "fewer than 10 digits"),
        (f"{TOPIC}+1+0000000005+0000000004.json", "greater than the last"),
    ],
)
def test_malformed_names_of_our_form_are_errors(name: str, said: str) -> None:
    """If it were ignored, its cards would silently be lost."""
    with pytest.raises(MalformedFileNameError, match=said) as raised:
        parse_topic_file(name_status(name), TOPIC, 1)
    assert name in str(raised.value)


def test_listing_is_by_partition_and_offset() -> None:
    """Other folders next to the partitions contain no records."""
    paths = [
        topic_file_path(ROOT, TOPIC, 1, 0, 3),
        topic_file_path(ROOT, TOPIC, 0, 4, 9),
        topic_file_path(ROOT, TOPIC, 0, 0, 3),
        f"{ROOT}/{TOPIC}/partition=0/_foreign",
        f"{ROOT}/{TOPIC}/elsewhere/{TOPIC}+0+0000000000+0000000001.json",
    ]
    files = list_topic_files(FakeHdfs(*paths), ROOT, TOPIC)  # type: ignore[arg-type]
    assert [(f.partition, f.first_offset) for f in files] == [(0, 0), (0, 4), (1, 0)]


def test_all_malformed_names_are_reported_together() -> None:
    """Reported one at a time, each repair would reveal the next."""
    paths = [f"{ROOT}/{TOPIC}/partition=0/{TOPIC}+{n}.json" for n in ("a", "b")]
    with pytest.raises(MalformedFileNameError) as raised:
        list_topic_files(FakeHdfs(*paths), ROOT, TOPIC)  # type: ignore[arg-type]
    assert all(path in str(raised.value) for path in paths)


def test_missing_folder_means_that_nothing_is_written_yet() -> None:
    """This is normal on a new platform."""
    assert list_topic_files(FakeHdfs(), ROOT, TOPIC) == []  # type: ignore[arg-type]


def test_unreachable_namenode_is_never_an_empty_list() -> None:
    """As an empty list, an outage would look like an idle platform."""
    with pytest.raises(HdfsUnavailableError):
        list_topic_files(FakeHdfs(down=True), ROOT, TOPIC)  # type: ignore[arg-type]
