"""Plan ksqlDB's views: they can't be altered, only created, replaced or dropped."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from goodsflow.desired_state.planning.plan import (
    Change,
    Difference,
    Plan,
    Target,
    merge_plans,
)
from goodsflow.desired_state.planning.scope import plan_undeclared
from goodsflow.model.spec import View

ViewKind = Literal["source table", "table", "stream"]


@dataclass(frozen=True)
class ViewState:
    """A view as declared or as it exists, in ksqlDB's spelling.

    Attributes:
        kind: A source table, or something else that has its name.
        columns: Types by column, in order.
        key: The columns of the key.
        write_queries: Queries that must be terminated before it can be dropped.
    """

    kind: ViewKind
    topic: str
    value_format: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    write_queries: tuple[str, ...] = ()


def plan_views(
    target: Target,
    desired: Mapping[str, tuple[View, ViewState]],
    actual: Mapping[str, ViewState],
    *,
    others: Collection[str] = (),
    scope: Iterable[str] = (),
) -> Plan:
    """Compare the declared views with ksqlDB's tables and streams.

    Args:
        target: ksqlDB.
        desired: The declared views and their states, by ksqlDB's spelling of the name.
        actual: What exists under a declared name.
        others: Names of the tables and streams that are not declared.
        scope: Patterns of names that are managed even if undeclared.
    """
    changes: list[Change] = []
    for name, (view, state) in desired.items():
        there = actual.get(name)
        if there is None:
            differences = (Difference("topic", None, state.topic),)
            changes.append(Change(target, "create", name, differences, view))
        elif found := tuple(_differences(state, there)):
            changes.append(_replacement(target, name, found, view, there))
    undeclared = plan_undeclared(
        target,
        others,
        [pattern.upper() for pattern in scope],
        "delete-views",
        "its topic and records are kept",
    )
    return merge_plans([Plan(tuple(changes)), undeclared])


def _differences(desired: ViewState, actual: ViewState) -> Iterator[Difference]:
    for field, before, after in (
        ("kind", actual.kind, desired.kind),
        ("topic", actual.topic, desired.topic),
        ("format", actual.value_format, desired.value_format),
        ("key", ", ".join(actual.key) or "none", ", ".join(desired.key)),
        ("columns", _listed(actual.columns), _listed(desired.columns)),
    ):
        if before != after:
            yield Difference(field, before, after)


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


def _replacement(
    target: Target,
    name: str,
    differences: tuple[Difference, ...],
    view: View,
    there: ViewState,
) -> Change:
    if there.kind != "source table" or there.write_queries:
        terminate = "".join(f"`TERMINATE {q};` and " for q in there.write_queries)
        noun = "STREAM" if there.kind == "stream" else "TABLE"
        return Change(
            target,
            "update",
            name,
            differences,
            view,
            why="Somebody else created it. Declare it as it is, or remove it with "
            f"{terminate}`DROP {noun} {name};` (its topic and records are kept).",
            is_possible=False,
        )
    return Change(
        target,
        "update",
        name,
        differences,
        view,
        permission="replace-views",
        why="it is dropped and created again, and can't be queried until it has read "
        "its topic",
    )
