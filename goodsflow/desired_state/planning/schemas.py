"""Schemas: the newest version of a subject, and its compatibility."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from goodsflow.desired_state.planning.plan import (
    Change,
    Difference,
    Plan,
    Target,
    merge_plans,
)
from goodsflow.desired_state.planning.scope import plan_undeclared


@dataclass(frozen=True)
class SchemaState:
    """A subject: the JSON Schema of its newest version, and its compatibility."""

    document: Mapping[str, Any]
    compatibility: str


@dataclass(frozen=True)
class Revert:
    """The way back to a schema that was registered before.

    Attributes:
        versions: Those registered since, which have to go.
    """

    schema: SchemaState
    versions: tuple[int, ...]


def plan_schemas(
    target: Target,
    desired: Mapping[str, SchemaState],
    actual: Mapping[str, SchemaState],
    *,
    others: Collection[str] = (),
    scope: Iterable[str] = (),
    incompatible: Mapping[str, tuple[str, ...]] | None = None,
    newer: Mapping[str, tuple[int, ...]] | None = None,
) -> Plan:
    """Compare the declared subjects with those of the registry.

    Two texts of one document are one schema, whatever their spaces and order of keys.

    Args:
        target: The registry.
        desired: The declared subjects.
        actual: What the registry has of them.
        others: Its other subjects.
        scope: Patterns of subjects that are ours although not declared.
        incompatible: What the registry has against a declared schema, by subject.
        newer: Where a declared schema is an older version already, the versions since:
            a registry registers no schema twice.
    """
    changes: list[Change] = []
    for subject, schema in desired.items():
        there = actual.get(subject)
        if there is None:
            differences = (Difference("compatibility", None, schema.compatibility),)
            changes.append(Change(target, "create", subject, differences, schema))
        else:
            reasons = (incompatible or {}).get(subject, ())
            since = (newer or {}).get(subject, ())
            changes += _changes(target, subject, schema, there, reasons, since)
    undeclared = plan_undeclared(
        target,
        others,
        scope,
        "delete-schemas",
        "records that name its versions can no longer be checked",
    )
    return merge_plans([Plan(tuple(changes)), undeclared])


def _changes(  # noqa: PLR0917 - all of one subject
    target: Target,
    subject: str,
    desired: SchemaState,
    actual: SchemaState,
    reasons: tuple[str, ...],
    since: tuple[int, ...],
) -> Iterable[Change]:
    if actual.compatibility != desired.compatibility:
        difference = Difference(
            "compatibility", actual.compatibility, desired.compatibility
        )
        yield Change(target, "update", subject, (difference,), desired)
    if actual.document == desired.document:
        return
    version = tuple(document_differences(actual.document, desired.document))
    if since:
        yield Change(
            target,
            "update",
            subject,
            version,
            Revert(desired, since),
            permission="delete-schemas",
            why="it was registered before, so that what was registered since goes "
            f"(version {', '.join(map(str, since))}): records that name it can no "
            "longer be checked",
        )
        return
    if not reasons:
        yield Change(target, "update", subject, version, desired)
        return
    yield Change(
        target,
        "update",
        subject,
        version,
        desired,
        why=f"The registry refuses it under {desired.compatibility}: "
        f"{'; '.join(reasons)}. Change the schema so that it fits, register it under a "
        "new subject, or declare compatibility: NONE for this one step.",
        is_possible=False,
    )


def document_differences(
    before: object, after: object, path: str = ""
) -> Iterable[Difference]:
    """Find where two JSON documents differ, each place by its JSON Pointer."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted(before.keys() | after.keys()):
            place = f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"
            if key not in before:
                yield Difference(place, None, _short(after[key]))
            elif key not in after:
                yield Difference(place, _short(before[key]), "removed")
            else:
                yield from document_differences(before[key], after[key], place)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _list_differences(before, after, path or "/")
    elif before != after or type(before) is not type(after):
        yield Difference(path or "/", _short(before), _short(after))


def _list_differences(
    before: list[Any], after: list[Any], path: str
) -> Iterable[Difference]:
    """Name what is only in one of two lists; where nothing is, their order differs."""
    gone = [each for each in before if each not in after]
    new = [each for each in after if each not in before]
    for each in gone:
        yield Difference(path, _short(each), "removed")
    for each in new:
        yield Difference(path, None, f"+ {_short(each)}")
    if before != after and not gone and not new:
        yield Difference(path, _short(before), _short(after))


def _short(value: object, most: int = 60) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else f"{text[: most - 1]}…"
