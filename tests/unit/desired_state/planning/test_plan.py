"""Whole plans: their order, their text and their JSON."""

import json
from dataclasses import replace

from goodsflow.desired_state.planning import (
    Change,
    Difference,
    Plan,
    Target,
    merge_plans,
)
from goodsflow.desired_state.planning.rendering import as_json, as_text
from goodsflow.model.spec import AclBinding

TOPICS = Target("topics", "inbound")
IN_ACLS, OUT_ACLS = Target("acls", "inbound"), Target("acls", "analytics")


def test_things_are_made_in_order_and_deleted_the_other_way() -> None:
    """A principal has its rights before it can log in."""
    targets = [
        Target("connectors"),
        OUT_ACLS,
        Target("principals", "inbound"),
        IN_ACLS,
        TOPICS,
    ]
    plans = [Plan((Change(t, a, "x"),)) for t in targets for a in ("delete", "create")]  # type: ignore[arg-type]

    order = [(c.action, str(c.target)) for c in merge_plans(plans).changes]

    assert order == [
        ("create", "inbound topics"),
        ("create", "inbound ACLs"),
        ("create", "analytics ACLs"),
        ("create", "inbound principals"),
        ("create", "connectors"),
        ("delete", "connectors"),
        ("delete", "inbound principals"),
        ("delete", "inbound ACLs"),
        ("delete", "analytics ACLs"),
        ("delete", "inbound topics"),
    ]


PLAN = Plan(
    (
        Change(TOPICS, "create", "new", (Difference("partitions", None, "2"),)),
        Change(TOPICS, "update", "t", (Difference("a", "1", "2"),)),
        Change(
            TOPICS,
            "delete",
            "old",
            permission="delete-topics",
            why="all its records go with it",
        ),
        Change(TOPICS, "update", "bad", why="Do otherwise.", is_possible=False),
    ),
    ((IN_ACLS, tuple(f"p{i}" for i in range(10))),),
)


def test_a_plan_reads_as_a_list_of_what_happens() -> None:
    """Nobody approves what they cannot read."""
    assert as_text(PLAN) == (
        "inbound topics\n"
        "  + new  partitions: 2\n"
        "  ~ t    a: 1 -> 2\n"
        "  - old\n"
        "      needs delete-topics: all its records go with it\n"
        "  ! bad\n"
        "      can't be applied: Do otherwise.\n"
        "\n"
        "Unmanaged, never touched\n"
        "  inbound ACLs: p0, p1, p2, p3, p4, p5, p6, p7 and 2 more\n"
        "\n"
        "1 to create, 1 to update, 1 to delete, 1 can't be applied; "
        "1 needs --allow delete-topics."
    )
    assert as_text(Plan()) == "Everything is as declared."


def test_rights_on_one_object_read_as_one_line() -> None:
    """Nobody reads a hundred lines of single operations."""
    read = AclBinding("ui", "topic", "goods", "prefixed", "read")
    write = replace(read, operation="write")
    cluster = AclBinding("ui", "cluster", "kafka-cluster", "literal", "describe")
    rights = [
        Change(IN_ACLS, "create", str(each), desired=each)
        for each in (read, write, cluster)
    ]
    lost = Change(IN_ACLS, "delete", str(read), desired=read, permission="delete-acls")
    assert as_text(Plan((*rights, lost))).startswith(
        "inbound ACLs\n"
        "  + ui may read, write topic 'goods*'\n"
        "  + ui may describe cluster\n"
        "  - ui may read topic 'goods*'\n"
    )


def test_a_machine_gets_every_part_of_a_change() -> None:
    """A program decides by safety and permission, not by text."""
    document = json.loads(json.dumps(as_json(PLAN, {OUT_ACLS: ValueError("away")})))
    assert document["as_declared"] is False
    assert [c["safety"] for c in document["changes"]] == [
        "safe",
        "safe",
        "needs permission",
        "impossible",
    ]
    assert document["changes"][1]["differences"] == [
        {"field": "a", "from": "1", "to": "2"}
    ]
    assert document["changes"][2]["permission"] == "delete-topics"
    assert document["unmanaged"][0]["names"][-1] == "p9"
    assert document["unreadable"] == [
        {"kind": "acls", "cluster": "analytics", "error": "away"}
    ]


def test_what_could_not_be_read_is_never_as_declared() -> None:
    """A program would accept an empty plan in spite of an error."""
    assert as_json(Plan())["as_declared"] is True
    assert as_json(Plan(), {TOPICS: ValueError("away")})["as_declared"] is False


def test_what_is_allowed_is_decided_by_permission_alone() -> None:
    """One permission must not allow another one's changes."""
    safe, _, deletion, impossible = PLAN.changes
    assert safe.is_allowed([])
    assert not deletion.is_allowed(["delete-acls", "add-partitions"])
    assert deletion.is_allowed(["delete-topics"])
    assert not impossible.is_allowed(["delete-topics"])
    assert list(PLAN.needed()) == ["delete-topics"]
    assert len(PLAN.safe()) == 2
