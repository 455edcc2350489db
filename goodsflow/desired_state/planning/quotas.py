"""Plan quotas: those of principals, and the cluster's default."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from goodsflow.desired_state.planning.plan import (
    Action,
    Change,
    Difference,
    Plan,
    Target,
    merge_plans,
)
from goodsflow.desired_state.planning.scope import is_in_scope, unmanaged

DEFAULT = "(default)"
"""The name of the default quota; no principal's name has parentheses."""

Limits = Mapping[str, float]


def plan_quotas(
    target: Target,
    desired: Mapping[str, Limits],
    actual: Mapping[str, Limits],
    principals: Collection[str],
    scope: Iterable[str] = (),
) -> Plan:
    """Compare the declared quotas with the cluster's.

    Args:
        target: The cluster's quotas.
        desired: The declared limits by principal or ``DEFAULT``.
        actual: The cluster's limits, likewise.
        principals: The declared principals; their quotas are managed even if none is
            declared.
        scope: Patterns of principals that are managed even if undeclared.
    """
    patterns = tuple(scope)
    changes: list[Change] = []
    for name, limits in desired.items():
        there = actual.get(name, {})
        differences = tuple(_differences(limits, there))
        if differences:
            action: Action = "update" if there else "create"
            changes.append(Change(target, action, name, differences, dict(limits)))
    left = []
    for name in sorted(actual.keys() - desired.keys()):
        if name in principals or is_in_scope(name, patterns):
            changes.append(
                Change(
                    target,
                    "delete",
                    name,
                    tuple(_differences({}, actual[name])),
                    permission="delete-quotas",
                    why="its own limits no longer apply",
                )
            )
        else:
            left.append(name)
    return merge_plans([Plan(tuple(changes)), unmanaged(target, left)])


def _differences(desired: Limits, actual: Limits) -> Iterable[Difference]:
    for key in sorted(desired.keys() | actual.keys()):
        before, after = actual.get(key), desired.get(key)
        if before != after:
            yield Difference(key, _text(before), _text(after) or "unlimited")


def _text(limit: float | None) -> str | None:
    return None if limit is None else f"{limit:.15g}"
