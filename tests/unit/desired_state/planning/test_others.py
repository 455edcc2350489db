"""Plans of directories and views."""

from dataclasses import replace

from goodsflow.desired_state.planning import (
    Target,
    ViewState,
    plan_directories,
    plan_views,
)
from goodsflow.model.spec import Directory, View

HDFS = Target("directories")
KSQLDB = Target("views")
DATA = Directory(owner="connect", mode="755")
VIEW = View(
    topic="t", value_format="JSON", key="id", columns={"id": "VARCHAR", "n": "BIGINT"}
)
STATE = ViewState(
    "source table", "t", "JSON", {"ID": "VARCHAR", "N": "BIGINT"}, ("ID",)
)


def test_directories_are_made_and_their_owners_set() -> None:
    """The sink cannot write to a directory of another owner."""
    desired = {"/new": DATA, "/old": DATA, "/same": DATA, "/file": DATA}
    there = {
        "/old": Directory(owner="root", mode="0700"),
        "/same": Directory(owner="connect", mode="0755"),
    }
    plan = plan_directories(HDFS, desired, there, ["/file"])
    assert [str(change) for change in plan.changes] == [
        "create directory /new: owner: connect, mode: 755",
        "update directory /old: owner: root -> connect, mode: 0700 -> 755",
        "cannot create directory /file. There is a file of this name. Move it away.",
    ]
    assert plan.changes[-1].safety == "impossible"


def test_a_view_is_created_and_replaced_only_with_permission() -> None:
    """Nobody can search while it is replaced."""
    missing = plan_views(KSQLDB, {"CARDS": (VIEW, STATE)}, {})
    other = replace(STATE, columns={"ID": "VARCHAR"})
    differs = plan_views(KSQLDB, {"CARDS": (VIEW, STATE)}, {"CARDS": other})
    same = plan_views(KSQLDB, {"CARDS": (VIEW, STATE)}, {"CARDS": STATE})
    assert [(c.action, c.permission) for c in missing.changes] == [("create", None)]
    assert [(c.action, c.permission) for c in differs.changes] == [
        ("update", "replace-views")
    ]
    assert str(differs.changes[0].differences[0]) == (
        "columns: ID VARCHAR -> ID VARCHAR, N BIGINT"
    )
    assert same.is_empty


def test_what_somebody_else_created_is_not_replaced() -> None:
    """A stream of that name may have readers, and queries that write to it."""
    stream = replace(STATE, kind="stream", write_queries=("CSAS_1",))
    (change,) = plan_views(KSQLDB, {"CARDS": (VIEW, STATE)}, {"CARDS": stream}).changes
    assert change.safety == "impossible"
    assert "`TERMINATE CSAS_1;` and `DROP STREAM CARDS;`" in change.why


def test_other_views_are_left_alone_unless_in_scope() -> None:
    """Somebody may explore the cards with their own table."""
    plan = plan_views(KSQLDB, {}, {}, others=["OLD_A", "B"], scope=["old_*"])
    assert [(c.name, c.permission) for c in plan.changes] == [("OLD_A", "delete-views")]
    assert plan.unmanaged == ((KSQLDB, ("B",)),)
