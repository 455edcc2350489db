"""Plan topics: what would cost records or their order needs a permission."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation

from goodsflow.desired_state.planning.plan import (
    Change,
    Difference,
    Permission,
    Plan,
    Target,
    merge_plans,
)
from goodsflow.desired_state.planning.scope import is_internal_topic, plan_undeclared
from goodsflow.model.spec import Topic

_INFINITE = float("inf")
_DEFAULT_RETENTION_MS = 604_800_000
"""Kafka's default of ``log.retention.ms``; a broker's may differ."""


def plan_topics(
    target: Target,
    desired: Mapping[str, Topic],
    actual: Mapping[str, Topic],
    scope: Iterable[str] = (),
) -> Plan:
    """Compare the declared topics with those of the cluster.

    Args:
        target: The cluster's topics.
        desired: The declared topics.
        actual: The cluster's topics, with the settings of the topics themselves.
        scope: Patterns of names that are managed even if undeclared.
    """
    changes: list[Change] = []
    for name, topic in desired.items():
        there = actual.get(name)
        if there is None:
            differences = tuple(_described(topic))
            changes.append(Change(target, "create", name, differences, topic))
        else:
            changes += _changes(target, name, topic, there)
    others = (n for n in actual if n not in desired and not is_internal_topic(n))
    undeclared = plan_undeclared(
        target, others, scope, "delete-topics", "all its records are deleted"
    )
    return merge_plans([Plan(tuple(changes)), undeclared])


def _described(topic: Topic) -> Iterator[Difference]:
    yield Difference("partitions", None, str(topic.partitions))
    yield Difference("replicas", None, str(topic.replication_factor))
    for key, value in sorted(topic.config.items()):
        yield Difference(key, None, value)


def _changes(
    target: Target, name: str, desired: Topic, actual: Topic
) -> Iterator[Change]:
    if actual.replication_factor != desired.replication_factor:
        yield Change(
            target,
            "update",
            name,
            (
                Difference(
                    "replicas",
                    str(actual.replication_factor),
                    str(desired.replication_factor),
                ),
            ),
            desired,
            why="Kafka changes the number of replicas only by a reassignment. Run "
            "kafka-reassign-partitions, or declare "
            f"replication_factor: {actual.replication_factor}.",
            is_possible=False,
        )
    if actual.partitions != desired.partitions:
        yield _repartition(target, name, desired, actual)
    safe, losing = _settings(desired, actual)
    if safe:
        yield Change(target, "update", name, safe, desired)
    if losing:
        yield Change(
            target,
            "update",
            name,
            losing,
            desired,
            permission="lose-records",
            why="the cluster deletes records that it keeps today",
        )


def _repartition(target: Target, name: str, desired: Topic, actual: Topic) -> Change:
    difference = Difference(
        "partitions", str(actual.partitions), str(desired.partitions)
    )
    if actual.partitions > desired.partitions:
        return Change(
            target,
            "update",
            name,
            (difference,),
            desired,
            why="Kafka cannot remove partitions. Declare "
            f"partitions: {actual.partitions}, or move the records to a new topic.",
            is_possible=False,
        )
    permission: Permission | None = "add-partitions" if desired.keyed else None
    return Change(
        target,
        "update",
        name,
        (difference,),
        desired,
        permission=permission,
        why="a key's new records may go to a different partition from its old ones"
        if permission
        else "",
    )


def _settings(
    desired: Topic, actual: Topic
) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
    """Return the settings to change: the safe ones, and those that lose records."""
    safe: list[Difference] = []
    losing: list[Difference] = []
    for key in sorted(desired.config.keys() | actual.config.keys()):
        before, after = actual.config.get(key), desired.config.get(key)
        if _is_same(key, before, after):
            continue
        # A value set by hand is shown as a change to or from Kafka's default.
        shown = before if before is not None else "(default)"
        difference = Difference(key, shown, after)
        (losing if _loses_records(key, before, after) else safe).append(difference)
    return tuple(safe), tuple(losing)


def _is_same(key: str, before: str | None, after: str | None) -> bool:
    """Return whether two values mean the same; unset never equals set."""
    if key == "cleanup.policy" and before is not None and after is not None:
        # Brokers return it without spaces, however it was set.
        return _policies(before) == _policies(after)
    if before is not None and after is not None:
        # Brokers return a ratio of 0 as 0.0.
        with suppress(InvalidOperation):
            return Decimal(before) == Decimal(after)
    return before == after


def _policies(value: str | None) -> set[str]:
    # Kafka's default is to delete.
    return {part.strip() for part in ("delete" if value is None else value).split(",")}


def _loses_records(key: str, before: str | None, after: str | None) -> bool:
    """Return whether a setting makes the cluster delete records that it keeps now."""
    if key == "cleanup.policy":
        # Deletion removes old records, compaction all but the newest of each key.
        added = _policies(after) - _policies(before)
        return bool(added & {"compact", "delete"})
    if key == "retention.ms":
        return _amount(after, _DEFAULT_RETENTION_MS) < _amount(
            before, _DEFAULT_RETENTION_MS
        )
    if key == "retention.bytes":
        return _amount(after, _INFINITE) < _amount(before, _INFINITE)
    return False


def _amount(value: str | None, default: float) -> float:
    if value is None:
        return default
    try:
        number = float(value)
    except ValueError:
        # The broker will reject it.
        return _INFINITE
    return _INFINITE if number < 0 else number
