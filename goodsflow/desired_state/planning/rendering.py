"""Render a plan: as text for people, as JSON for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from goodsflow.desired_state.planning.plan import Change, Plan, Target
from goodsflow.model.spec import AclBinding

_SYMBOLS = {"create": "+", "update": "~", "delete": "-"}
_IMPOSSIBLE = "!"
_MOST_UNMANAGED = 8
_MOST_DETAILS = 90


def as_text(plan: Plan) -> str:
    """Return the plan as text: changes by target, what is unmanaged, and a summary.

    A line begins with ``+`` to create, ``~`` to update, ``-`` to delete, and ``!`` for
    what can't be applied.
    """
    return "\n".join(_lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    by_target = sorted(plan.changes, key=lambda change: change.target.order)
    for target, group in groupby(by_target, key=lambda change: change.target):
        changes = list(group)
        yield str(target)
        if target.kind == "acls":
            changes = _by_object(changes)
        width = min(40, max(len(change.name) for change in changes))
        for change in changes:
            yield from _change_lines(change, width)
        yield ""
    if plan.unmanaged:
        yield "Unmanaged, never touched"
        for target, names in plan.unmanaged:
            yield f"  {target}: {_shortened(names)}"
        yield ""
    yield summary(plan)


def _by_object(changes: Iterable[Change]) -> list[Change]:
    """Merge changes of ACLs that differ only in their operations."""
    operations: dict[tuple[Any, ...], list[str]] = {}
    for change in changes:
        binding: AclBinding = change.desired
        of_any = replace(binding, operation="all")
        key = (change.action, change.permission, change.why, change.target, of_any)
        operations.setdefault(key, []).append(binding.operation)
    return [
        Change(
            target,
            action,
            binding.with_operations(of_it),
            permission=permission,
            why=why,
        )
        for (action, permission, why, target, binding), of_it in operations.items()
    ]


def _change_lines(change: Change, width: int) -> Iterator[str]:
    symbol = _SYMBOLS[change.action] if change.is_possible else _IMPOSSIBLE
    details = ", ".join(map(str, change.differences))
    if len(details) > _MOST_DETAILS and len(change.differences) > 1:
        yield f"  {symbol} {change.name}"
        yield from (f"      {difference}" for difference in change.differences)
    else:
        yield f"  {symbol} {change.name:<{width}}  {details}".rstrip()
    if not change.is_possible:
        yield f"      can't be applied: {change.why}"
    elif change.permission:
        yield f"      needs {change.permission}: {change.why}"
    elif change.why:
        yield f"      {change.why}"


def _shortened(names: tuple[str, ...]) -> str:
    listed = ", ".join(names[:_MOST_UNMANAGED])
    more = len(names) - _MOST_UNMANAGED
    return f"{listed} and {more} more" if more > 0 else listed


def summary(plan: Plan) -> str:
    """Return one line: the number of changes, and the permissions they need."""
    if plan.is_empty:
        return "Everything is as declared."
    counts = Counter(c.action for c in plan.changes if c.is_possible)
    parts = [
        f"{counts[action]} to {action}"
        for action in ("create", "update", "delete")
        if counts[action]
    ]
    impossible = sum(not change.is_possible for change in plan.changes)
    if impossible:
        parts.append(f"{impossible} can't be applied")
    needed = [
        f"{len(changes)} {'needs' if len(changes) == 1 else 'need'} "
        f"--allow {permission}"
        for permission, changes in plan.needed().items()
    ]
    return ", ".join(parts) + (f"; {', '.join(needed)}" if needed else "") + "."


def as_json(plan: Plan, failures: Mapping[Target, Exception] | None = None) -> Any:
    """Return the plan in JSON's types.

    Args:
        plan: The plan.
        failures: Targets that could not be read, with the reason.
    """
    return {
        "as_declared": plan.is_empty and not failures,
        "changes": [_change_as_json(change) for change in plan.changes],
        "unmanaged": [
            {"kind": target.kind, "cluster": target.cluster, "names": list(names)}
            for target, names in plan.unmanaged
        ],
        "unreadable": [
            {"kind": target.kind, "cluster": target.cluster, "error": str(error)}
            for target, error in (failures or {}).items()
        ],
    }


def _change_as_json(change: Change) -> dict[str, Any]:
    return {
        "kind": change.target.kind,
        "cluster": change.target.cluster,
        "name": change.name,
        "action": change.action,
        "safety": change.safety,
        "permission": change.permission,
        "why": change.why or None,
        "differences": [
            {"field": d.field, "from": d.before, "to": d.after}
            for d in change.differences
        ],
        "text": str(change),
    }
