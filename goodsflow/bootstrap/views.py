"""The views of ksqlDB."""

from __future__ import annotations

from collections.abc import Mapping

from goodsflow.bootstrap.outcome import Outcome, refuse_if_refused
from goodsflow.bootstrap.waiting import wait_for
from goodsflow.ksqldb import (
    KsqlClient,
    KsqlUnavailableError,
    SourceTable,
    create_source_table,
)
from goodsflow.ksqldb.sql import column_type, identifier
from goodsflow.reconcile import Plan, ViewKind, ViewState, plan_views
from goodsflow.spec import View

_SHOWN_SECONDS = 30.0
"""How long a server may take to carry out a statement that it has accepted."""

_SOURCE_TABLE = ("CREATE", "SOURCE", "TABLE")


def await_ksqldb(client: KsqlClient, timeout_seconds: float) -> None:
    """Wait until the server takes statements.

    Raises:
        NotReadyInTimeError: It does not by then.
        KsqlError: It refused.
    """
    wait_for(
        client.check_ready,
        "ksqlDB to be ready",
        timeout_seconds=timeout_seconds,
        retry_on=(KsqlUnavailableError,),
    )


def read_views_plan(client: KsqlClient, desired: Mapping[str, View]) -> Plan[View]:
    """Compare the declared views with the server's tables and streams.

    Raises:
        KsqlError: The server refused or did not answer.
    """
    declared = {identifier(name): (v, _declared(v)) for name, v in desired.items()}
    there = client.sources()
    actual = {name: _state(client.describe(name)) for name in declared if name in there}
    return plan_views(declared, actual, frozenset(there.keys() - declared.keys()))


def make_views(client: KsqlClient, desired: Mapping[str, View]) -> Outcome:
    """Create the declared views that are missing.

    Args:
        client: Of a server that is ready.
        desired: By name.

    Raises:
        RefusedError: What is there under a declared name differs; nothing was changed.
        NotReadyInTimeError: The server accepted a view and does not show it.
        KsqlError: The server refused or did not answer.
    """
    plan = read_views_plan(client, desired)
    refuse_if_refused(plan)
    for change in plan.changes:
        client.execute(create_source_table(change.name, change.desired))

    def unmet(now: Plan[View]) -> str | None:
        # Another may have been faster, with something else.
        refuse_if_refused(now)
        return ", ".join(change.name for change in now.changes) or None

    wait_for(
        lambda: read_views_plan(client, desired),
        "ksqlDB to show the views that it was given",
        timeout_seconds=_SHOWN_SECONDS,
        unmet=unmet,
    )
    return Outcome({"views": len(desired)}, plan.changes, plan.surplus)


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
