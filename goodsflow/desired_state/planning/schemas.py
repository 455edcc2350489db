"""Plan schemas: a subject's newest version, and its compatibility."""

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
    """A subject's newest JSON Schema and its compatibility."""

    document: Mapping[str, Any]
    compatibility: str


@dataclass(frozen=True)
class Revert:
    """A return to an older version of a subject.

    Attributes:
        schema: The declared schema, which is that version.
        versions: The newer versions, which have to be deleted.
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

    Schemas are compared as JSON: white space and the order of keys don't matter.

    Args:
        target: The registry.
        desired: The declared subjects.
        actual: Those of them that exist.
        others: Names of the subjects that are not declared.
        scope: Patterns of subjects that are managed even if undeclared.
        incompatible: Why the registry rejects a declared schema, by subject.
        newer: If a declared schema is an older version, the versions since, by subject.
            A registry does not register a schema twice.
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
        "records written with it can no longer be validated",
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
            why="the declared schema is an older version, so the newer are deleted "
            f"(version {', '.join(map(str, since))}): records written with them can no "
            "longer be validated",
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
        why=f"The registry rejects it under {desired.compatibility}: "
        f"{'; '.join(reasons)}. Make the schema compatible, declare it under a new "
        "subject, or declare compatibility: NONE for this one change.",
        is_possible=False,
    )


def document_differences(
    before: object, after: object, path: str = ""
) -> Iterable[Difference]:
    """Yield the differences of two JSON documents, each with its JSON Pointer."""
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
    """Yield what only one of two lists contains, or that their order differs."""
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
