"""Plans of connectors."""

from goodsflow.reconcile import plan_connectors

CONFIG = {"connector.class": "org.example.SinkConnector", "tasks.max": "2"}


def test_a_missing_connector_is_created() -> None:
    """The name Connect adds is part of what is put, so that both compare."""
    (change,) = plan_connectors({"sink": CONFIG}, {}).changes
    assert str(change) == "create connector 'sink' (SinkConnector)"
    assert change.desired == {**CONFIG, "name": "sink"}


def test_an_unchanged_connector_is_not_touched() -> None:
    """Putting the same configuration restarts every task."""
    there = {"sink": {**CONFIG, "name": "sink"}}
    assert plan_connectors({"sink": CONFIG}, there).is_as_declared


def test_connectors_that_are_not_declared_are_left_alone() -> None:
    """Somebody tries something out: not ours to remove."""
    there = {"sink": {**CONFIG, "name": "sink"}, "other": {"a": "b"}}
    assert plan_connectors({"sink": CONFIG}, there).is_as_declared


def test_a_plan_names_the_keys_that_differ_and_no_values() -> None:
    """A value could be a password that somebody put there by hand."""
    there = {"sink": {**CONFIG, "name": "sink", "tasks.max": "1", "password": "s3cret"}}

    (change,) = plan_connectors({"sink": CONFIG}, there).changes

    assert str(change) == "update connector 'sink': password removed, tasks.max"
