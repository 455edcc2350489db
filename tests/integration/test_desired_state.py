"""Desired state on the real systems: planned, applied, drifted, repaired."""

from __future__ import annotations

import json
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from confluent_kafka import Consumer, Producer, TopicPartition
from pydantic import SecretStr

from dagster_project.checks.connectors import look_at_connectors
from dagster_project.checks.declared import look_at_declared
from dagster_project.checks.files import look_at_files
from dagster_project.checks.topics import look_at_topics
from dagster_project.definitions import build_definitions
from dagster_project.resources import (
    ConnectResource,
    DesiredStateResource,
    HdfsResource,
    KafkaResource,
    PlatformResource,
)
from goodsflow.connect import ConnectClient
from goodsflow.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.hdfs import HdfsClient
from goodsflow.kafka.admin import KafkaAdmin
from goodsflow.kafka.config import client_config
from goodsflow.kafka.credentials import credential_works
from goodsflow.kafka.errors import (
    AuthenticationFailedError,
    ClusterUnavailableError,
    OperationFailedError,
    TopicExistsError,
)
from goodsflow.kafka.futures import check_all
from goodsflow.kafka.offsets import OffsetReader
from goodsflow.kafka.quotas import QuotaAdmin, QuotaEntity
from goodsflow.provision.reconciler import Reconciler
from goodsflow.reconcile import Permission, Plan
from goodsflow.registry import RegistryClient
from goodsflow.spec import AclBinding, Topic
from tests.support import GOODSFLOW, await_condition, goodsflow

pytestmark = pytest.mark.filterwarnings(
    # Dagster itself uses what it deprecates, to make resources that hold others.
    "ignore:InitResourceContext.dagster_run:DeprecationWarning"
)
COMPACT = Topic(
    partitions=2, replication_factor=2, config={"cleanup.policy": "compact"}
)
SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "additionalProperties": False,
}
_MIRROR_SYNC_SECONDS = 150
"""MirrorMaker copies ACLs once a minute."""


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"test-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def admin(endpoints: Endpoints) -> KafkaAdmin:
    """An administrative client of the inbound cluster."""
    return KafkaAdmin.connect(endpoints, "inbound", "admin")


@pytest.fixture
def topic(admin: KafkaAdmin, name: str) -> Iterator[str]:
    """The name of a topic, removed after the test if it was made."""
    yield name
    check_all(admin.delete_topics(admin.topics([name])))


@pytest.fixture
def platform(platform_home: Path) -> PlatformResource:
    """The platform as Dagster's resource."""
    return PlatformResource(home=str(platform_home))


@dataclass
class Declaration:
    """A declaration of the test's own, in a folder of its own.

    Attributes:
        name: Begins every name in it.
        document: What ``write`` writes.
    """

    folder: Path
    endpoints: Endpoints
    name: str
    document: dict[str, Any]

    @property
    def file(self) -> Path:
        """Its file."""
        return self.folder / "platform.yaml"

    def write(self, document: Mapping[str, Any] | None = None) -> None:
        """Write it."""
        self.file.write_text(yaml.safe_dump(document or self.document))

    def write_json(self, file: str, document: Mapping[str, Any]) -> None:
        """Write a file that it names."""
        (self.folder / file).write_text(json.dumps(document))

    def plan(self) -> Plan:
        """Plan everything; nothing may be unreadable."""
        with Reconciler.of_file(
            self.file, self.endpoints, principal="admin"
        ) as reconciler:
            survey = reconciler.survey(reconciler.targets())
        assert survey.failures == {}
        return survey.plan

    def apply(self, *allowed: Permission) -> list[str]:
        """Plan and apply; return what was done. Nothing may fail."""
        with Reconciler.of_file(
            self.file, self.endpoints, principal="admin"
        ) as reconciler:
            survey = reconciler.survey(reconciler.targets())
            assert survey.failures == {}
            results = reconciler.apply(survey.plan.changes, allowed)
            assert [r.error for r in results if r.error] == []
            for target in {r.change.target for r in results}:
                reconciler.provider(target).settle()
        return [result.change.what for result in results]


