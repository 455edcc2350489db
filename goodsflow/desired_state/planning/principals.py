"""Plan credentials: each declared principal can log in, and nobody else."""

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

    Kafka does not reveal passwords, so only a login tells whether a file's is right.

    Attributes:
        iterations: The hash's iterations.
        logs_in: Whether a login with the password file succeeded; also False if there
            is no file or no login was tried.
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
    """Compare the declared principals with the cluster's SCRAM credentials.

    Args:
        target: The cluster's credentials.
        desired: The declared principals.
        actual: The users that have a credential.
        iterations: The iterations that a managed credential should have.
        scope: Patterns of principals that are managed even if undeclared.
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
        # Principals that are declared with credential: none are managed, too.
        (*scope, *desired),
        "delete-principals",
        "it can no longer log in",
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
                why="Its password is set elsewhere. Create its credential there, or "
                "declare credential: managed.",
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
