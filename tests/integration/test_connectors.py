"""Connectors of the tests' own on the real worker: made, failing, and moved."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from dagster_project.checks.results import CheckResult, to_event
from dagster_project.sensors.connector_restarter import attend_to_all
from goodsflow.clients.connect import (
    ConnectClient,
    ConnectExistsError,
    ConnectInvalidConfigError,
    ConnectNotFoundError,
    ConnectNotStoppedError,
    ConnectRefusedError,
    ConnectUnknownClassError,
)
from goodsflow.clients.connect.restarts import History, RestartSettings
from goodsflow.clients.hdfs import HdfsClient
from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.config import client_config, producer_config
from goodsflow.clients.kafka.futures import check_all
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.model.endpoints import PROJECT_ROOT, ClusterName, Endpoints
from goodsflow.model.spec import Topic
from tests.support import await_condition, goodsflow

RECORDS = 20
ONE_PARTITION = Topic(partitions=1, replication_factor=2)


@pytest.fixture
def connect(endpoints: Endpoints) -> Iterator[ConnectClient]:
    """A client of the worker."""
    with ConnectClient(endpoints.connect_url, 100) as client:
        yield client


@pytest.fixture
def name(connect: ConnectClient) -> Iterator[str]:
    """The name of a connector, removed after the test if it was made."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    yield name
    remove(connect, name)


@pytest.fixture
def hdfs(endpoints: Endpoints) -> Iterator[HdfsClient]:
    """The file system, as its own user."""
    with HdfsClient.connect(endpoints, "hdfs") as client:
        yield client


@pytest.fixture
def topic(endpoints: Endpoints, name: str) -> Iterator[str]:
    """A topic with cards, which the worker's principal may read."""
    topic = f"source.{name}"
    admin = KafkaAdmin.connect(endpoints, "analytics", "admin")
    check_all(admin.create_topics({topic: ONE_PARTITION}))
    produce(endpoints, "analytics", topic)
    yield topic
    check_all(admin.delete_topics([topic]))


@pytest.fixture
def sink(
    connect: ConnectClient, name: str, topic: str, hdfs: HdfsClient
) -> Iterator[dict[str, str]]:
    """The configuration of an HDFS sink with a topic and a folder of its own."""
    folder = f"/test/{name}"
    hdfs.make_directory(folder, owner="connect")
    declared = json.loads((PROJECT_ROOT / "connect-config/hdfs-sink.json").read_text())
    yield {
        **declared,
        "name": name,
        "topics": topic,
        "topics.dir": folder,
        "tasks.max": "1",
        "flush.size": "5",
        "rotate.interval.ms": "500",
    }
    # First: it would go on writing without a folder.
    remove(connect, name)
    hdfs.delete(folder, recursive=True)


def remove(connect: ConnectClient, name: str) -> None:
    """Delete a connector that there may be."""
    if name in connect.connectors():
        connect.delete(name)


def produce(endpoints: Endpoints, cluster: ClusterName, topic: str) -> None:
    """Write records in the wire format of cards."""
    producer = Producer(producer_config(endpoints, cluster, "admin"))
    for number in range(RECORDS):
        value = b"\x00\x00\x00\x00\x01" + json.dumps({"product_id": number}).encode()
        producer.produce(topic, value, str(number))
    assert producer.flush(30) == 0


def await_running(connect: ConnectClient, name: str) -> None:
    """Wait until a connector and its tasks run."""

    def runs() -> bool:
        try:
            return connect.status(name).is_running
        except ConnectNotFoundError:
            return False

    await_condition(runs, f"connector '{name}' runs", 60)


def await_failed(connect: ConnectClient, name: str) -> None:
    """Wait until a task has failed."""
    await_condition(
        lambda: any(t.state == "FAILED" for t in connect.status(name).tasks),
        f"a task of '{name}' has failed",
        60,
    )


