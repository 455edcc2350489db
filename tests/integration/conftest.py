"""What several test files share: a declaration, a shop's files."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from goodsflow.clients.hdfs import HdfsClient
from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.errors import KafkaError
from goodsflow.clients.kafka.futures import check_all
from goodsflow.clients.registry import RegistryClient
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.model.spec import Topic
from goodsflow.pipeline.recommender import RecommenderSettings
from goodsflow.pipeline.recommender.settings import Scoring
from tests.integration.declaration import COMPACT, SCHEMA, Declaration
from tests.integration.shops import Shop
from tests.support import await_condition


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"test-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def admin(endpoints: Endpoints) -> KafkaAdmin:
    """An administrative client of the inbound cluster."""
    return KafkaAdmin.connect(endpoints, "inbound", "admin")


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


@pytest.fixture
def shop(endpoints: Endpoints) -> Iterator[Shop]:
    """Make topics, a schema and a folder; remove them afterwards."""
    name = f"test-recommender-{uuid.uuid4().hex[:8]}"
    settings = RecommenderSettings(
        principal="admin",
        source_topic=f"{name}-source",
        output_topic=f"{name}-output",
        events_topic=f"{name}-events",
        group_id=name,
        transactional_id=name,
        topics_dir=f"/{name}/topics",
        archive_dir=f"/{name}/archive",
        state_dir=f"/{name}/state",
        files_per_window=2,
        per_window=3,
        # A score is the mean price over the latest one, unless a test says more.
        scoring=Scoring(scarce_stock=0),
    )
    topics = {
        settings.source_topic: Topic(partitions=2, replication_factor=2),
        settings.output_topic: Topic(partitions=1, replication_factor=2),
        settings.events_topic: Topic(partitions=1, replication_factor=2),
    }
    admin = KafkaAdmin.connect(endpoints, "analytics", "admin")
    check_all(admin.create_topics(topics))
    with HdfsClient.connect(endpoints, "hdfs") as client:
        client.make_directory(settings.topics_dir, mode="755")
        for path in (settings.archive_dir, settings.state_dir):
            client.make_directory(path, owner=settings.hdfs_user)
    registry = RegistryClient(endpoints.schema_registry_url)
    schema = (PROJECT_ROOT / "schemas" / "goods.json").read_text()
    schema_id = registry.register(f"{settings.output_topic}-value", schema)
    yield Shop(endpoints, settings, schema_id)
    registry.close()

    def are_gone() -> bool:
        try:
            check_all(admin.delete_topics(admin.topics(topics)))
        except KafkaError:
            # The test may have held the brokers up until a moment ago.
            return False
        return True

    await_condition(are_gone, "the topics are deleted", 120)
    with HdfsClient.connect(endpoints, "hdfs") as client:
        client.delete(f"/{name}", recursive=True)
