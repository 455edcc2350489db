"""Views of ksqlDB: created, and with a permission replaced: none can be altered."""

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
    """What is there under a name, or is declared, with ksqlDB's own spelling.

    Attributes:
        kind: A source table, or what cannot serve as one.
        columns: Types by column, in order.
        key: The columns of the key.
        write_queries: Queries that have to be terminated before it can be dropped.
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
        desired: By the name as ksqlDB knows it: the declaration, and what is to be
            there then.
        actual: What is there under a declared name.
        others: Names of the tables and streams that are not declared.
        scope: Patterns of names that are ours although not declared.
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
        "its topic and the records in it stay",
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
            why="Somebody else made it. Declare what is there, or remove it with "
            f"{terminate}`DROP {noun} {name};` (the topic and its records stay).",
            is_possible=False,
        )
    return Change(
        target,
        "update",
        name,
        differences,
        view,
        permission="replace-views",
        why="it is dropped and made anew, and does not answer until it has read its "
        "topic",
    )
