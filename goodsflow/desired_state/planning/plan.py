"""What a comparison of desired and actual state comes to: the one type of change."""

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
"""In the order in which things are made; they are deleted the other way round.

Rights and limits come before credentials: who can log in has them.
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
"""What is done only where somebody allows it."""

Safety = Literal["safe", "needs permission", "impossible"]


@dataclass(frozen=True)
class Target:
    """One kind of thing in one place: what is read, planned and applied together.

    Attributes:
        cluster: None for what is there once.
    """

    kind: Kind
    cluster: ClusterName | None = None

    def __str__(self) -> str:
        """Name it as Dagster's asset and the plan do: ``inbound topics``."""
        kind = "ACLs" if self.kind == "acls" else self.kind
        return f"{self.cluster} {kind}" if self.cluster else kind

    @property
    def order(self) -> tuple[int, str]:
        """Where it comes among targets that are made: by kind, inbound first."""
        # What the inbound cluster allows, the mirror's follows.
        return _ORDER.index(self.kind), "1" if self.cluster == "analytics" else "0"


@dataclass(frozen=True)
class Difference:
    """One property that is not as declared.

    Attributes:
        before: As it is; None where there is none.
        after: As it should be; None where it should not be.
    """

    field: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        """Say it in one line."""
        if self.before is None:
            return f"{self.field}: {self.after}"
        if self.after is None:
            return f"{self.field}: {self.before} -> (default)"
        return f"{self.field}: {self.before} -> {self.after}"


@dataclass(frozen=True)
class Change:
    """One thing to make, to alter or to remove.

    Attributes:
        target: What kind of thing, and where.
        name: Of the object within its target.
        differences: What changes, from what to what. They never hold a secret.
        desired: The object as it should be, whole; None for a deletion.
        permission: What has to be allowed for this; None where it is safe.
        why: For what needs a permission, what it costs; for what cannot be done, the
            reason and the way out; else what else happens, or nothing.
        is_possible: Whether it can be done at all.
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
        """Whether it may be done without asking, with a permission, or not at all."""
        if not self.is_possible:
            return "impossible"
        return "needs permission" if self.permission else "safe"

    def is_allowed(self, allowed: Iterable[Permission]) -> bool:
        """Say whether it can be done, given what is allowed."""
        return self.is_possible and (
            self.permission is None or self.permission in set(allowed)
        )

    def __str__(self) -> str:
        """Say the change in one line."""
        if not self.is_possible:
            return f"cannot {self.what}. {self.why}"
        if self.permission:
            return f"{self.what} (needs {self.permission}: {self.why})"
        return f"{self.what} ({self.why})" if self.why else self.what

    @property
    def what(self) -> str:
        """The change alone, without its reason or its price."""
        place = f"{self.target.cluster} " if self.target.cluster else ""
        details = ", ".join(map(str, self.differences))
        text = f"{self.action} {place}{_SINGULAR[self.target.kind]} {self.name}"
        return f"{text}: {details}" if details else text


@dataclass(frozen=True)
class Plan:
    """What would make the actual state the desired one.

    Attributes:
        changes: What to do, in this order.
        unmanaged: What is there beyond the declared scope, by target: never touched.
    """

    changes: tuple[Change, ...] = ()
    unmanaged: tuple[tuple[Target, tuple[str, ...]], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether everything within the scope is as declared."""
        return not self.changes

    def safe(self) -> tuple[Change, ...]:
        """Return the changes that nobody has to be asked for."""
        return tuple(c for c in self.changes if c.safety == "safe")

    def needed(self) -> dict[Permission, tuple[Change, ...]]:
        """Return the changes that need a permission, by the permission."""
        needed: dict[Permission, list[Change]] = {}
        for change in self.changes:
            if change.permission and change.is_possible:
                needed.setdefault(change.permission, []).append(change)
        return {permission: tuple(changes) for permission, changes in needed.items()}


def merge_plans(plans: Iterable[Plan]) -> Plan:
    """Put the plans of several targets together, in the order of application."""
    plans = list(plans)
    changes = sorted(
        (change for plan in plans for change in plan.changes), key=_application_order
    )
    return Plan(
        tuple(changes), tuple(each for plan in plans for each in plan.unmanaged)
    )


def _application_order(change: Change) -> tuple[bool, int, str]:
    """Make first, in the order of kinds; then delete, in the reverse order."""
    kind, cluster = change.target.order
    if change.action == "delete":
        # MirrorMaker would bring back what is removed of the mirror first.
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
