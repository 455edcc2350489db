"""The archive on real HDFS and Spark, with its own topic and folders."""

from __future__ import annotations

import gzip
import io
import json
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pyarrow.parquet as pq
import pytest
from confluent_kafka import Consumer, TopicPartition

from goodsflow.clients.hdfs import HdfsClient, read_topic_file
from goodsflow.clients.hdfs.files import topic_file_path
from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.config import client_config
from goodsflow.clients.kafka.futures import check_all
from goodsflow.model.blocklist import BlockRules, Rule
from goodsflow.model.endpoints import Endpoints
from goodsflow.model.spec import Topic
from goodsflow.pipeline.archive import (
    ArchiveReport,
    ArchiveSettings,
    TakenOverError,
    VerificationError,
    archive_topic,
    list_files,
)
from goodsflow.pipeline.archive.parquet import ARCHIVE_COLUMNS


class KilledError(Exception):
    """Ends the run."""


@dataclass
class Archive:
    """A topic, a group and folders that no other test uses."""

    endpoints: Endpoints
    settings: ArchiveSettings
    client: HdfsClient

    def put(
        self,
        partition: int,
        first: int,
        lines: list[bytes],
        *,
        compressed: bool = False,
    ) -> str:
        """Commit a file like the sink, with one offset per line."""
        path = topic_file_path(
            self.settings.topics_dir,
            self.settings.topic,
            partition,
            first,
            first + len(lines) - 1,
            compressed=compressed,
        )
        content = b"".join(one + b"\n" for one in lines)
        self.client.write(path, gzip.compress(content) if compressed else content)
        return path

    def commit(self, **offsets: int) -> None:
        """Commit offsets for the group, such as ``p0=10``."""
        consumer = Consumer(
            client_config(self.endpoints, "analytics", "admin")
            | {"group.id": self.settings.group_id}
        )
        topic = self.settings.topic
        places = [TopicPartition(topic, int(p[1:]), at) for p, at in offsets.items()]
        consumer.commit(offsets=places, asynchronous=False)
        consumer.close()

    def run(self, until: date | None = None, **options: object) -> ArchiveReport:
        """Run once, including today's files."""
        day = until or datetime.now(UTC).date() + timedelta(days=1)
        return archive_topic(self.endpoints, day, self.settings, **options)  # type: ignore[arg-type]

    def lines(self) -> Counter[tuple[int, bytes]]:
        """Return the lines that readers of both forms see, each with its partition."""
        where = self.settings
        both = list_files(self.client, where.topics_dir, where.archive_dir, where.topic)
        seen: Counter[tuple[int, bytes]] = Counter()
        for file in both.json:
            content = read_topic_file(self.client, file)
            seen.update((file.partition, one) for one in content.split(b"\n")[:-1])
        for archived in both.archived:
            for row in self.rows(archived.path):
                seen[archived.partition, row["line"]] += 1
        return seen

    def rows(self, path: str) -> list[dict[str, object]]:
        """Read an archived file with pyarrow."""
        found: list[dict[str, object]] = pq.read_table(
            io.BytesIO(self.client.read(path)), partitioning=None
        ).to_pylist()
        return found

    def paths(self) -> list[str]:
        """Return all files of both forms, including superseded ones."""
        where = self.settings
        both = list_files(self.client, where.topics_dir, where.archive_dir, where.topic)
        return [
            *(file.path for file in both.json),
            *(file.path for file, _ in both.superseded),
            *(file.path for file in both.archived),
        ]


@pytest.fixture
def archive(endpoints: Endpoints) -> Iterator[Archive]:
    """Create a topic and folders; remove them afterwards."""
    name = f"test-archive-{uuid.uuid4().hex[:8]}"
    settings = ArchiveSettings(
        principal="admin",
        topic=name,
        group_id=name,
        topics_dir=f"/{name}/topics",
        archive_dir=f"/{name}/archive",
        max_files=2,
    )
    topics = {name: Topic(partitions=2, replication_factor=2)}
    admin = KafkaAdmin.connect(endpoints, "analytics", "admin")
    check_all(admin.create_topics(topics))
    with HdfsClient.connect(endpoints, "hdfs") as client:
        yield Archive(endpoints, settings, client)
        client.delete(f"/{name}", recursive=True)
    check_all(admin.delete_topics(admin.topics(topics)))


