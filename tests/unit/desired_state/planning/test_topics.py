"""Plans of topics."""

import pytest

from goodsflow.desired_state.planning import Change, Plan, Target, plan_topics
from goodsflow.desired_state.planning.scope import is_internal_topic
from goodsflow.model.spec import Topic

INBOUND = Target("topics", "inbound")
GOODS = Topic(partitions=2, replication_factor=2, config={"cleanup.policy": "compact"})


def altered(**update: object) -> Topic:
    """Return the topic with changes."""
    return GOODS.model_copy(update=update)


def only(plan: Plan) -> Change:
    """Return the one change of a plan."""
    (change,) = plan.changes
    return change


def test_a_missing_topic_is_created_as_declared() -> None:
    """The operator reads the text before approving a plan."""
    change = only(plan_topics(INBOUND, {"goods": GOODS}, {}))
    assert str(change) == (
        "create inbound topic goods: partitions: 2, replicas: 2, "
        "cleanup.policy: compact"
    )
    assert (change.safety, change.desired) == ("safe", GOODS)


def test_a_topic_as_declared_plans_nothing() -> None:
    """Otherwise every apply would change something."""
    assert plan_topics(INBOUND, {"goods": GOODS}, {"goods": GOODS}).is_empty


@pytest.mark.parametrize(
    ("declared", "told"), [("0", "0.0"), ("0.50", "0.5"), ("1e3", "1000")]
)
def test_a_number_is_the_same_however_it_is_spelt(declared: str, told: str) -> None:
    """Brokers use their own spelling, which must not be drift."""
    name = "min.cleanable.dirty.ratio"
    desired, there = (altered(config={name: text}) for text in (declared, told))
    assert plan_topics(INBOUND, {"goods": desired}, {"goods": there}).is_empty


@pytest.mark.parametrize(
    ("there", "text"),
    [
        (
            {"cleanup.policy": "compact,delete"},
            "cleanup.policy: compact,delete -> compact",
        ),
        (
            {"cleanup.policy": "compact", "segment.ms": "5"},
            "segment.ms: 5 -> (default)",
        ),
        (
            {"cleanup.policy": "compact", "max.message.bytes": "7"},
            "max.message.bytes: 7 -> (default)",
        ),
    ],
)
def test_a_setting_changed_by_hand_is_drift_and_safe_to_repair(
    there: dict[str, str], text: str
) -> None:
    """An unset, changed or additional setting must be detected."""
    plan = plan_topics(INBOUND, {"goods": GOODS}, {"goods": altered(config=there)})
    assert str(only(plan)) == f"update inbound topic goods: {text}"
    assert only(plan).safety == "safe"


@pytest.mark.parametrize(
    ("there", "declared"),
    [
        ({"cleanup.policy": "compact"}, {"cleanup.policy": "compact, delete"}),
        ({"cleanup.policy": "delete"}, {"cleanup.policy": "delete, compact"}),
        ({}, {"cleanup.policy": "compact,delete"}),
        ({"retention.ms": "-1"}, {}),
        ({"retention.ms": "-1"}, {"retention.ms": "604800000"}),
        ({"retention.ms": "2000"}, {"retention.ms": "1000"}),
        ({}, {"retention.ms": "1000"}),
        ({}, {"retention.bytes": "1000"}),
        ({"retention.bytes": "-1"}, {"retention.bytes": "1000"}),
    ],
)
def test_keeping_less_needs_permission(
    there: dict[str, str], declared: dict[str, str]
) -> None:
    """Otherwise the next drift run would delete records kept by hand."""
    plan = plan_topics(
        INBOUND, {"t": altered(config=declared)}, {"t": altered(config=there)}
    )
    assert only(plan).permission == "lose-records"
    back = plan_topics(
        INBOUND, {"t": altered(config=there)}, {"t": altered(config=declared)}
    )
    assert only(back).safety == "safe"


@pytest.mark.parametrize(
    ("there", "declared"),
    [
        ({"cleanup.policy": "delete"}, {"cleanup.policy": "compact"}),
        ({"cleanup.policy": "compact"}, {"cleanup.policy": "delete"}),
        ({}, {"cleanup.policy": "compact"}),
        ({"cleanup.policy": "compact"}, {}),
    ],
)
def test_another_way_of_removing_needs_permission(
    there: dict[str, str], declared: dict[str, str]
) -> None:
    """Compaction removes a key's history, and deletion old records."""
    plan = plan_topics(
        INBOUND, {"t": altered(config=declared)}, {"t": altered(config=there)}
    )
    assert only(plan).permission == "lose-records"