def test_a_validation_says_what_is_wrong_and_keeps_its_secrets(
    connect: ConnectClient, endpoints: Endpoints, sink: dict[str, str]
) -> None:
    """A plan goes by it: it must know the defaults, and is shown to everybody."""
    password = endpoints.password("analytics", "kafka-connect").reveal()
    found = connect.validate(sink)
    assert not found.errors
    assert found.effective["hdfs.url"] == endpoints.hdfs_url
    assert found.effective["retry.backoff.ms"] == "5000"
    assert found.effective.keys() >= sink.keys()

    reference = "${file:connect-secrets.properties:analytics.sasl.jaas.config}"
    wrong = {**sink, "flush.size": "0", "rotate.interval.ms": reference}
    found = connect.validate(wrong)
    assert "flush.size: must be at least 1" in found.errors
    assert any(error.startswith("rotate.interval.ms: ") for error in found.errors)
    assert password not in f"{found}"
    with pytest.raises(ConnectInvalidConfigError, match="must be at least 1") as error:
        connect.put_config(sink["name"], wrong)
    assert password not in str(error.value)

    mirror = json.loads((PROJECT_ROOT / "connect-config/mm2-source.json").read_text())
    found = connect.validate({**mirror, "name": "mm2-source"})
    assert not found.errors
    assert found.effective.keys() >= mirror.keys()
    assert password not in f"{found}"

    unknown = {**sink, "connector.class": "x.Unknown"}
    with pytest.raises(ConnectUnknownClassError, match=r"it has .*HdfsSinkConnector"):
        connect.validate(unknown)


def test_a_connector_made_stopped_has_offsets_before_it_runs(
    connect: ConnectClient, sink: dict[str, str], topic: str
) -> None:
    """Started first, it would have read from the wrong place."""
    name = sink["name"]
    connect.create(name, sink, "STOPPED")
    with pytest.raises(ConnectExistsError):
        connect.create(name, sink)
    await_condition(lambda: is_there(connect, name), f"'{name}' is there", 30)
    assert connect.status(name).state == "STOPPED"
    assert not connect.status(name).tasks

    partition = {"kafka_topic": topic, "kafka_partition": 0}
    connect.alter_offsets(name, [(partition, {"kafka_offset": 7})])
    assert connect.offsets(name) == [(partition, {"kafka_offset": 7})]
    with pytest.raises(ConnectRefusedError, match="must contain the keys"):
        connect.alter_offsets(name, [({"topic": topic}, {"offset": 7})])
    connect.alter_offsets(name, [(partition, None)])
    assert not connect.offsets(name)

    connect.resume(name)
    await_running(connect, name)
    with pytest.raises(ConnectNotStoppedError):
        connect.reset_offsets(name)
    connect.stop(name)
    await_condition(lambda: not connect.status(name).tasks, "its tasks are gone", 30)
    assert connect.status(name).state == "STOPPED"


def is_there(connect: ConnectClient, name: str) -> bool:
    """Tell whether a connector has reported its state."""
    try:
        return bool(connect.status(name).state)
    except ConnectNotFoundError:
        return False


class Ticks:
    """Attends to one connector as the sensor's ticks do, 5 s of its clock apart."""

    def __init__(self, connect: ConnectClient, name: str, max_restarts: int) -> None:
        """Remember nothing of the connector."""
        self.history, self.now = History(), 0.0
        self._connect, self._name = connect, name
        self._settings = RestartSettings(max_restarts=max_restarts)

    def __call__(self) -> CheckResult:
        """Tick once."""
        self.now += 5
        results, after = attend_to_all(
            self._connect,
            [self._name],
            {self._name: self.history},
            self.now,
            self._settings,
        )
        self.history = after[self._name]
        return results[0]


@pytest.fixture
def failing(
    sink: dict[str, str], endpoints: Endpoints
) -> Iterator[tuple[dict[str, str], str]]:
    """A sink that fails until its dead letter topic is made: it has no right to."""
    dead_letters = f"connect-{sink['name']}"
    yield {**sink, "errors.deadletterqueue.topic.name": dead_letters}, dead_letters
    admin = KafkaAdmin.connect(endpoints, "analytics", "admin")
    admin.delete_topics(admin.topics([dead_letters]))


