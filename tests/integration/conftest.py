"""What tests of the desired state share."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from goodsflow.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.hdfs import HdfsClient
from goodsflow.kafka.admin import KafkaAdmin
from tests.integration.declaration import COMPACT, SCHEMA, Declaration


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
