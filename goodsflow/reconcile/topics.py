"""Topics: created, and their settings changed; partitions and replicas are not."""

from __future__ import annotations

from collections.abc import Mapping

from goodsflow.reconcile.plan import Change, Plan
from goodsflow.spec import Topic


def plan_topics(
    cluster: str, desired: Mapping[str, Topic], actual: Mapping[str, Topic]
) -> Plan[Topic]:
    """Compare the declared topics with those of the cluster.

    Settings that the declaration does not make are left alone: MirrorMaker 2 keeps some
    of its topics' in step with their source.

    Args:
        cluster: For messages.
        desired: The declared topics.
        actual: Those of the cluster, with the settings made for the topic itself.
    """
    changes: list[Change[Topic]] = []
    refusals: list[str] = []
    for name, topic in desired.items():
        there = actual.get(name)
        if there is None:
            text = f"create topic '{name}' with {_described(topic)}"
            changes.append(Change("topic", "create", name, topic, text))
            continue
        refusals += _refusals(cluster, name, topic, there)
        settings = _changed_settings(topic, there)
        if settings:
            text = f"update topic '{name}': {', '.join(settings)}"
            changes.append(Change("topic", "update", name, topic, text))
    return Plan(tuple(changes), tuple(refusals))


def _described(topic: Topic) -> str:
    parts = [
        _count(topic.partitions, "partition"),
        _count(topic.replication_factor, "replica"),
        *(f"{key}={value}" for key, value in sorted(topic.config.items())),
    ]
    return ", ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _changed_settings(desired: Topic, actual: Topic) -> list[str]:
    return [
        f"{key} from {actual.config.get(key, 'the default')} to {value}"
        for key, value in sorted(desired.config.items())
        if actual.config.get(key) != value
    ]


def _refusals(cluster: str, name: str, desired: Topic, actual: Topic) -> list[str]:
    what = f"Topic '{name}' on cluster '{cluster}' has"
    refusals = []
    if actual.partitions > desired.partitions:
        refusals.append(
            f"{what} {_count(actual.partitions, 'partition')}, {desired.partitions} "
            f"{_are(desired.partitions)} declared. Kafka cannot remove partitions: "
            f"declare {actual.partitions} or recreate the topic."
        )
    if actual.partitions < desired.partitions:
        refusals.append(
            f"{what} {_count(actual.partitions, 'partition')}, {desired.partitions} "
            f"{_are(desired.partitions)} declared. More partitions would send a key's "
            f"new records to another partition than its old ones: declare "
            f"{actual.partitions} or recreate the topic."
        )
    if actual.replication_factor != desired.replication_factor:
        refusals.append(
            f"{what} {_count(actual.replication_factor, 'replica')}, "
            f"{desired.replication_factor} "
            f"{_are(desired.replication_factor)} declared. Replicas are moved "
            "by kafka-reassign-partitions alone: declare "
            f"{actual.replication_factor} or reassign them."
        )
    return refusals


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
