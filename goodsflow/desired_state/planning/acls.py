"""ACL bindings, the mirror's included: added, and with a permission removed.

MirrorMaker 2 copies the ACLs of what it mirrors, and only ever adds. What it would copy
is part of what should be there, and what it has left behind is ours to remove.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from goodsflow.desired_state.planning.plan import Change, Plan, Target, merge_plans
from goodsflow.desired_state.planning.scope import is_in_scope, unmanaged
from goodsflow.model.spec import AclBinding


@dataclass(frozen=True)
class MirroredAcls:
    """What the ACLs of a mirrored cluster mean for the cluster of the mirror.

    Attributes:
        desired: The declared bindings of the source, as they are on its mirror.
        actual: Those that the source has now, likewise.
        is_mirror: Says whether a topic of this name is a mirror.
        principals: Those declared on the source.
    """

    desired: AbstractSet[AclBinding]
    actual: AbstractSet[AclBinding]
    is_mirror: Callable[[str], bool]
    principals: Collection[str]


def plan_acls(
    target: Target,
    desired: AbstractSet[AclBinding],
    actual: AbstractSet[AclBinding],
    principals: Collection[str],
    *,
    scope: Iterable[str] = (),
    mirrored: MirroredAcls | None = None,
) -> Plan:
    """Compare the bindings that the declaration needs with those of the cluster.

    Args:
        target: The bindings of which cluster.
        desired: What the declared principals need.
        actual: What the cluster has, of anybody.
        principals: The declared ones: all their bindings are ours.
        scope: Patterns of principals that are ours although not declared.
        mirrored: What follows from the source, where the cluster has mirrors of it.
    """
    patterns = tuple(scope)
    wanted = desired | mirrored.desired if mirrored else desired
    changes = [
        Change(target, "create", str(binding), desired=binding)
        for binding in sorted(wanted - actual)
    ]
    left = []
    for binding in sorted(actual - wanted):
        if mirrored and _is_left_behind(binding, mirrored):
            why = "MirrorMaker copied it, and its source has it no longer"
            changes.append(
                Change(target, "delete", str(binding), desired=binding, why=why)
            )
        elif (
            binding.principal in principals
            or is_in_scope(binding.principal, patterns)
            or (mirrored and binding.principal in mirrored.principals)
        ):
            changes.append(_removal(target, binding, mirrored))
        else:
            left.append(str(binding))
    return merge_plans([Plan(tuple(changes)), unmanaged(target, left)])


def _removal(
    target: Target, binding: AclBinding, mirrored: MirroredAcls | None
) -> Change:
    verb = "can then do" if binding.permission == "deny" else "can no longer do"
    why = f"who relies on it {verb} it"
    if mirrored and binding in mirrored.actual:
        why = "MirrorMaker copies it anew as long as its source has it"
    return Change(
        target,
        "delete",
        str(binding),
        desired=binding,
        permission="delete-acls",
        why=why,
    )


def _is_left_behind(binding: AclBinding, mirrored: MirroredAcls) -> bool:
    """Say whether MirrorMaker made this of a right that its source has no longer.

    Nothing says who made a binding: this goes by its kind, its topic, and a principal
    that is the source's. A denial is none of these, for somebody may have made it by
    hand, and without it a principal can do more.
    """
    return (
        binding.resource == "topic"
        and binding.pattern == "literal"
        and mirrored.is_mirror(binding.name)
        and binding.permission == "allow"
        and binding.operation != "write"
        and binding not in mirrored.actual
        and binding.principal in mirrored.principals
    )
