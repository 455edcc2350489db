"""Plans of views."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from goodsflow.reconcile import Plan, ViewState, plan_views
from goodsflow.spec import View

VIEW = View(
    topic="t",
    value_format="JSON_SR",
    key="id",
    columns={"id": "VARCHAR", "n": "DOUBLE"},
)
STATE = ViewState(
    "source table", "t", "JSON_SR", {"ID": "VARCHAR", "N": "DOUBLE"}, ("ID",)
)


def plan(actual: ViewState | None, *others: str) -> Plan[View]:
    """Plan one view."""
    there = {} if actual is None else {"V": actual}
    return plan_views({"V": (VIEW, STATE)}, there, frozenset(others))


def test_a_missing_view_is_created() -> None:
    """The search has nothing to ask without it."""
    (change,) = plan(None).changes
    assert (str(change), change.desired) == ("create view 'V' over topic 't'", VIEW)


def test_one_that_is_as_declared_is_left_alone() -> None:
    """The server would take a minute to read it anew."""
    assert plan(STATE).is_as_declared


def test_what_is_not_declared_is_surplus_and_stays() -> None:
    """Somebody made it for a reason that the declaration does not know."""
    assert plan(STATE, "Z", "A").surplus == ("A", "Z")


@pytest.mark.parametrize(
    ("differing", "text"),
    [
        ({"kind": "table"}, "is a table, a source table is declared"),
        ({"topic": "u"}, "reads topic 'u', 't' is declared"),
        ({"value_format": "JSON"}, "reads JSON, JSON_SR is declared"),
        ({"key": ()}, "has the key none, ID is declared"),
        (
            {"columns": {"ID": "VARCHAR"}},
            "has the columns ID VARCHAR; ID VARCHAR, N DOUBLE are declared",
        ),
    ],
)
def test_one_that_differs_is_refused_with_the_way_out(
    differing: dict[str, Any], text: str
) -> None:
    """There is no ALTER for it: half a change would leave what nobody declared."""
    found = plan(replace(STATE, **differing))
    assert not found.changes
    (refusal,) = found.refusals
    assert refusal.startswith(f"View 'V' of ksqlDB {text}. ")
    assert "`DROP TABLE V;`" in refusal


def test_queries_that_hold_it_are_named() -> None:
    """A DROP is refused while one writes to it."""
    there = replace(STATE, kind="stream", write_queries=("CSAS_V_1",))
    (refusal,) = plan(there).refusals
    assert "`TERMINATE CSAS_V_1;` and `DROP STREAM V;`" in refusal
