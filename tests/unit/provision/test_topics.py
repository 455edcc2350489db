"""Making topics, on a hand-written cluster."""

from collections.abc import Iterable, Mapping

import pytest

from goodsflow.bootstrap import RefusedError, make_topics
from goodsflow.kafka.admin import KafkaAdmin
from goodsflow.spec import Cluster, Topic

COMPACT = Topic(
    partitions=2, replication_factor=2, config={"cleanup.policy": "compact"}
)


class FakeCluster(KafkaAdmin):
    """Topics in a dict."""

    def __init__(self, topics: Mapping[str, Topic]) -> None:
        """Start with these topics."""
        self.there = dict(topics)

    def topics(self, names: Iterable[str] | None = None) -> dict[str, Topic]:
        """Return copies."""
        return {n: t for n, t in self.there.items() if names is None or n in names}

    def create_topics(self, topics: Mapping[str, Topic]) -> set[str]:
        """Keep those that are new."""
        existing = self.there.keys() & topics.keys()
        self.there = {**topics, **self.there}
        return existing

    def alter_topic_config(self, topic: str, config: Mapping[str, str]) -> None:
        """Set what is given."""
        there = self.there[topic]
        self.there[topic] = there.model_copy(
            update={"config": {**there.config, **config}}
        )


def test_a_second_run_changes_nothing() -> None:
    """What is made has to read as what was declared."""
    admin = FakeCluster({"a": COMPACT.model_copy(update={"config": {}})})
    declared = Cluster(topics={"a": COMPACT, "b": COMPACT}, principals={})

    first = make_topics(admin, "inbound", declared)
    second = make_topics(admin, "inbound", declared)

    assert [change.name for change in first.changes] == ["b", "a"]
    assert first.declared == {"topics": 2}
    assert not second.changes
    assert admin.there == declared.topics


def test_nothing_is_changed_where_something_is_refused() -> None:
    """Half a plan leaves a state that nobody declared."""
    admin = FakeCluster({"a": COMPACT.model_copy(update={"partitions": 6})})
    declared = Cluster(topics={"a": COMPACT, "b": COMPACT}, principals={})

    with pytest.raises(RefusedError, match="has 6 partitions, 2 are declared"):
        make_topics(admin, "inbound", declared)

    assert set(admin.there) == {"a"}


class SlowBroker(FakeCluster):
    """Has not heard of any topic when it is first asked."""

    asked = 0

    def topics(self, names: Iterable[str] | None = None) -> dict[str, Topic]:
        """Return nothing at first."""
        self.asked += 1
        return {} if self.asked <= 2 else super().topics(names)


def test_a_topic_that_its_broker_has_not_heard_of_is_compared_when_it_has() -> None:
    """Otherwise a bootstrap fails, or passes over what the topic has otherwise."""
    admin = SlowBroker({"a": COMPACT.model_copy(update={"config": {}})})
    declared = Cluster(topics={"a": COMPACT, "b": COMPACT}, principals={})

    outcome = make_topics(admin, "inbound", declared)

    assert [(c.action, c.name) for c in outcome.changes] == [
        ("create", "b"),
        ("update", "a"),
    ]
    assert admin.there == declared.topics


def test_other_partitions_are_refused_by_a_broker_that_was_slow_to_hear() -> None:
    """The refusal must not depend on which broker was asked."""
    admin = SlowBroker({"a": COMPACT.model_copy(update={"partitions": 6})})

    with pytest.raises(RefusedError, match="has 6 partitions, 2 are declared"):
        make_topics(admin, "inbound", Cluster(topics={"a": COMPACT}, principals={}))