CARD = json.dumps(
    {
        "product_id": "12345",
        "name": "Часы",
        "brand": "b",
        "category": "c",
        "price": {"amount": 10.5, "currency": "RUB"},
        "stock": {"available": 9, "reserved": 2},
        "store_id": "s",
        "updated_at": "2026-01-20T10:00:00Z",
        "more": 12345678901234567890.123,
    },
    ensure_ascii=False,
).encode()
ODD = [b"junk", b"\xff\xfe\x00", b"", b" \r", b'{"product_id": ""}', "\ufffd".encode()]


def fill(archive: Archive) -> None:
    """Write files of two partitions, of which the group has processed some."""
    archive.put(0, 0, [CARD, *ODD])
    archive.put(0, 20, [b'{"product_id": "gz"}', b"\xfe"], compressed=True)
    archive.put(0, 30, [b"third"])
    archive.put(0, 40, [b"cursor"])
    archive.put(0, 50, [b"not done"])
    archive.put(1, 0, [b"only"])
    archive.put(1, 5, [b"newest"])
    archive.commit(p0=41, p1=6)


def test_lines_keep_their_bytes_and_cards_their_types(archive: Archive) -> None:
    """What gets lost here is lost forever, since the sources are removed."""
    fill(archive)
    before = archive.lines()

    report = archive.run()

    assert archive.lines() == before
    assert (report.files_in, report.files_out, report.removed) == (4, 3, 4)
    assert (report.lines, report.cards) == (11, 2)
    left = [path.rsplit("/", 1)[-1].split("+", 1)[1] for path in archive.paths()]
    assert left == [
        "0+0000000040+0000000040.json",
        "0+0000000050+0000000050.json",
        "1+0000000005+0000000005.json",
        "0+0000000000+0000000021.parquet",
        "0+0000000030+0000000030.parquet",
        "1+0000000000+0000000000.parquet",
    ]
    rows = archive.rows(archive.paths()[3])
    assert [row["line"] for row in rows] == [
        CARD,
        *ODD,
        b'{"product_id": "gz"}',
        b"\xfe",
    ]
    assert [row["line_number"] for row in rows] == [*range(7), 0, 1]
    first = rows[0]
    assert list(first) == list(ARCHIVE_COLUMNS)
    assert (first["name"], str(first["amount"]), first["available"]) == (
        "Часы",
        "10.5000",
        9,
    )
    assert first["updated_at"] == datetime(2026, 1, 20, 10, tzinfo=UTC)
    assert [row["product_id"] for row in rows] == ["12345", *[None] * 6, "gz", None]


def test_rerun_changes_nothing(archive: Archive) -> None:
    """Materializing a partition again must not change anything."""
    fill(archive)
    archive.run()
    paths = archive.paths()
    again = archive.run()
    assert (again.files_in, again.files_out, again.removed) == (0, 0, 0)
    assert archive.paths() == paths


def gone(archive: Archive) -> Counter[tuple[int, bytes]]:
    """Return the lines that readers see after the card was withdrawn."""
    expected = archive.lines()
    expected[0, CARD] -= 1
    expected[0, None] += 1  # type: ignore[index]
    return +expected


