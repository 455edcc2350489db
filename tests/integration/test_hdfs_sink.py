"""The HDFS sink under load while what it is made of is killed.

Each test has a topic, a folder and a connector of its own. What holds is read back from
Kafka and HDFS: the files' offsets and lines are the topic's committed records.
"""

from __future__ import annotations

import json
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import cast

import psutil
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from goodsflow.clients.connect import ConnectClient, ConnectError
from goodsflow.clients.hdfs import (
    HdfsClient,
    HdfsError,
    HdfsNotFoundError,
    TopicFile,
    list_topic_files,
    read_topic_file,
)
from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.config import client_config, producer_config
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.deploy.native.errors import SupervisorError
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.supervisor import SupervisorClient
from goodsflow.model.cards import payload_of
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.model.spec import Topic
from tests.draw import Draw
from tests.support import await_condition

PARTITIONS = (0, 1)
ABORTED = 7
"""Of so many transactions one is aborted: its offsets are gaps no file may fill."""
Headers = list[tuple[str, bytes]]
PADDING = "x" * 300


@dataclass
class Load:
    """Writes transactions until it is stopped."""

    endpoints: Endpoints
    topic: str
    per_transaction: int = 25
    pause_seconds: float = 0.1
    _end: Event = field(default_factory=Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep it at work; its own failure is the test's."""
        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(self._write)
            try:
                yield
            finally:
                self._end.set()
            writing.result()

    def _write(self) -> None:
        config = producer_config(self.endpoints, "analytics", "admin")
        producer = Producer(config | {"transactional.id": self.topic})
        producer.init_transactions(60)
        count = 0
        while not self._end.wait(self.pause_seconds):
            producer.begin_transaction()
            for _ in range(self.per_transaction):
                card = json.dumps({"number": count, "padding": PADDING}).encode()
                key = None if count % 11 else str(count)
                value = b"\x00\x00\x00\x00\x01" + card if count % 13 else None
                producer.produce(
                    self.topic, value, key, partition=PARTITIONS[count % 2]
                )
                count += 1
            if (count // self.per_transaction) % ABORTED == 0:
                producer.flush(30)
                producer.abort_transaction(60)
            else:
                producer.commit_transaction(60)


@dataclass
class Sink:
    """A connector with a topic and a folder that no other test uses."""

    endpoints: Endpoints
    home: Home
    name: str
    topic: str
    folder: str
    config: dict[str, str]
    connect: ConnectClient
    hdfs: HdfsClient

    @property
    def dead_letters(self) -> str:
        """The topic for what it cannot write."""
        return self.config["errors.deadletterqueue.topic.name"]

    @property
    def load(self) -> Load:
        """What writes to its topic."""
        return Load(self.endpoints, self.topic)

    @property
    def supervisor(self) -> SupervisorClient:
        """What starts parts that were killed."""
        return SupervisorClient(self.home.socket)

    def pid(self, part: str) -> int | None:
        """Return the process of a part, None while there is none."""
        with suppress(SupervisorError):
            for process in self.supervisor.processes():
                if process.name == part:
                    return process.pid
        return None

    def kill(self, part: str) -> None:
        """Kill a part with -9; the supervisor starts it again."""
        pid = await_condition(lambda: self.pid(part), f"{part} runs", 60)
        killed = psutil.Process(pid)
        killed.kill()
        killed.wait(20)
        await_condition(lambda: self.pid(part) not in (None, pid), f"{part} is back")

    def files(self) -> list[TopicFile]:
        """Return its committed files."""
        return list_topic_files(self.hdfs, self.folder, self.topic)

    def ends(self) -> dict[int, int]:
        """Return the last offset in a file by partition, none while HDFS is away."""
        try:
            return {file.partition: file.last_offset for file in self.files()}
        except HdfsError:
            return {}

    def open_files(self) -> set[str]:
        """Return the paths of the files that are being written."""
        found: set[str] = set()
        for partition in PARTITIONS:
            with suppress(HdfsNotFoundError):
                owners = f"{self.folder}/+tmp/{self.topic}/{partition}"
                for owner in self.hdfs.list_directory(owners):
                    found |= {f.path for f in self.hdfs.list_directory(owner.path)}
        return found

    def await_open_file(self, before: set[str]) -> set[str]:
        """Wait until the sink writes a file that was not there before."""
        return await_condition(
            lambda: self.open_files() - before, "a file is being written", 120
        )

    def await_more_files(self) -> None:
        """Wait until each partition has a file with records that it has not yet."""
        before = self.ends()

        def has_more() -> bool:
            ends = self.ends()
            return all(ends.get(p, -1) > before.get(p, -1) for p in PARTITIONS)

        await_condition(has_more, "each partition has a new file")

    def records(self) -> dict[int, list[tuple[int, bytes]]]:
        """Return the offsets and cards that are committed on its topic."""
        found: dict[int, list[tuple[int, bytes]]] = {p: [] for p in PARTITIONS}
        with TopicReader(
            self.endpoints, "analytics", "admin", "test", self.topic
        ) as reader:
            starts = dict.fromkeys(PARTITIONS, 0)
            for batch in reader.read_to_end(starts, timeout_seconds=120):
                for record in batch.records:
                    if record.value is not None:
                        card = payload_of(record.value)
                        found[record.partition].append((record.offset, card))
        return found

    def assert_exactly_once(self) -> int:
        """Compare the files with the topic; return how many records there are."""
        wanted = self.records()
        assert all(wanted.values())

        def has_all() -> bool:
            ends = self.ends()
            return all(ends.get(p) == wanted[p][-1][0] for p in PARTITIONS)

        await_condition(has_all, "the last record is in a file")
        left = {p: iter(wanted[p]) for p in PARTITIONS}
        for file in self.files():
            lines = read_topic_file(self.hdfs, file).splitlines()
            expected = [next(left[file.partition], (-1, b"")) for _ in lines]
            assert [card for _, card in expected] == lines, file.path
            assert (expected[0][0], expected[-1][0]) == (
                file.first_offset,
                file.last_offset,
            )
        assert not any(list(rest) for rest in left.values())
        return sum(len(records) for records in wanted.values())


@pytest.fixture(params=["none"])
def compression(request: pytest.FixtureRequest) -> str:
    """How files are compressed."""
    return str(request.param)


@pytest.fixture
def sink(endpoints: Endpoints, platform_home: Path, compression: str) -> Iterator[Sink]:
    """A sink that runs, with an empty topic."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    with (
        ConnectClient(endpoints.connect_url, 100) as connect,
        HdfsClient.connect(endpoints, "hdfs") as hdfs,
    ):
        declared = json.loads(
            (PROJECT_ROOT / "connect-config/hdfs-sink.json").read_text()
        )
        topic, folder = f"source.{name}", f"/test/{name}"
        config = {
            **declared,
            "name": name,
            "topics": topic,
            "topics.dir": folder,
            "flush.size": "300",
            "rotate.interval.ms": "2000",
            "retry.backoff.ms": "500",
            "compression.type": compression,
            "errors.deadletterqueue.topic.name": f"connect-{name}",
            # Else the group waits for each one killed for 45 s, and few kills fit in.
            "consumer.override.session.timeout.ms": "6000",
            "consumer.override.heartbeat.interval.ms": "1000",
        }
        home = Home(platform_home)
        sink = Sink(endpoints, home, name, topic, folder, config, connect, hdfs)
        admin = KafkaAdmin.connect(endpoints, "analytics", "admin")
        two, one = (Topic(partitions=n, replication_factor=2) for n in (2, 1))
        admin.create_topics({sink.topic: two, sink.dead_letters: one})
        hdfs.make_directory(sink.folder, owner="connect")
        when_taken(lambda: connect.put_config(name, config))
        try:
            yield sink
        finally:
            # First: it would go on writing without a folder.
            when_taken(lambda: connect.delete(name))
            hdfs.delete(sink.folder, recursive=True)
            admin.delete_topics([sink.topic, sink.dead_letters])


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def when_taken(ask: Callable[[], None]) -> None:
    """Ask a worker for something until it is up and has rebalanced."""

    def taken() -> bool:
        try:
            ask()
        except ConnectError:
            return False
        return True

    await_condition(taken, "Connect does what it is asked for", 120)


def read_headers(sink: Sink, topic: str, count: int) -> list[dict[str, str]]:
    """Return the headers of the first records of a topic, as text."""
    config = client_config(sink.endpoints, "analytics", "admin")
    consumer = Consumer(config | {"group.id": "test"})
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        records = consumer.consume(count, 60)
        return [
            {name: value.decode() for name, value in cast("Headers", record.headers())}
            for record in records
        ]
    finally:
        consumer.close()


def test_what_is_no_card_is_put_aside_with_its_origin_or_ends_the_task(
    sink: Sink,
) -> None:
    """Who repairs it has to know where it is, and what is wrong with it."""
    card = b"\x00\x00\x00\x00\x01{}"
    producer = Producer(
        producer_config(sink.endpoints, "analytics", "admin")
        | {"message.max.bytes": 5_000_000, "compression.type": "zstd"}
    )
    # A client refuses the large one by itself, unless it is told what brokers take.
    large = b"x" * 3_000_000
    for value in (card, b"{}", b"\x00\x00\x00\x00\x01no JSON", large, None, card):
        producer.produce(sink.topic, value, partition=1)
    assert producer.flush(30) == 0
    await_condition(lambda: sink.ends() == {1: 5}, "the cards are in files", 90)
    assert [read_topic_file(sink.hdfs, file).splitlines() for file in sink.files()] == [
        [b"{}", b"{}"]
    ]
    found = {
        headers["__connect.errors.offset"]: headers
        for headers in read_headers(sink, sink.dead_letters, 3)
    }
    assert set(found) == {"1", "2", "3"}
    for offset, problem in (
        ("1", "does not start with a zero byte"),
        ("2", "is not valid JSON"),
        ("3", "does not start with a zero byte"),
    ):
        assert found[offset]["__connect.errors.topic"] == sink.topic
        assert found[offset]["__connect.errors.partition"] == "1"
        message = found[offset]["__connect.errors.exception.message"]
        assert f"{sink.topic}, partition 1, offset {offset}: " in message
        assert problem in message

    strict = {
        key: value
        for key, value in sink.config.items()
        if not key.startswith("errors.deadletterqueue.")
    } | {"errors.tolerance": "none"}
    when_taken(lambda: sink.connect.put_config(sink.name, strict))
    producer.produce(sink.topic, b"{}", partition=0)
    assert producer.flush(30) == 0

    def trace() -> str:
        try:
            tasks = sink.connect.status(sink.name).tasks
        except ConnectError:
            return ""
        return "".join(t.trace or "" for t in tasks if t.state == "FAILED")

    said = await_condition(trace, "a task has failed", 90)
    problem = "the value does not start with a zero byte"
    assert f"{sink.topic}, partition 0, offset 0: {problem}" in said


@pytest.mark.faults
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("compression", ["gzip"], indirect=True)
def test_a_worker_killed_again_and_again_loses_and_doubles_nothing(
    sink: Sink, drawn: Draw
) -> None:
    """Half a file taken for a whole one, or written again, would change the scores."""
    chance = drawn.chance("sink")
    before: set[str] = set()
    with sink.load.running():
        for number in range(drawn.count(4, 20)):
            # By turns in the midst of a file, and anywhere: in a start, in a rebalance.
            if number % 2 == 0:
                before |= sink.await_open_file(before)
                Event().wait(chance.uniform(0, 1.5))
            else:
                Event().wait(chance.uniform(0, 6))
            before |= sink.open_files()
            sink.kill("kafka-connect")
        sink.await_more_files()
    assert sink.assert_exactly_once() > 0


@pytest.mark.faults
@pytest.mark.timeout(420)
def test_a_namenode_that_goes_away_under_load_is_waited_for(sink: Sink) -> None:
    """A task that fails of it would stand until somebody comes."""
    with sink.load.running():
        sink.await_more_files()
        sink.kill("hdfs-nn")
        sink.await_more_files()
        sink.supervisor.stop("hdfs-nn")
        Event().wait(15)
        sink.supervisor.start("hdfs-nn")
        sink.await_more_files()
    assert sink.assert_exactly_once() > 0


@pytest.mark.faults
@pytest.mark.timeout(420)
def test_a_datanode_that_is_lost_under_load_holds_nothing_up(sink: Sink) -> None:
    """With one left of two, files must still be written, and be whole."""
    with sink.load.running():
        sink.await_more_files()
        sink.await_open_file(set())
        pid = sink.pid("hdfs-dn-1")
        assert pid is not None
        psutil.Process(pid).kill()
        sink.supervisor.stop("hdfs-dn-1")
        try:
            for _ in range(3):
                sink.await_more_files()
        finally:
            sink.supervisor.start("hdfs-dn-1")
        sink.await_more_files()
    assert sink.assert_exactly_once() > 0


@contextmanager
def second_worker(sink: Sink) -> Iterator[psutil.Process]:
    """Run a second worker with the first one's configuration, on a port of its own."""
    part = sink.home.config("kafka-connect")
    port = free_port()
    text = (part / "worker.properties").read_text()
    copy = part / "second-worker.properties"
    copy.touch(mode=0o600)
    lines = [
        line
        for line in text.splitlines()
        if not line.startswith(("listeners=", "rest.advertised.port="))
    ]
    lines += [f"listeners=http://127.0.0.1:{port}", f"rest.advertised.port={port}"]
    copy.write_text("\n".join(lines))
    pid = await_condition(lambda: sink.pid("kafka-connect"), "a worker runs")
    command = [
        word
        for word in psutil.Process(pid).cmdline()[:-1]
        if not word.startswith("-javaagent:")
    ]
    with (part / "second-worker.log").open("w") as log:
        process = psutil.Popen(
            [*command, str(copy)], cwd=part, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait(20)
            copy.unlink()


@pytest.mark.faults
@pytest.mark.timeout(420)
def test_a_worker_that_comes_back_from_the_dead_writes_nothing_twice(
    sink: Sink,
) -> None:
    """It does not know that another has its partitions, and has a file of them open."""
    with sink.load.running():
        sink.await_more_files()
        with second_worker(sink) as second:
            sink.supervisor.stop("kafka-connect")
            try:
                sink.await_more_files()
                sink.await_open_file(set())
                second.suspend()
            finally:
                sink.supervisor.start("kafka-connect")
            sink.await_more_files()
            second.resume()
            for _ in range(3):
                sink.await_more_files()
        sink.await_more_files()
    assert sink.assert_exactly_once() > 0
