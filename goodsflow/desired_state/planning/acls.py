"""Plan ACL bindings: missing ones are added, others removed with a permission.

MirrorMaker 2 copies the ACLs of the topics that it mirrors, and never removes one. So
the bindings that it copies are part of the desired state, and a copy whose original is
gone is removed.
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
    """The bindings that MirrorMaker copies from the source cluster.

    Attributes:
        desired: Copies of the bindings that are declared on the source.
        actual: Copies of the bindings that the source has now.
        is_mirror: Returns whether a topic of this name is a mirror.
        principals: The principals declared on the source.
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
    """Compare the bindings that the declaration needs with the cluster's.

    Args:
        target: The cluster's bindings.
        desired: The bindings that the declared principals need.
        actual: All bindings of the cluster.
        principals: The declared principals; all their bindings are managed.
        scope: Patterns of principals that are managed even if undeclared.
        mirrored: What MirrorMaker copies, if the cluster has mirrors.
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
            why = "MirrorMaker copied it, and the source no longer has it"
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
    why = "the principal loses this right"
    if binding.permission == "deny":
        why = "nothing denies this any more"
    if mirrored and binding in mirrored.actual:
        why = "MirrorMaker copies it again as long as the source has it"
    return Change(
        target,
        "delete",
        str(binding),
        desired=binding,
        permission="delete-acls",
        why=why,
    )


def _is_left_behind(binding: AclBinding, mirrored: MirroredAcls) -> bool:
    """Return whether MirrorMaker copied a binding that the source no longer has.

    Kafka does not record who created a binding. So this judges by what MirrorMaker
    copies: a literal binding on a mirrored topic, for one of the source's principals. A
    deny never counts: somebody may have added it by hand, and removing it would grant
    a right.
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