@pytest.fixture
def declaration(
    endpoints: Endpoints, tmp_path: Path, name: str
) -> Iterator[Declaration]:
    """One of each kind under a name of its own; all of it removed after the test."""
    goods_filtered = yaml.safe_load((PROJECT_ROOT / "platform.yaml").read_text())[
        "clusters"
    ]["inbound"]["topics"]["goods-filtered"]
    own = Declaration(
        tmp_path,
        endpoints,
        name,
        {
            "clusters": {
                "inbound": {
                    "scope": {"topics": [f"{name}*"], "principals": [f"{name}*"]},
                    "topics": {name: COMPACT.model_dump(exclude={"keyed"})},
                    "principals": {
                        name: {
                            "produce": [name],
                            "quota": {"producer_byte_rate": 1_000_000},
                        }
                    },
                },
                "analytics": {"scope": {"principals": [f"{name}*"]}},
            },
            "schemas": {
                f"{name}-value": {"file": "schema.json", "compatibility": "BACKWARD"}
            },
            "connectors": {name: {"file": "sink.json", "state": "stopped"}},
            "hdfs": {
                "directories": {f"/tmp/{name}": {"owner": "connect", "mode": "750"}}  # noqa: S108 - on HDFS
            },
            "scope": {"schemas": [f"{name}*"], "connectors": [f"{name}*"]},
        },
    )
    own.document["clusters"]["inbound"]["topics"]["goods-filtered"] = goods_filtered
    own.write_json("schema.json", SCHEMA)
    sink = json.loads((PROJECT_ROOT / "connect-config/hdfs-sink.json").read_text())
    own.write_json("sink.json", {**sink, "topics.dir": f"/tmp/{name}"})  # noqa: S108
    own.write()
    yield own
    empty = {
        "clusters": {
            "inbound": {"scope": own.document["clusters"]["inbound"]["scope"]},
            "analytics": {"scope": own.document["clusters"]["analytics"]["scope"]},
        },
        "scope": own.document["scope"],
    }
    own.write(empty)
    own.apply(
        "delete-topics",
        "delete-acls",
        "delete-principals",
        "delete-quotas",
        "delete-schemas",
        "delete-connectors",
    )
    with HdfsClient.connect(endpoints, "hdfs") as client:
        client.delete(f"/tmp/{name}", recursive=True)  # noqa: S108


def test_a_second_bootstrap_changes_nothing(
    platform: PlatformResource, endpoints: Endpoints
) -> None:
    """Each `make up` runs it: it must not restart a connector or reset a password."""
    definitions = build_definitions(resource_overrides={"platform": platform})
    with ConnectClient(endpoints.connect_url) as connect:
        before = {name: connect.config(name) for name in connect.connectors()}
        with dg.DagsterInstance.ephemeral() as instance:
            result = definitions.resolve_job_def("bootstrap").execute_in_process(
                instance=instance
            )
        assert {name: connect.config(name) for name in connect.connectors()} == before

    changes = {
        event.asset_key.to_user_string(): event.materialization.metadata[
            "changes"
        ].value
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }
    assert len(changes) == 11
    assert set(changes.values()) == {"Nothing was changed."}


def test_every_kind_is_made_and_comes_to_rest(
    declaration: Declaration, name: str
) -> None:
    """What is made has to read as what was declared, in every system."""
    assert declaration.apply() == [
        (
            f"create inbound topic {name}: partitions: 2, replicas: 2, "
            "cleanup.policy: compact"
        ),
        f"create inbound quota {name}: producer_byte_rate: 1000000",
        f"create inbound ACL {name} may describe topic '{name}'",
        f"create inbound ACL {name} may write topic '{name}'",
        f"create inbound credential {name}",
        f"create schema {name}-value: compatibility: BACKWARD",
        f"create directory /tmp/{name}: owner: connect, mode: 750",
        f"create connector {name}: class: HdfsSinkConnector, state: stopped",
    ]
    assert declaration.plan().is_empty
    assert credential_works(declaration.endpoints, "inbound", name)


def _topic_by_hand(own: Declaration) -> None:
    admin = KafkaAdmin.connect(own.endpoints, "inbound", "admin")
    settings = {"cleanup.policy": "delete", "segment.ms": "60000"}
    check_all(admin.alter_topic_configs({own.name: settings}))


