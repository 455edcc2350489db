"""Plans of connectors."""

import pytest

from goodsflow.desired_state.planning import (
    ConfigValidations,
    ConnectorState,
    Target,
    plan_connectors,
)
from goodsflow.desired_state.planning.connectors import masked

CONNECT = Target("connectors")
CONFIG = {"connector.class": "org.example.Sink", "flush.size": "10"}
SINK = ConnectorState(CONFIG, "running")
THERE = ConnectorState({**CONFIG, "name": "sink"}, "running")


def test_a_missing_connector_is_created_in_its_state() -> None:
    """A connector that is declared paused must never run."""
    paused = ConnectorState(CONFIG, "paused")
    (change,) = plan_connectors(CONNECT, {"sink": paused}, {}).changes
    assert str(change) == "create connector sink: class: Sink, state: paused"


def test_the_name_that_connect_adds_is_no_difference() -> None:
    """An update restarts every task, changed or not."""
    assert plan_connectors(CONNECT, {"sink": SINK}, {"sink": THERE}).is_empty


def test_a_change_names_its_keys_and_a_state_changes_without_a_restart() -> None:
    """Resuming a connector by an update would restart its tasks."""
    there = ConnectorState({**THERE.config, "flush.size": "9", "a": "1"}, "stopped")
    plan = plan_connectors(CONNECT, {"sink": SINK}, {"sink": there})
    config, state = map(str, plan.changes)
    assert config == (
        "update connector sink: a: 1 -> removed, flush.size: 9 -> 10 "
        "(its tasks restart)"
    )
    assert state == "update connector sink: state: stopped -> running"


def test_an_equivalent_configuration_is_not_touched() -> None:
    """An explicit default would restart a connector for nothing."""
    there = ConnectorState({**THERE.config, "tasks.max": "1"}, "running")
    validations = ConfigValidations(equivalent=["sink"])
    plan = plan_connectors(
        CONNECT, {"sink": SINK}, {"sink": there}, validations=validations
    )
    assert plan.is_empty


def test_what_connect_rejects_is_impossible() -> None:
    """Otherwise a working connector would be replaced by a broken one."""
    validations = ConfigValidations({"sink": ("flush.size: must be at least 1",)})
    (change,) = plan_connectors(
        CONNECT, {"sink": SINK}, {}, validations=validations
    ).changes
    assert change.safety == "impossible"
    assert "flush.size: must be at least 1" in change.why


def test_others_are_unmanaged_unless_in_scope() -> None:
    """Somebody else's connector would stop."""
    plan = plan_connectors(CONNECT, {}, {}, others=["old-a", "b"], scope=["old-*"])
    assert [(c.name, c.permission) for c in plan.changes] == [
        ("old-a", "delete-connectors")
    ]
    assert plan.unmanaged == ((CONNECT, ("b",)),)


@pytest.mark.parametrize(
    ("key", "value", "seen"),
    [
        ("flush.size", "10", "10"),
        ("empty", "", '""'),
        ("db.password", "hunter2", "(hidden)"),
        ("db.password", "${file:s.properties:db}", "${file:s.properties:db}"),
        ("db.password", "pre${file:s:db}", "(hidden)"),
        ("sasl.jaas.config", 'X required password="p";', "(hidden)"),
        ("url", "jdbc:x://me:pass@host/db", "(hidden)"),
        ("options", "user=a;password=b", "(hidden)"),
    ],
)
def test_a_plan_shows_no_secret(key: str, value: str, seen: str) -> None:
    """Plans go into logs, tickets and Dagster's metadata."""
    assert masked(key, value) == seen