def test_a_policy_written_otherwise_is_no_difference() -> None:
    """A broker returns it without spaces, which must not be drift."""
    declared = {"t": altered(config={"cleanup.policy": "compact, delete"})}
    there = {"t": altered(config={"cleanup.policy": "delete,compact"})}
    assert plan_topics(INBOUND, declared, there).is_empty


def test_what_is_safe_is_not_held_up_by_what_is_not() -> None:
    """One setting that needs a permission must not block the others."""
    plan = plan_topics(
        INBOUND,
        {"t": altered(config={"retention.ms": "1", "segment.ms": "5"}, partitions=4)},
        {"t": altered(config={})},
    )
    assert [(c.permission, [d.field for d in c.differences]) for c in plan.changes] == [
        ("add-partitions", ["partitions"]),
        (None, ["segment.ms"]),
        ("lose-records", ["retention.ms"]),
    ]


def test_more_partitions_move_keys_unless_there_are_none() -> None:
    """A key's records would be on two partitions, without order."""
    more, free = altered(partitions=4), altered(partitions=4, keyed=False)
    of_keyed = only(plan_topics(INBOUND, {"goods": more}, {"goods": GOODS}))
    of_free = only(plan_topics(INBOUND, {"goods": free}, {"goods": GOODS}))
    assert (of_keyed.permission, of_free.permission) == ("add-partitions", None)
    assert str(of_keyed.differences[0]) == "partitions: 2 -> 4"


@pytest.mark.parametrize(
    ("update", "way_out"),
    [
        ({"partitions": 1}, "Declare partitions: 2, or move the records"),
        ({"replication_factor": 3}, "Run kafka-reassign-partitions"),
        ({"replication_factor": 1}, "declare replication_factor: 2"),
    ],
)
def test_what_kafka_cannot_do_is_impossible_with_advice(
    update: dict[str, int], way_out: str
) -> None:
    """Without advice, people would delete and recreate the topic."""
    change = only(plan_topics(INBOUND, {"goods": altered(**update)}, {"goods": GOODS}))
    assert change.safety == "impossible"
    assert way_out in change.why
    assert not change.is_allowed({"add-partitions", "delete-topics"})


def test_only_what_is_in_scope_is_ever_deleted() -> None:
    """Similar tools have deleted other people's topics at the first run."""
    actual = {"goods": GOODS, "goods-old": GOODS, "other": GOODS}

    without = plan_topics(INBOUND, {"goods": GOODS}, actual)
    within = plan_topics(INBOUND, {"goods": GOODS}, actual, ["goods*"])

    assert without.is_empty
    assert without.unmanaged == ((INBOUND, ("goods-old", "other")),)
    assert only(within).name == "goods-old"
    assert only(within).permission == "delete-topics"
    assert within.unmanaged == ((INBOUND, ("other",)),)


@pytest.mark.parametrize(
    "name",
    [
        "__consumer_offsets",
        "__transaction_state",
        "connect-configs",
        "connect-offsets",
        "connect-status",
        "mm2-offset-syncs.analytics.internal",
        "source.checkpoints.internal",
        "heartbeats",
        "_schemas",
        "kafkasql-journal",
        "registry-events",
        "blocking-app-__assignor-__leader",
        "blocking-app-table-changelog",
        "_confluent-ksql-goodsflow__command_topic",
    ],
)
def test_topics_that_systems_create_are_never_drift(name: str) -> None:
    """Without them, Connect loses its connectors, the registry its schemas."""
    assert is_internal_topic(name)
    plan = plan_topics(INBOUND, {}, {name: GOODS}, ["*"])
    assert plan.is_empty
    assert plan.unmanaged == ()


def test_a_declared_topic_is_managed_whatever_its_name() -> None:
    """The registry's own topics are declared for their replication."""
    plan = plan_topics(INBOUND, {"kafkasql-journal": GOODS}, {})
    assert only(plan).action == "create"
