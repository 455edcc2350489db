"""The views of ksqlDB."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from goodsflow.clients.ksqldb import (
    KsqlClient,
    KsqlUnavailableError,
    SourceTable,
    create_source_table,
)
from goodsflow.clients.ksqldb.sql import column_type, identifier
from goodsflow.common.waiting import wait_for
from goodsflow.desired_state.planning import (
    Change,
    Plan,
    Target,
    ViewKind,
    ViewState,
    plan_views,
)
from goodsflow.desired_state.providers.errors import not_ready
from goodsflow.desired_state.providers.fragments import DeclarationFragment
from goodsflow.desired_state.providers.provider import Provider, Result, one_by_one
from goodsflow.model.spec import View

_EFFECTIVE_SECONDS = 30.0
"""How long a server may take to execute a statement that it has accepted."""

_SOURCE_TABLE = ("CREATE", "SOURCE", "TABLE")


class ViewsProvider(Provider):
    """Creates, replaces and drops source tables.

    Args:
        connect: Returns a client of the server.
        desired: The declared views by name.
        scope: Patterns of names that are managed even if undeclared.
        ready_timeout_seconds: How long to wait until the server takes statements.
    """

    target = Target("views")

    def __init__(
        self,
        connect: Callable[[], KsqlClient],
        desired: Mapping[str, View],
        scope: Sequence[str],
        *,
        ready_timeout_seconds: float,
    ) -> None:
        self._connect = connect
        self._desired = desired
        self._scope = scope
        self._ready_timeout_seconds = ready_timeout_seconds

    def await_ready(self) -> None:
        """Wait until the server takes statements."""
        with self._connect() as client:
            wait_for(
                client.check_ready,
                not_ready("ksqlDB to be ready"),
                timeout_seconds=self._ready_timeout_seconds,
                retry_on=(KsqlUnavailableError,),
            )

    def plan(self) -> Plan:
        """Compare the declared views with the server's tables and streams.

        Raises:
            KsqlError: The server refused or did not answer.
        """
        with self._connect() as client:
            return self._plan(client)

    def _plan(self, client: KsqlClient) -> Plan:
        declared = {identifier(n): (v, _declared(v)) for n, v in self._desired.items()}
        there = client.sources()
        actual = {n: _state(client.describe(n)) for n in declared if n in there}
        return plan_views(
            self.target,
            declared,
            actual,
            others=there.keys() - declared.keys(),
            scope=self._scope,
        )

    def adopt(self) -> DeclarationFragment:
        """Return every source table that can be declared."""
        declared: dict[str, Any] = {}
        notes = []
        with self._connect() as client:
            for name in client.sources():
                state = _state(client.describe(name))
                view = as_declared_view(state)
                if view is None:
                    notes.append(f"ksqlDB's {state.kind} '{name}'")
                else:
                    declared[name.lower()] = view
        return DeclarationFragment({"views": declared}, notes=tuple(notes))

    def apply(self, changes: Sequence[Change]) -> Iterator[Result]:
        """Execute each statement, and wait until it is in effect."""
        with self._connect() as client:
            yield from one_by_one(changes, lambda change: self._apply(client, change))

    def _apply(self, client: KsqlClient, change: Change) -> None:
        if change.action != "create":
            kind = client.sources().get(change.name, "TABLE")
            client.execute(f"DROP {kind} {change.name};")
        if change.action != "delete":
            client.execute(create_source_table(change.name, change.desired))

        def unmet(now: Plan) -> str | None:
            left = [str(c) for c in now.changes if c.name == change.name]
            return "; ".join(left) or None

        wait_for(
            lambda: self._plan(client),
            not_ready(f"ksqlDB to apply the change of view '{change.name}'"),
            timeout_seconds=_EFFECTIVE_SECONDS,
            unmet=unmet,
        )


def _declared(view: View) -> ViewState:
    return ViewState(
        kind="source table",
        topic=view.topic,
        value_format=view.value_format,
        columns={
            identifier(name): column_type(kind) for name, kind in view.columns.items()
        },
        key=(identifier(view.key),),
    )


_STRUCT = re.compile(r"STRUCT<(?P<fields>[^<>]*)>")


def as_declared_view(state: ViewState) -> dict[str, Any] | None:
    """Return a source table's declaration; None if it can't be declared."""
    if state.kind != "source table" or len(state.key) != 1:
        return None
    columns: dict[str, Any] = {}
    for name, kind in state.columns.items():
        struct = _STRUCT.fullmatch(kind)
        columns[name.lower()] = (
            {
                field.split()[0].lower(): field.split()[1]
                for field in struct["fields"].split(", ")
            }
            if struct
            else kind
        )
    declared = {
        "topic": state.topic,
        "value_format": state.value_format,
        "key": state.key[0].lower(),
        "columns": columns,
    }
    try:
        View.model_validate(declared)
    except ValidationError:
        return None
    return declared


def _state(described: SourceTable) -> ViewState:
    kind: ViewKind = "stream" if described.kind == "STREAM" else "table"
    if tuple(described.statement.upper().split()[:3]) == _SOURCE_TABLE:
        kind = "source table"
    return ViewState(
        kind=kind,
        topic=described.topic,
        value_format=described.value_format,
        columns=described.columns,
        key=described.key,
        write_queries=described.write_queries,
    )
