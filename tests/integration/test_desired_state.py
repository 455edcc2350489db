"""Desired state on the real systems: planned, applied, drifted, repaired."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.checks.connectors import evaluate_connectors
from dagster_project.checks.declared import evaluate_declared
from dagster_project.checks.files import evaluate_files
from dagster_project.checks.topics import evaluate_topics
from dagster_project.definitions import build_definitions
from dagster_project.resources import (
    ConnectResource,
    DesiredStateResource,
    HdfsResource,
    KafkaResource,
    PlatformResource,
)
from goodsflow.clients.connect import ConnectClient
from goodsflow.clients.hdfs import HdfsClient
from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.credentials import credential_works
from goodsflow.clients.kafka.futures import check_all
from goodsflow.clients.kafka.quotas import QuotaAdmin, QuotaEntity
from goodsflow.clients.registry import RegistryClient
from goodsflow.common.secrets import Secret
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.model.spec import AclBinding
from tests.integration.declaration import SCHEMA, Declaration, acls_by_hand
from tests.support import await_condition

pytestmark = pytest.mark.filterwarnings(
    # Dagster itself uses what it deprecates, to make resources that hold others.
    "ignore:InitResourceContext.dagster_run:DeprecationWarning"
)


_MIRROR_SYNC_SECONDS = 150
"""MirrorMaker copies ACLs once a minute."""


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
    assert len(changes) == 12
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
    settings = {"cleanup.policy": "compact,delete", "segment.ms": "60000"}
    check_all(admin.alter_topic_configs({own.name: settings}))


def _credential_by_hand(own: Declaration) -> None:
    admin = KafkaAdmin.connect(own.endpoints, "inbound", "admin")
    check_all(admin.upsert_credentials({own.name: Secret("by-hand")}))


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
                    "update inbound topic {}: cleanup.policy: compact,delete -> "
                    "compact, segment.ms: 60000 -> (default)"
                )
            ],
        ),
        (
            acls_by_hand,
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
    assert "Declare partitions: 2" in reasons["topics"]


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


def test_a_platform_that_is_up_is_seen_as_well(platform: PlatformResource) -> None:
    """A check that fails on a healthy platform is soon ignored on a sick one."""
    kafka = KafkaResource(platform=platform)
    results = [
        *evaluate_connectors(ConnectResource(platform=platform)),
        *evaluate_files(HdfsResource(platform=platform)),
        *evaluate_topics("inbound", kafka),
        *evaluate_topics("analytics", kafka),
        *evaluate_declared(DesiredStateResource(platform=platform)),
    ]
    assert [result for result in results if not result.passed] == []