def _acls_by_hand(own: Declaration) -> None:
    admin = KafkaAdmin.connect(own.endpoints, "inbound", "admin")
    write = AclBinding(own.name, "topic", own.name, "literal", "write")
    check_all(admin.delete_acls([write]))
    read = AclBinding(own.name, "topic", own.name, "literal", "read")
    check_all(admin.create_acls([read]))


def _credential_by_hand(own: Declaration) -> None:
    admin = KafkaAdmin.connect(own.endpoints, "inbound", "admin")
    check_all(admin.upsert_credentials({own.name: SecretStr("by-hand")}))


def _quota_by_hand(own: Declaration) -> None:
    entity = QuotaEntity(user=own.name)
    with QuotaAdmin.connect(own.endpoints, "inbound", "admin") as quotas:
        check_all(quotas.alter({entity: {"producer_byte_rate": 7.0}}))


def _schema_by_hand(own: Declaration) -> None:
    with RegistryClient(own.endpoints.schema_registry_url) as registry:
        registry.set_compatibility(f"{own.name}-value", "NONE")
        stricter = {"a": {"type": "string", "maxLength": 5}}
        text = json.dumps({**SCHEMA, "properties": stricter})
        registry.register(f"{own.name}-value", text)


def _connector_by_hand(own: Declaration) -> None:
    with ConnectClient(own.endpoints.connect_url) as connect:
        config = {**connect.config(own.name), "flush.size": "7"}
        connect.put_config(own.name, config)
        connect.pause(own.name)
        await_condition(
            lambda: connect.status(own.name).state == "PAUSED", "it is paused"
        )


def _directory_by_hand(own: Declaration) -> None:
    with HdfsClient.connect(own.endpoints, "hdfs") as client:
        client.make_directory(f"/tmp/{own.name}", owner="somebody", mode="777")  # noqa: S108


@pytest.mark.parametrize(
    ("by_hand", "repaired"),
    [
        (
            _topic_by_hand,
            [
                (
                    "update inbound topic {}: cleanup.policy: delete -> compact, "
                    "segment.ms: 60000 -> (default)"
                )
            ],
        ),
        (
            _acls_by_hand,
            [
                "create inbound ACL {0} may write topic '{0}'",
                "delete inbound ACL {0} may read topic '{0}'",
            ],
        ),
        (
            _credential_by_hand,
            ["update inbound credential {}: its password file: refused -> logs in"],
        ),
        (
            _quota_by_hand,
            ["update inbound quota {}: producer_byte_rate: 7 -> 1000000"],
        ),
        (
            _schema_by_hand,
            [
                "update schema {}-value: compatibility: NONE -> BACKWARD",
                "update schema {}-value: /properties/a/maxLength: 5 -> removed",
            ],
        ),
        (
            _connector_by_hand,
            [
                "update connector {}: flush.size: 7 -> 1000",
                "update connector {}: state: paused -> stopped",
            ],
        ),
        (
            _directory_by_hand,
            ["update directory /tmp/{}: owner: somebody -> connect, mode: 777 -> 750"],
        ),
    ],
    ids=["topic", "acls", "credential", "quota", "schema", "connector", "directory"],
)
def test_drift_by_hand_is_named_and_repaired(
    declaration: Declaration,
    name: str,
    by_hand: Callable[[Declaration], None],
    repaired: list[str],
) -> None:
    """A setting changed by hand stays wrong unseen otherwise."""
    declaration.apply()
    by_hand(declaration)
    assert not declaration.plan().is_empty

    assert declaration.apply("delete-acls", "delete-schemas") == [
        text.format(name) for text in repaired
    ]

    assert declaration.plan().is_empty


