"""Schemas: the newest version of a subject, and its compatibility."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from goodsflow.reconcile.plan import Change, Plan


@dataclass(frozen=True)
class SchemaState:
    """A subject: the JSON Schema of its newest version, and its compatibility."""

    document: Mapping[str, Any]
    compatibility: str


def plan_schemas(
    desired: Mapping[str, SchemaState], actual: Mapping[str, SchemaState]
) -> Plan[SchemaState]:
    """Compare the declared subjects with those of the registry.

    Two texts of one document are one schema, whatever their spaces and order of keys.
    """
    changes: list[Change[SchemaState]] = []
    for subject, schema in desired.items():
        there = actual.get(subject)
        if there is None:
            text = (
                f"register the schema of subject '{subject}' with compatibility "
                f"{schema.compatibility}"
            )
            changes.append(Change("schema", "create", subject, schema, text))
            continue
        differences = []
        if there.compatibility != schema.compatibility:
            differences.append(
                f"compatibility from {there.compatibility} to {schema.compatibility}"
            )
        if there.document != schema.document:
            differences.append("a new version of its schema")
        if differences:
            text = f"update subject '{subject}': {', '.join(differences)}"
            changes.append(Change("schema", "update", subject, schema, text))
    return Plan(tuple(changes))