def test_a_blocked_card_keeps_its_position_but_no_content(archive: Archive) -> None:
    """A recalled product or an excluded shop must not remain in the archive."""
    fill(archive)
    expected = gone(archive)
    blocked = BlockRules([Rule("brand", "b"), Rule("product", "third")])
    report = archive.run(blocked=blocked)
    assert archive.lines() == expected
    assert (report.lines, report.cards, report.replaced) == (11, 2, 0)
    first = archive.rows(archive.paths()[3])[0]
    content = {
        name: first[name]
        for name in ("line", "product_id", "name", "amount", "store_id", "updated_at")
    }
    assert set(content.values()) == {None}
    assert (first["line_number"], first["first_offset"]) == (0, 0)
    assert first["withdrawn_bytes"] == len(CARD)
    # With other rules, or none, it is compared as ever, and stays as it is.
    again = archive.run()
    assert (again.files_out, again.replaced) == (0, 0)
    assert archive.lines() == expected


def test_cards_that_were_archived_before_they_were_blocked_are_withdrawn(
    archive: Archive,
) -> None:
    """Killed between any two steps, each line is there once, or withdrawn."""
    fill(archive)
    archive.run()
    before, expected = archive.lines(), gone(archive)
    paths = archive.paths()
    blocked = BlockRules(
        [Rule("store", "s"), *(Rule("product", f"p{n}") for n in range(200))]
    )

    def kill_after(step: str) -> None:
        def on_step(name: str) -> None:
            if name == step:
                raise KilledError

        with pytest.raises(KilledError):
            archive.run(blocked=blocked, on_step=on_step)

    kill_after("withdrawn")
    assert archive.lines() == before
    kill_after("replaced")
    assert archive.lines() == expected
    assert archive.run(blocked=blocked).replaced == 0
    assert archive.lines() == expected
    assert archive.paths() == paths
    blocked.add(Rule("product", "gz"))
    assert archive.run(blocked=blocked).replaced == 1
    withdrawn = [row["line"] for row in archive.rows(paths[3])]
    assert withdrawn == [None, *ODD, None, b"\xfe"]


def test_files_of_later_days_are_not_archived(archive: Archive) -> None:
    """A rerun of an old day must not archive files of a newer one."""
    fill(archive)
    report = archive.run(until=date(2026, 1, 1))
    assert (report.files_in, report.left) == (0, {"of a later day": 7})


def test_killed_after_any_step_each_line_is_there_once(archive: Archive) -> None:
    """Nobody would notice a card that is missing or duplicated after a crash."""
    fill(archive)
    before = archive.lines()

    def kill_after(step: str) -> None:
        def on_step(name: str) -> None:
            if name == step:
                raise KilledError

        with pytest.raises(KilledError):
            archive.run(on_step=on_step)

    # Each run continues where the previous one ended.
    for step in (
        "claimed",
        "took over",
        "written",
        "collected",
        "verified",
        "published",
        "removed",
        "published",
        "removed",
        "removed",
        "cleaned up",
    ):
        kill_after(step)
        assert archive.lines() == before, step
    archive.run()
    assert archive.lines() == before
    assert len(archive.paths()) == 6
    tmp = f"{archive.settings.archive_dir}/+tmp/{archive.settings.topic}"
    assert archive.client.list_directory(tmp) == []


@pytest.mark.parametrize("step", ["written", "verified", "published"])
def test_a_run_that_lost_its_claim_archives_nothing(
    archive: Archive, step: str
) -> None:
    """Two runs that group files differently would archive the same lines twice."""
    fill(archive)
    before = archive.lines()
    overtaken = False

    def overtake(name: str) -> None:
        nonlocal overtaken
        if name == step and not overtaken:
            overtaken = True
            archive.commit(p0=51)
            archive.run()

    with pytest.raises(TakenOverError):
        archive.run(on_step=overtake)
    assert archive.lines() == before


def test_a_source_that_differs_from_its_archived_lines_is_not_removed(
    archive: Archive,
) -> None:
    """A topic that was recreated has the same offsets, but other cards."""
    fill(archive)
    archive.run()
    archive.put(0, 0, [b"another", b"card"])
    with pytest.raises(VerificationError, match="recreated"):
        archive.run()
    assert any(path.endswith("+0000000001.json") for path in archive.paths())