def test_changes_of_the_declaration_are_carried_out(
    declaration: Declaration, name: str
) -> None:
    """A declaration lives; what it no longer names goes, where that is allowed."""
    declaration.apply()
    inbound = declaration.document["clusters"]["inbound"]
    inbound["topics"][f"{name}-b"] = {"partitions": 1, "replication_factor": 1}
    inbound["topics"][name]["partitions"] = 3
    inbound["principals"][f"{name}-b"] = {"produce": [f"{name}-b"]}
    inbound["principals"][name]["quota"] = {"consumer_byte_rate": 5}
    declaration.document["connectors"][name]["state"] = "paused"
    declaration.write()

    done = declaration.apply()
    assert f"create inbound credential {name}-b" in done
    assert f"update connector {name}: state: stopped -> paused" in done
    (left,) = declaration.plan().changes
    assert left.permission == "add-partitions"
    assert len(declaration.apply("add-partitions")) == 1
    assert declaration.plan().is_empty

    del inbound["topics"][f"{name}-b"], inbound["principals"][f"{name}-b"]
    declaration.write()
    assert declaration.apply() == []
    assert len(declaration.plan().needed()) == 3
    declaration.apply("delete-topics", "delete-acls", "delete-principals")
    assert declaration.plan().is_empty


def test_what_cannot_be_done_is_told_before_anything_is_tried(
    declaration: Declaration, name: str
) -> None:
    """The registry's and Connect's refusals come in the middle of an apply else."""
    declaration.apply()
    changed = {**SCHEMA, "properties": {"a": {"type": "number"}}}
    declaration.write_json("schema.json", changed)
    sink = json.loads((declaration.folder / "sink.json").read_text())
    declaration.write_json("sink.json", {**sink, "flush.size": "-1"})
    topic = declaration.document["clusters"]["inbound"]["topics"][name]
    topic["partitions"] = 1
    declaration.write()

    found = declaration.plan().changes
    assert declaration.apply() == []

    assert {c.target.kind: c.safety for c in found} == dict.fromkeys(
        ("topics", "schemas", "connectors"), "impossible"
    )
    reasons = {change.target.kind: change.why for change in found}
    assert "TYPE_CHANGED at /properties/a" in reasons["schemas"]
    assert "flush.size: " in reasons["connectors"]
    assert "declare partitions: 2" in reasons["topics"]


