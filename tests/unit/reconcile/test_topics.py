"""Plans of topics."""

import pytest

from goodsflow.reconcile import plan_topics
from goodsflow.spec import Topic

GOODS = Topic(partitions=2, replication_factor=2, config={"cleanup.policy": "compact"})


def test_a_missing_topic_is_created_as_declared() -> None:
    """The text is what a person reads before agreeing to a plan."""
    plan = plan_topics("inbound", {"goods": GOODS}, {})

    (change,) = plan.changes
    assert str(change) == (
        "create topic 'goods' with 2 partitions, 2 replicas, cleanup.policy=compact"
    )
    assert (change.action, change.desired) == ("create", GOODS)


def test_a_topic_as_declared_plans_nothing() -> None:
    """A second bootstrap that altered anything would never come to rest."""
    assert plan_topics("inbound", {"goods": GOODS}, {"goods": GOODS}).is_as_declared


def test_settings_that_are_not_declared_are_left_alone() -> None:
    """MirrorMaker 2 sets some; removing them would be a fight without end."""
    there = GOODS.model_copy(
        update={"config": {**GOODS.config, "max.message.bytes": "7"}}
    )
    assert plan_topics("inbound", {"goods": GOODS}, {"goods": there}).is_as_declared


def test_topics_that_are_not_declared_are_left_alone() -> None:
    """Another team's topic must not even be mentioned."""
    plan = plan_topics("inbound", {"goods": GOODS}, {"goods": GOODS, "other": GOODS})
    assert plan.is_as_declared


@pytest.mark.parametrize(
    ("there", "text"),
    [
        ({"cleanup.policy": "delete"}, "cleanup.policy from delete to compact"),
        ({}, "cleanup.policy from the default to compact"),
    ],
)
def test_a_setting_that_differs_is_set(there: dict[str, str], text: str) -> None:
    """A setting changed by hand is drift; an unset one too, whatever the default."""
    actual = GOODS.model_copy(update={"config": there})

    plan = plan_topics("inbound", {"goods": GOODS}, {"goods": actual})

    assert [str(change) for change in plan.changes] == [f"update topic 'goods': {text}"]
    assert plan.changes[0].action == "update"


@pytest.mark.parametrize(
    ("update", "refusal"),
    [
        (
            {"partitions": 6},
            (
                "Topic 'goods' on cluster 'inbound' has 6 partitions, 2 are declared. "
                "Kafka cannot remove partitions: declare 6 or recreate the topic."
            ),
        ),
        (
            {"partitions": 1},
            (
                "Topic 'goods' on cluster 'inbound' has 1 partition, 2 are declared. "
                "More partitions would send a key's new records to another partition "
                "than its old ones: declare 1 or recreate the topic."
            ),
        ),
        (
            {"replication_factor": 1},
            (
                "Topic 'goods' on cluster 'inbound' has 1 replica, 2 are declared. "
                "Replicas are moved by kafka-reassign-partitions alone: declare 1 or "
                "reassign them."
            ),
        ),
    ],
)
def test_other_partitions_or_replicas_are_refused(
    update: dict[str, int], refusal: str
) -> None:
    """Silence would leave somebody believing that the declaration holds."""
    actual = GOODS.model_copy(update=update)

    plan = plan_topics("inbound", {"goods": GOODS}, {"goods": actual})

    assert plan.refusals == (refusal,)
    assert not plan.changes
    assert not plan.is_as_declared


def test_every_refusal_is_reported_at_once() -> None:
    """One at a time would cost a run for each."""
    actual = Topic(partitions=6, replication_factor=1)
    plan = plan_topics("inbound", {"a": GOODS, "b": GOODS}, {"a": actual, "b": actual})
    assert len(plan.refusals) == 4


def test_nothing_is_planned_after_a_plan_was_applied() -> None:
    """Applied to a model of a cluster, a plan has to be its own fixed point."""
    declared = {"goods": GOODS, "events": Topic(partitions=1, replication_factor=2)}
    cluster = {"goods": GOODS.model_copy(update={"config": {"retention.ms": "5"}})}

    for change in plan_topics("inbound", declared, cluster).changes:
        there = cluster.get(change.name, change.desired)
        config = {**there.config, **change.desired.config}
        cluster[change.name] = there.model_copy(update={"config": config})

    assert cluster["goods"].config == {
        "retention.ms": "5",
        "cleanup.policy": "compact",
    }
    assert plan_topics("inbound", declared, cluster).is_as_declared
