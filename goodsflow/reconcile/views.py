"""Views of ksqlDB: created; what differs is refused, since none can be altered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from goodsflow.reconcile.plan import Change, Plan
from goodsflow.spec import View

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
    desired: Mapping[str, tuple[View, ViewState]],
    actual: Mapping[str, ViewState],
    others: frozenset[str] = frozenset(),
) -> Plan[View]:
    """Compare the declared views with ksqlDB's tables and streams.

    Args:
        desired: By the name as ksqlDB knows it: the declaration, and what is to be
            there then.
        actual: What is there under a declared name.
        others: Names of the tables and streams that are not declared.
    """
    changes: list[Change[View]] = []
    refusals: list[str] = []
    for name, (view, state) in desired.items():
        there = actual.get(name)
        if there is None:
            text = f"create view '{name}' over topic '{state.topic}'"
            changes.append(Change("view", "create", name, view, text))
            continue
        differences = _differences(state, there)
        if differences:
            refusals.append(_refusal(name, differences, there))
    return Plan(tuple(changes), tuple(refusals), tuple(sorted(others)))


def _differences(desired: ViewState, actual: ViewState) -> list[str]:
    found = []
    if actual.kind != desired.kind:
        found.append(f"is a {actual.kind}, a {desired.kind} is declared")
    if actual.topic != desired.topic:
        found.append(f"reads topic '{actual.topic}', '{desired.topic}' is declared")
    if actual.value_format != desired.value_format:
        found.append(f"reads {actual.value_format}, {desired.value_format} is declared")
    if actual.key != desired.key:
        found.append(
            f"has the key {', '.join(actual.key) or 'none'}, "
            f"{', '.join(desired.key)} is declared"
        )
    if dict(actual.columns) != dict(desired.columns):
        found.append(
            f"has the columns {_listed(actual.columns)}; {_listed(desired.columns)} "
            "are declared"
        )
    return found


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


def _refusal(name: str, differences: list[str], there: ViewState) -> str:
    terminate = "".join(f"`TERMINATE {query};` and " for query in there.write_queries)
    noun = "STREAM" if there.kind == "stream" else "TABLE"
    return (
        f"View '{name}' of ksqlDB {'; '.join(differences)}. It cannot be altered: "
        f"declare what is there, or remove it with {terminate}`DROP {noun} {name};` "
        "(the topic and its records stay) and materialize the views again."
    )