def test_a_failed_task_is_restarted_until_its_cause_is_gone(
    connect: ConnectClient, endpoints: Endpoints, failing: tuple[dict[str, str], str]
) -> None:
    """Connect itself never restarts one: the files would end there."""
    config, dead_letters = failing
    name = config["name"]
    connect.create(name, config)
    await_condition(lambda: is_there(connect, name), f"'{name}' is there", 30)
    await_failed(connect, name)

    tick = Ticks(connect, name, max_restarts=6)
    result = tick()
    assert result.passed
    assert result.severity == dg.AssetCheckSeverity.WARN
    assert "Restart 1 of 6 is due at" in result.description
    await_condition(
        lambda: "Restart 1 of 6 requested" in tick().description, "a restart", 30
    )

    admin = KafkaAdmin.connect(endpoints, "analytics", "admin")
    admin.create_topics({dead_letters: ONE_PARTITION})
    await_condition(lambda: tick() and connect.status(name).is_running, "it runs", 60)
    result = tick()
    assert result.passed
    assert result.description.startswith("Nothing to restart")
    assert tick.history.restarts
    tick.now += 600
    tick()
    assert tick.history == History()


def test_a_task_that_fails_for_ever_is_given_up_and_told_with_its_trace(
    connect: ConnectClient,
    endpoints: Endpoints,
    platform_home: Path,
    failing: tuple[dict[str, str], str],
) -> None:
    """Restarted without an end, the failure would never reach anybody."""
    config, dead_letters = failing
    name = config["name"]
    connect.create(name, config)
    await_condition(lambda: is_there(connect, name), f"'{name}' is there", 30)
    await_failed(connect, name)
    tick = Ticks(connect, name, max_restarts=2)

    def is_given_up() -> CheckResult | None:
        result = tick()
        return None if result.passed else result

    check = to_event(await_condition(is_given_up, "it is given up", 60))
    assert check.severity == dg.AssetCheckSeverity.ERROR
    text = str(check.description)
    assert text.startswith(f"Gave up after 2 restarts: connector '{name}' RUNNING")
    assert "org.apache.kafka.connect.errors.ConnectException" in text
    assert "\tat org.apache.kafka" in text

    # Whoever has removed the cause restarts it, and need not think of the sensor.
    admin = KafkaAdmin.connect(endpoints, "analytics", "admin")
    admin.create_topics({dead_letters: ONE_PARTITION})

    def is_repaired() -> bool:
        done = goodsflow("connector", "restart", name, home=platform_home)
        assert done.returncode == 0, done.stderr
        return connect.status(name).is_running

    await_condition(is_repaired, "it runs", 60)
    assert tick().passed
    assert tick.history == History()


def files(hdfs: HdfsClient, sink: dict[str, str]) -> dict[str, bytes]:
    """Return the committed files of a sink by their paths."""
    folder = f"{sink['topics.dir']}/{sink['topics']}/partition=0"
    return {each.path: hdfs.read(each.path) for each in hdfs.list_directory(folder)}


def test_offsets_of_the_hdfs_sink_are_set_and_change_nothing_that_it_writes(
    connect: ConnectClient,
    endpoints: Endpoints,
    platform_home: Path,
    hdfs: HdfsClient,
    sink: dict[str, str],
) -> None:
    """The help promises so: who sets them back must not find records twice."""
    name, place = sink["name"], f"{sink['topics']}:0"
    connect.create(name, sink)

    def offsets(*options: str) -> str:
        done = goodsflow("connector", "offsets", name, *options, home=platform_home)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def has(records: int) -> bool:
        return offsets() == f"{place} -> {records}\n"

    await_condition(lambda: is_there(connect, name), f"'{name}' is there", 30)
    await_condition(lambda: has(RECORDS), "all records are in files", 90)
    first = files(hdfs, sink)
    assert offsets("--set", f"{place}=3", "--yes") == f"{place}: {RECORDS} -> 3\n"
    await_running(connect, name)
    # Connect commits no offset while no record comes.
    produce(endpoints, "analytics", sink["topics"])
    await_condition(lambda: has(2 * RECORDS), "it stands after its files again", 60)
    written = files(hdfs, sink)
    assert first.items() <= written.items()
    lines = b"".join(written[path] for path in sorted(written)).splitlines()
    assert [json.loads(line)["product_id"] for line in lines] == [*range(RECORDS)] * 2

    listed = goodsflow("connector", "list", home=platform_home).stdout
    assert f"{name}  HdfsSinkConnector" in listed

    connect.stop(name)
    as_json = offsets("--json")
    assert offsets("--reset", "--yes") == f"{place}: {2 * RECORDS} -> none\n"
    assert connect.status(name).state == "STOPPED"
    saved = platform_home / f"{name}.json"
    document = json.loads(as_json)
    for each in document["offsets"]:
        each["offset"]["kafka_offset"] = 4
    saved.write_text(json.dumps(document))
    assert offsets("--set", str(saved), "--yes") == f"{place}: none -> 4\n"
    saved.unlink()

    # What has to be written again is what has no file.
    last = max(written)
    assert hdfs.delete(last)
    connect.resume(name)
    await_condition(lambda: len(files(hdfs, sink)) == len(written), "it is back", 60)
    assert files(hdfs, sink) == written