def run_apply(home: Path, file: Path) -> subprocess.Popen[bytes]:
    """Start `goodsflow apply`."""
    return subprocess.Popen(
        [*GOODSFLOW, "--home", str(home), "apply", "--file", str(file)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=PROJECT_ROOT,
    )


def test_a_killed_apply_is_finished_by_the_next(
    declaration: Declaration, admin: KafkaAdmin, name: str, platform_home: Path
) -> None:
    """A laptop is closed in the middle of it."""
    inbound = declaration.document["clusters"]["inbound"]
    more = {f"{name}-{i}": {"produce": [name]} for i in range(30)}
    inbound["principals"].update(more)
    declaration.write()
    with run_apply(platform_home, declaration.file) as first:
        await_condition(lambda: name in admin.topics([name]), "it has begun")
        first.send_signal(signal.SIGKILL)
    assert not declaration.plan().is_empty

    finished = goodsflow("apply", "--file", str(declaration.file), home=platform_home)

    assert finished.returncode == 0, finished.stderr
    assert declaration.plan().is_empty


def test_two_applies_at_once_do_not_interleave(
    declaration: Declaration, platform_home: Path
) -> None:
    """Both would make the same thing, and one would fail for the other."""
    with (
        run_apply(platform_home, declaration.file) as one,
        run_apply(platform_home, declaration.file) as other,
    ):
        assert (one.wait(100), other.wait(100)) == (0, 0)
    assert declaration.plan().is_empty


def test_what_cannot_be_read_is_never_taken_for_empty(
    declaration: Declaration, admin: KafkaAdmin, tmp_path: Path, name: str
) -> None:
    """Half a view planned as the whole would make or delete what it did not see."""
    home = tmp_path / "home"
    home.mkdir()
    servers = declaration.endpoints.bootstrap_servers | {"analytics": "127.0.0.1:1"}
    away = declaration.endpoints.model_copy(
        update={"bootstrap_servers": servers, "state_dir": home}
    )
    (home / "endpoints.json").write_text(away.model_dump_json())

    planned = goodsflow("plan", "--file", str(declaration.file), home=home)
    applied = goodsflow("apply", "--file", str(declaration.file), home=home)

    for result in (planned, applied):
        assert result.returncode == 1
        assert "could not read analytics topics" in result.stderr
        assert "Are its brokers up?" in result.stderr
    assert f"+ {name}" in planned.stdout
    assert "Nothing was changed" in applied.stderr
    assert admin.topics([name]) == {}


def test_the_command_line_tells_by_its_status_what_it_found(
    declaration: Declaration, platform_home: Path, name: str
) -> None:
    """A pipeline goes by it."""

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return goodsflow(*command, "--file", str(declaration.file), home=platform_home)

    assert run("plan").returncode == 3
    assert run("apply").returncode == 0
    assert run("plan").returncode == 0
    _acls_by_hand(declaration)
    left = run("apply")
    assert left.returncode == 3
    assert "(needs delete-acls" in left.stdout
    document = json.loads(run("plan", "--json").stdout)
    (change,) = document["changes"]
    assert (change["kind"], change["cluster"]) == ("acls", "inbound")
    assert change["permission"] == "delete-acls"
    assert run("plan", "--kind", "topics").returncode == 0
    assert run("plan", "--cluster", "analytics").returncode == 0
    assert run("apply", "--allow", "delete-acls").returncode == 0
    assert run("plan", "--kind", "schemas", "--cluster", "inbound").returncode == 2
    assert run("apply", "--allow", "delete-all").returncode == 2


def test_the_live_state_can_be_adopted(platform_home: Path, tmp_path: Path) -> None:
    """Nobody writes down by hand what a cluster of years holds."""
    folder = tmp_path / "adopted"
    adopted = goodsflow("plan", "--adopt", "--output", str(folder), home=platform_home)
    assert adopted.returncode == 0, adopted.stderr

    file = str(folder / "platform.yaml")
    first = goodsflow("plan", "--file", file, home=platform_home)

    assert first.returncode == 0, first.stdout + first.stderr
    assert "Everything is as declared." in first.stdout
    again = goodsflow("plan", "--adopt", "--output", str(folder), home=platform_home)
    assert again.returncode == 1
    assert "there already" in again.stderr


def test_a_right_that_is_revoked_goes_from_the_mirror_too(
    declaration: Declaration, admin: KafkaAdmin, endpoints: Endpoints, name: str
) -> None:
    """MirrorMaker only ever adds: who was shut out would read the mirror for ever."""
    mirror = KafkaAdmin.connect(endpoints, "analytics", "admin")
    connector = PROJECT_ROOT / "connect-config" / "mm2-source.json"
    declaration.document["connectors"]["mm2-source"] = {"file": "mm2-source.json"}
    (declaration.folder / "mm2-source.json").write_text(connector.read_text())
    principal = declaration.document["clusters"]["inbound"]["principals"][name]
    right = {
        "resource": "topic",
        "name": "goods-filtered",
        "operations": ["read", "describe"],
    }
    read = AclBinding(name, "topic", "goods-filtered", "literal", "read")
    copy = AclBinding(name, "topic", "source.goods-filtered", "literal", "read")

    principal["acls"] = [right]
    declaration.write()
    declaration.apply()
    assert copy in mirror.acl_bindings()

    # By hand, at the source alone: the declaration puts it back there.
    check_all(admin.delete_acls([read]))
    assert any("create inbound ACL" in done for done in declaration.apply())

    principal["acls"] = [{**right, "operations": ["describe"]}]
    declaration.write()
    assert declaration.apply() == []
    assert copy in mirror.acl_bindings()
    assert len(declaration.apply("delete-acls")) == 2
    assert not {read, copy} & (admin.acl_bindings() | mirror.acl_bindings())

    # What MirrorMaker has left behind goes without a permission.
    check_all(mirror.create_acls([copy]))
    assert declaration.apply() == [
        f"delete analytics ACL {name} may read topic 'source.goods-filtered'"
    ]

    # It stays away although MirrorMaker goes on copying what there is.
    later = AclBinding(name, "topic", "goods-filtered", "literal", "describe_configs")
    later_copy = AclBinding(
        name, "topic", "source.goods-filtered", "literal", "describe_configs"
    )
    check_all(admin.create_acls([later]))
    await_condition(
        lambda: later_copy in mirror.acl_bindings(),
        "MirrorMaker copies ACLs",
        _MIRROR_SYNC_SECONDS,
    )
    assert copy not in mirror.acl_bindings()


def test_an_empty_apply_reads_and_changes_nothing(
    platform_home: Path, endpoints: Endpoints
) -> None:
    """It is what a pipeline runs at every commit."""
    with ConnectClient(endpoints.connect_url) as connect:
        before = {n: connect.status(n) for n in connect.connectors()}
        applied = goodsflow("apply", home=platform_home)
        after = {n: connect.status(n) for n in connect.connectors()}
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "Everything is as declared." in applied.stdout
    assert before == after


def test_a_refused_topic_is_named_with_its_cluster(
    admin: KafkaAdmin, topic: str
) -> None:
    """The broker's reason has to reach the person who declared it."""
    unknown = COMPACT.model_copy(update={"config": {"no.such.setting": "b"}})
    with pytest.raises(OperationFailedError, match=f"inbound.*{topic}"):
        check_all(admin.create_topics({topic: unknown}))


def test_a_refused_login_is_not_an_unreachable_cluster(
    endpoints: Endpoints, tmp_path: Path
) -> None:
    """Taken for refused, an outage would have every password replaced."""
    wrong = endpoints.model_copy(update={"secrets_dir": tmp_path})
    wrong.password_file("inbound", "admin").parent.mkdir()
    wrong.password_file("inbound", "admin").write_text("wrong")
    away = endpoints.model_copy(
        update={"bootstrap_servers": {"inbound": "127.0.0.1:1"}}
    )

    assert not credential_works(wrong, "inbound", "admin")
    with pytest.raises(AuthenticationFailedError) as refused:
        KafkaAdmin.connect(wrong, "inbound", "admin")
    assert "wrong" not in str(refused.value)
    with pytest.raises(ClusterUnavailableError):
        credential_works(away, "inbound", "admin", timeout_seconds=1)
    with pytest.raises(ClusterUnavailableError, match="Are its brokers up"):
        KafkaAdmin.connect(away, "inbound", "admin", timeout_seconds=1)


def test_offsets_and_lag_are_what_was_written_and_committed(
    admin: KafkaAdmin, endpoints: Endpoints, topic: str
) -> None:
    """A lag that is wrong hides a service that has stopped."""
    check_all(admin.create_topics({topic: COMPACT}))
    again = admin.create_topics({topic: COMPACT})[topic]
    assert isinstance(again, TopicExistsError)
    config = client_config(endpoints, "inbound", "admin")
    producer = Producer(config)
    for partition, count in ((0, 3), (1, 2)):
        for _ in range(count):
            producer.produce(topic, b"v", b"k", partition=partition)
    assert producer.flush(20) == 0
    group_config = {**config, "group.id": topic, "enable.auto.commit": False}
    with Consumer(group_config) as consumer:
        consumer.commit(offsets=[TopicPartition(topic, 0, 1)], asynchronous=False)

    reader = OffsetReader.connect(endpoints, "inbound", "dagster")
    offsets = reader.topic_offsets([topic])[topic]
    lag = reader.group_lag(topic, [topic])

    assert {p: (o.first, o.end) for p, o in offsets.items()} == {0: (0, 3), 1: (0, 2)}
    assert lag.offsets == {(topic, 0): 1}
    assert lag.lag == {(topic, 0): 2, (topic, 1): 2}
    assert lag.total == 4
    assert reader.group_offsets(f"{topic}-unknown") == {}
    with pytest.raises(OperationFailedError, match="it has no topic"):
        reader.topic_offsets([f"{topic}-unknown"])


def test_a_platform_that_is_up_is_seen_as_well(platform: PlatformResource) -> None:
    """A check that fails on a healthy platform is soon ignored on a sick one."""
    kafka = KafkaResource(platform=platform)
    findings = [
        *look_at_connectors(ConnectResource(platform=platform)),
        *look_at_files(HdfsResource(platform=platform)),
        *look_at_topics("inbound", kafka),
        *look_at_topics("analytics", kafka),
        *look_at_declared(DesiredStateResource(platform=platform)),
    ]
    assert [finding for finding in findings if not finding.passed] == []
