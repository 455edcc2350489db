"""Which undeclared things are in scope, so that a plan deletes them."""

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
    """Return whether a system created this topic for its own use."""
    return _INTERNAL_TOPICS.fullmatch(name) is not None


def is_in_scope(name: str, patterns: Iterable[str]) -> bool:
    """Return whether a name is in a declared scope."""
    return any(matches(name, pattern) for pattern in patterns)


def plan_undeclared(
    target: Target,
    names: Iterable[str],
    scope: Iterable[str],
    permission: Permission,
    why: str,
) -> Plan:
    """Plan for what exists undeclared: delete what is in scope, list the rest.

    Args:
        target: The target that they belong to.
        names: The names of what exists and is not declared.
        scope: Patterns of names that are managed even if undeclared.
        permission: The permission that a deletion needs.
        why: The cost of a deletion.
    """
    patterns, others = tuple(scope), set(names)
    in_scope = {name for name in others if is_in_scope(name, patterns)}
    deletions = Plan(
        tuple(
            Change(target, "delete", name, permission=permission, why=why)
            for name in sorted(in_scope)
        )
    )
    return merge_plans([deletions, unmanaged(target, others - in_scope)])


def unmanaged(target: Target, names: Iterable[str]) -> Plan:
    """Return a plan that only lists unmanaged names."""
    listed = tuple(sorted(names))
    return Plan(unmanaged=((target, listed),) if listed else ())
