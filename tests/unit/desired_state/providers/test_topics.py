"""Applying topics, with a fake cluster."""

from collections.abc import Iterable, Mapping

from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.errors import (
    KafkaError,
    OperationFailedError,
    TopicExistsError,
)
from goodsflow.clients.kafka.futures import Outcomes
from goodsflow.desired_state.providers.topics import TopicsProvider
from goodsflow.model.spec import Cluster, Topic

COMPACT = Topic(
    partitions=2, replication_factor=2, config={"cleanup.policy": "compact"}
)


class FakeCluster(KafkaAdmin):
    """A cluster with its topics in a dict."""

    def __init__(self, topics: Mapping[str, Topic], *refused: str) -> None:
        """Start with these topics; refuse to create some."""
        self.there = dict(topics)
        self.refused = refused

    def topics(self, names: Iterable[str] | None = None) -> dict[str, Topic]:
        """Return copies."""
        return {n: t for n, t in self.there.items() if names is None or n in names}

    def create_topics(self, topics: Mapping[str, Topic]) -> Outcomes[str]:
        """Create the new ones."""
        outcomes: dict[str, KafkaError | None] = {}
        for name, topic in topics.items():
            outcomes[name] = None
            if name in self.there:
                outcomes[name] = TopicExistsError(name)
            elif name in self.refused:
                outcomes[name] = OperationFailedError(f"{name}: refused")
            else:
                self.there[name] = topic
        return outcomes

    def alter_topic_configs(
        self, configs: Mapping[str, Mapping[str, str | None]]
    ) -> Outcomes[str]:
        """Set the given settings."""
        for name, config in configs.items():
            held = {**self.there[name].config, **config}
            kept = {key: value for key, value in held.items() if value is not None}
            self.there[name] = self.there[name].model_copy(update={"config": kept})
        return dict.fromkeys(configs)

    def add_partitions(self, totals: Mapping[str, int]) -> Outcomes[str]:
        """Set the number."""
        for name, total in totals.items():
            held = self.there[name].model_copy(update={"partitions": total})
            self.there[name] = held
        return dict.fromkeys(totals)

    def delete_topics(self, names: Iterable[str]) -> Outcomes[str]:
        """Delete them."""
        return {name: self.there.pop(name) and None for name in names}


def provider(admin: KafkaAdmin, scope: list[str], **topics: Topic) -> TopicsProvider:
    """Return a provider of these topics."""
    cluster = Cluster.model_validate({"topics": topics, "scope": {"topics": scope}})
    return TopicsProvider("inbound", cluster, lambda: admin)


def test_every_kind_of_change_is_made_and_a_second_run_changes_nothing() -> None:
    """What was created must equal the declaration."""
    by_hand = COMPACT.model_copy(update={"config": {"retention.ms": "1"}})
    more = COMPACT.model_copy(update={"partitions": 4})
    admin = FakeCluster({"a": by_hand, "c": COMPACT, "old": COMPACT, "other": COMPACT})
    topics = provider(admin, ["old*"], a=COMPACT, b=COMPACT, c=more)

    results = list(topics.apply(topics.plan().changes))

    assert {(r.change.action, r.change.name, r.error) for r in results} == {
        ("create", "b", None),
        ("update", "a", None),
        ("update", "c", None),
        ("delete", "old", None),
    }
    assert admin.there == {"a": COMPACT, "b": COMPACT, "c": more, "other": COMPACT}
    assert topics.plan().is_empty


def test_what_is_safe_and_what_was_allowed_of_one_topic_are_both_made() -> None:
    """Otherwise one of the two would be reported but not sent."""
    declared = {"max.message.bytes": "7", "retention.ms": "1000"}
    wanted = COMPACT.model_copy(update={"config": declared})
    admin = FakeCluster({"a": COMPACT.model_copy(update={"config": {}})})
    topics = provider(admin, [], a=wanted)

    results = list(topics.apply(topics.plan().changes))

    assert [r.error for r in results] == [None, None]
    assert admin.there == {"a": wanted}


def test_one_that_fails_does_not_keep_the_others() -> None:
    """One failure must not become many."""
    admin = FakeCluster({}, "bad")
    topics = provider(admin, [], bad=COMPACT, good=COMPACT)

    results = {r.change.name: r.error for r in topics.apply(topics.plan().changes)}

    assert str(results["bad"]) == "bad: refused"
    assert results["good"] is None
    assert set(admin.there) == {"good"}


class SlowBroker(FakeCluster):
    """Knows no topics at the first request."""

    asked = 0

    def topics(self, names: Iterable[str] | None = None) -> dict[str, Topic]:
        """Return nothing at first."""
        self.asked += 1
        return {} if self.asked <= 2 else super().topics(names)


def test_a_topic_that_its_broker_has_not_heard_of_is_no_failure() -> None:
    """Otherwise the bootstrap would fail if it asked the wrong broker."""
    admin = SlowBroker({"a": COMPACT})
    topics = provider(admin, [], a=COMPACT, b=COMPACT)

    results = list(topics.apply(topics.plan().changes))

    assert [r.error for r in results] == [None, None]
    assert topics.plan().is_empty
