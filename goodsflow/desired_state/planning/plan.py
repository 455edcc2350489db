"""The plan: the changes that turn the actual state into the desired one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from goodsflow.model.endpoints import ClusterName

Kind = Literal[
    "topics",
    "quotas",
    "acls",
    "principals",
    "schemas",
    "directories",
    "connectors",
    "views",
]
"""In the order of creation; deletion goes in reverse.

Rights and quotas come before credentials, so that a principal that can log in has them.
"""

Action = Literal["create", "update", "delete"]

Permission = Literal[
    "delete-topics",
    "delete-quotas",
    "delete-acls",
    "delete-principals",
    "delete-schemas",
    "delete-connectors",
    "add-partitions",
    "lose-records",
    "replace-views",
    "delete-views",
]
"""What needs ``--allow``: changes that can lose records, access or ordering."""

Safety = Literal["safe", "needs permission", "impossible"]


@dataclass(frozen=True)
class Target:
    """One kind of thing in one place, read, planned and applied together.

    Attributes:
        cluster: None for what exists once per platform.
    """

    kind: Kind
    cluster: ClusterName | None = None

    def __str__(self) -> str:
        """Return its name as plans and Dagster's assets show it: ``inbound topics``."""
        kind = "ACLs" if self.kind == "acls" else self.kind
        return f"{self.cluster} {kind}" if self.cluster else kind

    @property
    def order(self) -> tuple[int, str]:
        """Its place in the order of creation: by kind, inbound first."""
        # The mirror's rights follow from the inbound cluster's.
        return _ORDER.index(self.kind), "1" if self.cluster == "analytics" else "0"


@dataclass(frozen=True)
class Difference:
    """One property that differs from the declaration.

    Attributes:
        before: The actual value; None if there is none.
        after: The declared value; None if it is to be unset.
    """

    field: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        """Return it in one line: ``partitions: 2 -> 4``."""
        if self.before is None:
            return f"{self.field}: {self.after}"
        if self.after is None:
            return f"{self.field}: {self.before} -> (default)"
        return f"{self.field}: {self.before} -> {self.after}"


@dataclass(frozen=True)
class Change:
    """One thing to create, update or delete.

    Attributes:
        target: What kind of thing, and where.
        name: The object's name within its target.
        differences: What changes, from what to what. They never hold a secret.
        desired: The whole desired object; None for a deletion.
        permission: What has to be allowed; None if the change is safe.
        why: If a permission is needed, the cost of the change. If it can't be applied,
            the reason and what to do. Otherwise a side effect, or empty.
        is_possible: Whether it can be applied at all.
    """

    target: Target
    action: Action
    name: str
    differences: tuple[Difference, ...] = ()
    desired: Any = None
    permission: Permission | None = None
    why: str = ""
    is_possible: bool = True

    @property
    def safety(self) -> Safety:
        """Whether it can be applied as it is, with a permission, or not at all."""
        if not self.is_possible:
            return "impossible"
        return "needs permission" if self.permission else "safe"

    def is_allowed(self, allowed: Iterable[Permission]) -> bool:
        """Return whether it can be applied with these permissions."""
        return self.is_possible and (
            self.permission is None or self.permission in set(allowed)
        )

    def __str__(self) -> str:
        """Return the change in one line, with its reason or cost."""
        if not self.is_possible:
            return f"cannot {self.what}. {self.why}"
        if self.permission:
            return f"{self.what} (needs {self.permission}: {self.why})"
        return f"{self.what} ({self.why})" if self.why else self.what

    @property
    def what(self) -> str:
        """The change alone, without its reason or cost."""
        place = f"{self.target.cluster} " if self.target.cluster else ""
        details = ", ".join(map(str, self.differences))
        text = f"{self.action} {place}{_SINGULAR[self.target.kind]} {self.name}"
        return f"{text}: {details}" if details else text


@dataclass(frozen=True)
class Plan:
    """The changes that turn the actual state into the desired one.

    Attributes:
        changes: In the order of application.
        unmanaged: What exists outside the declared scope, by target; never touched.
    """

    changes: tuple[Change, ...] = ()
    unmanaged: tuple[tuple[Target, tuple[str, ...]], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether everything in scope is as declared."""
        return not self.changes

    def safe(self) -> tuple[Change, ...]:
        """Return the changes that need no permission."""
        return tuple(c for c in self.changes if c.safety == "safe")

    def needed(self) -> dict[Permission, tuple[Change, ...]]:
        """Return the changes that need a permission, by permission."""
        needed: dict[Permission, list[Change]] = {}
        for change in self.changes:
            if change.permission and change.is_possible:
                needed.setdefault(change.permission, []).append(change)
        return {permission: tuple(changes) for permission, changes in needed.items()}


def merge_plans(plans: Iterable[Plan]) -> Plan:
    """Merge the plans of several targets, in the order of application."""
    plans = list(plans)
    changes = sorted(
        (change for plan in plans for change in plan.changes), key=_application_order
    )
    return Plan(
        tuple(changes), tuple(each for plan in plans for each in plan.unmanaged)
    )


def _application_order(change: Change) -> tuple[bool, int, str]:
    """Create and update in the order of kinds, then delete in reverse."""
    kind, cluster = change.target.order
    if change.action == "delete":
        # MirrorMaker would restore what is removed from the mirror first.
        return True, -kind, cluster
    return False, kind, cluster


_SINGULAR: dict[Kind, str] = {
    "topics": "topic",
    "quotas": "quota",
    "acls": "ACL",
    "principals": "credential",
    "schemas": "schema",
    "directories": "directory",
    "connectors": "connector",
    "views": "view",
}
_ORDER: tuple[Kind, ...] = tuple(_SINGULAR)
