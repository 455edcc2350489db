"""Principals: their ACL bindings and whether they can log in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet

from goodsflow.reconcile.plan import Change, Plan
from goodsflow.spec import AclBinding


def plan_acls(
    desired: AbstractSet[AclBinding],
    actual: AbstractSet[AclBinding],
    principals: Collection[str],
) -> Plan[AclBinding]:
    """Compare the bindings that the declaration needs with those of the cluster.

    Args:
        desired: What the declared principals need.
        actual: What the cluster has, of anybody.
        principals: The declared ones. Bindings of others are left alone.

    Returns:
        Additions only; what declared principals may do beyond is in ``surplus``.
    """
    changes = tuple(
        Change("acl", "create", str(binding), binding, f"allow: {binding}")
        for binding in sorted(desired - actual)
    )
    surplus = tuple(
        str(binding)
        for binding in sorted(actual - desired)
        if binding.principal in principals
    )
    return Plan(changes, surplus=surplus)


def plan_credentials(works: Mapping[str, bool], existing: Collection[str]) -> Plan[str]:
    """Find the principals whose password the cluster has to be told.

    Kafka does not give away passwords, so that whether one is right is known by logging
    in alone.

    Args:
        works: For each declared principal, whether its password file logs in.
        existing: The users that have a credential.
    """
    return Plan(
        tuple(
            Change(
                "credential",
                "update" if name in existing else "create",
                name,
                name,
                f"replace the credential of '{name}': its password file does not log in"
                if name in existing
                else f"create the credential of '{name}'",
            )
            for name, is_working in works.items()
            if not is_working
        )
    )
