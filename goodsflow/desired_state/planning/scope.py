"""Which of the things that nobody declared are ours to remove."""

from __future__ import annotations

import re
from collections.abc import Iterable

from goodsflow.desired_state.planning.plan import (
    Change,
    Permission,
    Plan,
    Target,
    merge_plans,
)
from goodsflow.model.spec.names import matches

_INTERNAL_TOPICS = re.compile(
    r"""
    __.*                                  # Kafka's own
    | connect-(configs|offsets|status)    # Kafka Connect's, by their usual names
    | mm2-.*\.internal | heartbeats | .*\.heartbeats | .*\.checkpoints\.internal
    | _schemas | kafkasql-.* | registry-events    # the schema registry's
    | .*-__assignor-__leader | .*-changelog | .*-repartition  # faust's, Streams'
    | _confluent-.*                       # ksqlDB's
    """,
    re.VERBOSE,
)


def is_internal_topic(name: str) -> bool:
    """Say whether a system keeps this topic for itself: nobody's drift to remove."""
    return _INTERNAL_TOPICS.fullmatch(name) is not None


def is_in_scope(name: str, patterns: Iterable[str]) -> bool:
    """Say whether a name is within a declared scope."""
    return any(matches(name, pattern) for pattern in patterns)


def plan_undeclared(
    target: Target,
    names: Iterable[str],
    scope: Iterable[str],
    permission: Permission,
    why: str,
) -> Plan:
    """Plan for what is there and not declared: ours goes, the rest is only named.

    Args:
        target: What they are.
        names: What is there and not declared.
        scope: Patterns of names that are ours all the same.
        permission: What their deletion needs.
        why: What it costs.
    """
    patterns, others = tuple(scope), set(names)
    ours = {name for name in others if is_in_scope(name, patterns)}
    deletions = Plan(
        tuple(
            Change(target, "delete", name, permission=permission, why=why)
            for name in sorted(ours)
        )
    )
    return merge_plans([deletions, unmanaged(target, others - ours)])


def unmanaged(target: Target, names: Iterable[str]) -> Plan:
    """Return a plan that does nothing but name what is left alone."""
    listed = tuple(sorted(names))
    return Plan(unmanaged=((target, listed),) if listed else ())
