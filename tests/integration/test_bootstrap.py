"""The bootstrap and the watching of the platform, on real parts."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from confluent_kafka import (
    Consumer,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramMechanism,
    UserScramCredentialDeletion,
)

from dagster_project.checks.connectors import look_at_connectors
from dagster_project.checks.files import look_at_files
from dagster_project.checks.topics import look_at_topics
from dagster_project.definitions import build_definitions
from dagster_project.resources import (
    ConnectResource,
    HdfsResource,
    KafkaResource,
    PlatformResource,
)
from goodsflow.bootstrap import (
    RefusedError,
    make_directories,
    make_principals,
    make_topics,
)
from goodsflow.connect import ConnectClient
from goodsflow.endpoints import Endpoints
from goodsflow.hdfs import HdfsClient
from goodsflow.kafka.admin import KafkaAdmin
from goodsflow.kafka.config import client_config
from goodsflow.kafka.credentials import PasswordFiles, credential_works
from goodsflow.kafka.errors import (
    AuthenticationFailedError,
    ClusterUnavailableError,
    OperationFailedError,
)
from goodsflow.kafka.offsets import OffsetReader
from goodsflow.spec import AclBinding, Cluster, Directory, Principal, Topic

pytestmark = pytest.mark.filterwarnings(
    # Dagster itself uses what it deprecates, to make resources that hold others.
    "ignore:InitResourceContext.dagster_run:DeprecationWarning"
)
COMPACT = Topic(
    partitions=2, replication_factor=2, config={"cleanup.policy": "compact"}
)


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
    admin.delete_topics(admin.topics([name]))


@pytest.fixture
def platform(platform_home: Path) -> PlatformResource:
    """The platform as Dagster's resource."""
    return PlatformResource(home=str(platform_home))


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
    assert len(changes) == 7
    assert set(changes.values()) == {"Nothing to change."}


def test_topics_come_to_rest_and_drift_is_put_right(
    admin: KafkaAdmin, topic: str
) -> None:
    """A setting changed by hand stays wrong unseen otherwise."""
    declared = Cluster(topics={topic: COMPACT}, principals={})

    assert [c.action for c in make_topics(admin, "inbound", declared).changes] == [
        "create"
    ]
    assert not make_topics(admin, "inbound", declared).changes

    by_hand = {"cleanup.policy": "delete", "retention.ms": "60000"}
    admin.alter_topic_config(topic, by_hand)
    (change,) = make_topics(admin, "inbound", declared).changes
    assert "cleanup.policy from delete to compact" in str(change)
    assert admin.topics([topic])[topic].config == {
        "cleanup.policy": "compact",
        "retention.ms": "60000",
    }


def test_other_partitions_are_refused(admin: KafkaAdmin, topic: str) -> None:
    """Kafka would take more of them, and scatter the records of a key."""
    make_topics(admin, "inbound", Cluster(topics={topic: COMPACT}, principals={}))
    more = COMPACT.model_copy(update={"partitions": 4})

    with pytest.raises(RefusedError, match="has 2 partitions, 4 are declared"):
        make_topics(admin, "inbound", Cluster(topics={topic: more}, principals={}))


def test_a_refused_topic_is_named_with_its_cluster(
    admin: KafkaAdmin, topic: str
) -> None:
    """The broker's reason has to reach the person who declared it."""
    unknown = COMPACT.model_copy(update={"config": {"no.such.setting": "b"}})
    with pytest.raises(OperationFailedError, match=f"inbound.*{topic}"):
        admin.create_topics({topic: unknown})


@pytest.fixture
def secrets(endpoints: Endpoints, tmp_path: Path, name: str) -> Iterator[Endpoints]:
    """Endpoints with a password file for one new principal, removed after the test."""
    own = endpoints.model_copy(update={"secrets_dir": tmp_path})
    own.password_file("inbound", name).parent.mkdir()
    own.password_file("inbound", name).write_text("first-password")
    yield own
    client = AdminClient(client_config(endpoints, "inbound", "admin"))
    anything: Any = None
    bindings = AclBindingFilter(
        ResourceType.ANY,
        anything,
        ResourcePatternType.ANY,
        f"User:{name}",
        anything,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    deletion = UserScramCredentialDeletion(name, ScramMechanism.SCRAM_SHA_512)
    for future in (
        *client.delete_acls([bindings]).values(),
        *client.alter_user_scram_credentials([deletion]).values(),
    ):
        future.result(20)


def test_a_principal_gets_its_rights_and_its_password(
    admin: KafkaAdmin, secrets: Endpoints, name: str
) -> None:
    """A password file that was replaced must let its principal in again."""
    declared = Cluster(
        topics={"goods": COMPACT}, principals={name: Principal(produce=["goods"])}
    )
    passwords = PasswordFiles(secrets, "inbound")
    extra = AclBinding(name, "topic", "goods", "literal", "read")

    assert not credential_works(secrets, "inbound", name)
    first = make_principals(admin, passwords, declared)
    assert [change.kind for change in first.changes] == ["acl", "acl", "credential"]
    assert credential_works(secrets, "inbound", name)
    assert admin.scram_iterations()[name] >= 4096
    assert not make_principals(admin, passwords, declared).changes

    admin.create_acls([extra])
    secrets.password_file("inbound", name).write_text("second-password")
    second = make_principals(admin, passwords, declared)
    assert [change.action for change in second.changes] == ["update"]
    assert second.surplus == (str(extra),)
    assert extra in admin.acl_bindings()
    assert credential_works(secrets, "inbound", name)


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
    assert admin.create_topics({topic: COMPACT}) == set()
    assert admin.create_topics({topic: COMPACT}) == {topic}
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


def test_directories_come_to_rest_with_owner_and_mode(
    endpoints: Endpoints, name: str
) -> None:
    """A directory of the wrong owner keeps the sink from writing."""
    path = f"/tmp/{name}/made"  # noqa: S108 - on HDFS
    declared = {path: Directory(owner="connect", mode="750")}
    with HdfsClient.connect(endpoints, "hdfs") as client:
        try:
            assert make_directories(client, declared).changes
            assert not make_directories(client, declared).changes
            client.make_directory(path, owner="somebody", mode="777")
            (change,) = make_directories(client, declared).changes
            assert "owner from somebody to connect, mode from 777 to 750" in str(change)
            status = client.status(path)
            assert (status.owner, status.mode) == ("connect", "750")
        finally:
            client.delete(f"/tmp/{name}", recursive=True)  # noqa: S108


def test_a_platform_that_is_up_is_seen_as_well(platform: PlatformResource) -> None:
    """A check that fails on a healthy platform is soon ignored on a sick one."""
    kafka = KafkaResource(platform=platform)
    findings = [
        *look_at_connectors(ConnectResource(platform=platform)),
        *look_at_files(HdfsResource(platform=platform)),
        *look_at_topics("inbound", platform, kafka),
        *look_at_topics("analytics", platform, kafka),
    ]
    assert [finding for finding in findings if not finding.passed] == []
