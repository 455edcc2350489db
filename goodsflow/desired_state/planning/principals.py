"""Principals: whether each can log in, and whether others can."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from goodsflow.desired_state.planning.plan import (
    Change,
    Difference,
    Plan,
    Target,
    merge_plans,
)
from goodsflow.desired_state.planning.scope import plan_undeclared
from goodsflow.model.spec import Principal


@dataclass(frozen=True)
class CredentialState:
    """A user's SCRAM-SHA-512 credential.

    Kafka does not give away passwords, so that whether one is right is known by logging
    in alone.

    Attributes:
        iterations: Of the hash that the cluster keeps.
        logs_in: Whether the password file logs in; where there is none, or it was not
            tried, it does not.
    """

    iterations: int
    logs_in: bool


def plan_principals(
    target: Target,
    desired: Mapping[str, Principal],
    actual: Mapping[str, CredentialState],
    iterations: int,
    scope: Iterable[str] = (),
) -> Plan:
    """Find the principals whose password the cluster has to be told, or to forget.

    Args:
        target: The principals of which cluster.
        desired: The declared ones.
        actual: Every user that has a credential.
        iterations: How many a credential of ours should have.
        scope: Patterns of principals that are ours although not declared.
    """
    changes: list[Change] = []
    for name, principal in desired.items():
        if principal.credential == "none":
            continue
        change = _change(target, name, principal, actual.get(name), iterations)
        if change:
            changes.append(change)
    wanted = {n for n, each in desired.items() if each.credential != "none"}
    undeclared = plan_undeclared(
        target,
        actual.keys() - wanted,
        # Who is declared to have no credential is ours as well.
        (*scope, *desired),
        "delete-principals",
        "who uses it can no longer log in",
    )
    return merge_plans([Plan(tuple(changes)), undeclared])


def _change(
    target: Target,
    name: str,
    principal: Principal,
    actual: CredentialState | None,
    iterations: int,
) -> Change | None:
    if actual is None:
        if principal.credential == "external":
            return Change(
                target,
                "create",
                name,
                desired=principal,
                why="its password is not kept here: whoever does sets it, or declare "
                "credential: managed.",
                is_possible=False,
            )
        return Change(target, "create", name, desired=principal)
    if principal.credential == "external":
        return None
    differences = []
    if not actual.logs_in:
        differences.append(Difference("its password file", "refused", "logs in"))
    if actual.iterations != iterations:
        differences.append(
            Difference("iterations", str(actual.iterations), str(iterations))
        )
    if not differences:
        return None
    return Change(target, "update", name, tuple(differences), principal)
