"""A declaration of a test's own, with one of each kind under a name of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.futures import check_all
from goodsflow.desired_state.planning import Permission, Plan
from goodsflow.desired_state.providers.reconciler import Reconciler
from goodsflow.model.endpoints import Endpoints
from goodsflow.model.spec import AclBinding, Topic

COMPACT = Topic(
    partitions=2, replication_factor=2, config={"cleanup.policy": "compact"}
)
SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "additionalProperties": False,
}


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
            planned = reconciler.plan_all(reconciler.targets())
        assert planned.failures == {}
        return planned.plan

    def apply(self, *allowed: Permission) -> list[str]:
        """Plan and apply; return what was done. Nothing may fail."""
        with Reconciler.of_file(
            self.file, self.endpoints, principal="admin"
        ) as reconciler:
            planned = reconciler.plan_all(reconciler.targets())
            assert planned.failures == {}
            results = reconciler.apply(planned.plan.changes, allowed)
            assert [r.error for r in results if r.error] == []
            for target in {r.change.target for r in results}:
                reconciler.provider(target).settle()
        return [result.change.what for result in results]


def acls_by_hand(own: Declaration) -> None:
    """Take one right away and give another."""
    admin = KafkaAdmin.connect(own.endpoints, "inbound", "admin")
    write = AclBinding(own.name, "topic", own.name, "literal", "write")
    check_all(admin.delete_acls([write]))
    read = AclBinding(own.name, "topic", own.name, "literal", "read")
    check_all(admin.create_acls([read]))