def test_a_refused_offset_leaves_the_connector_running(
    connect: ConnectClient, platform_home: Path, sink: dict[str, str]
) -> None:
    """One typing error would stop the flow."""
    name = sink["name"]
    connect.create(name, sink)
    await_running(connect, name)
    wrong = f"{sink['topics']}:7=1"
    done = goodsflow(
        "connector", "offsets", name, "--set", wrong, "--yes", home=platform_home
    )
    assert done.returncode == 1
    assert "Cannot alter the offsets" in done.stderr
    assert "Are these its partitions?" in done.stderr
    assert "is resumed" in done.stderr
    await_running(connect, name)


@pytest.fixture
def mirrored(
    connect: ConnectClient, endpoints: Endpoints, name: str
) -> Iterator[tuple[str, str]]:
    """A topic that the mirror may read, and the name of its mirrored one."""
    inbound = KafkaAdmin.connect(endpoints, "inbound", "admin")
    inbound.create_topics({name: ONE_PARTITION})
    produce(endpoints, "inbound", name)
    client = AdminClient(client_config(endpoints, "inbound", "admin"))
    rights = [
        AclBinding(
            ResourceType.TOPIC,
            name,
            ResourcePatternType.LITERAL,
            "User:mirror",
            "*",
            operation,
            AclPermissionType.ALLOW,
        )
        for operation in (
            AclOperation.READ,
            AclOperation.DESCRIBE,
            AclOperation.DESCRIBE_CONFIGS,
        )
    ]
    for granted in client.create_acls(rights).values():
        granted.result(20)
    yield name, f"source.{name}"
    remove(connect, name)
    inbound.delete_topics([name])
    analytics = KafkaAdmin.connect(endpoints, "analytics", "admin")
    analytics.delete_topics(analytics.topics([f"source.{name}"]))
    any_right = AclBindingFilter(
        ResourceType.TOPIC,
        name,
        ResourcePatternType.LITERAL,
        None,
        None,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    for taken in client.delete_acls([any_right]).values():
        taken.result(20)


def test_a_mirror_that_is_set_back_mirrors_records_again(
    connect: ConnectClient,
    endpoints: Endpoints,
    platform_home: Path,
    name: str,
    mirrored: tuple[str, str],
) -> None:
    """It is what offsets of a source are set for, and what the help warns of."""
    topic, mirror = mirrored
    declared = json.loads((PROJECT_ROOT / "connect-config/mm2-source.json").read_text())
    config = {**declared, "topics": topic, "sync.topic.acls.enabled": "false"}
    connect.create(name, {**config, "name": name})

    def count() -> int:
        with TopicReader(endpoints, "analytics", "admin", "test", mirror) as reader:
            batches = reader.read_to_end({0: 0}, timeout_seconds=20)
            return sum(len(batch.records) for batch in batches)

    def is_mirrored() -> bool:
        return bool(connect.offsets(name)) and count() == RECORDS

    await_condition(lambda: is_there(connect, name), f"'{name}' is there", 30)
    await_condition(is_mirrored, "the records are mirrored", 90)
    shown = goodsflow("connector", "offsets", name, "--json", home=platform_home).stdout
    entry = json.loads(shown)["offsets"][0]
    entry["offset"] = {"offset": 4}
    saved = platform_home / f"{name}.json"
    saved.write_text(json.dumps({"offsets": [entry]}))
    done = goodsflow(
        "connector", "offsets", name, "--set", str(saved), "--yes", home=platform_home
    )
    saved.unlink()
    assert done.returncode == 0, done.stderr
    place = f"cluster=source,partition=0,topic={topic}"
    assert done.stdout == f"{place}: {RECORDS - 1} -> 4\n"
    # The offset is that of the last record that was mirrored.
    again = RECORDS - 5
    await_condition(lambda: count() == RECORDS + again, "they are there twice", 60)
