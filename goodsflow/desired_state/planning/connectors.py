"""Plan connectors: update only what differs, since an update restarts a connector."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from goodsflow.desired_state.planning.plan import (
    Change,
    Difference,
    Plan,
    Target,
    merge_plans,
)
from goodsflow.desired_state.planning.scope import plan_undeclared

Config = Mapping[str, str]
RunState = Literal["running", "paused", "stopped"]

_SECRET_KEY = re.compile(
    r"password|passwd|secret|token|credential|jaas|private|api.?key|access.?key",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(r"password\s*=|://[^/\s]*:[^/\s]*@", re.IGNORECASE)
HIDDEN = "(hidden)"
"""Shown instead of a value that may be a secret."""

_REFERENCE = re.compile(r"\$\{[^}]+\}")


@dataclass(frozen=True)
class ConnectorState:
    """A connector's configuration, with unresolved references, and its run state."""

    config: Config
    run_state: RunState


@dataclass(frozen=True)
class ConfigValidations:
    """Kafka Connect's validation of configurations that differ from the running ones.

    Attributes:
        problems: What is wrong with a declared configuration, by connector.
        equivalent: Connectors whose declared and running configurations are equal once
            defaults are filled in.
    """

    problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    equivalent: Collection[str] = ()


def plan_connectors(
    target: Target,
    desired: Mapping[str, ConnectorState],
    actual: Mapping[str, ConnectorState],
    *,
    others: Collection[str] = (),
    scope: Iterable[str] = (),
    validations: ConfigValidations | None = None,
) -> Plan:
    """Compare the declared connectors with those of Kafka Connect.

    Connect returns a configuration as it was given, with the connector's name added and
    references to secrets unresolved.

    Args:
        target: Kafka Connect.
        desired: The declared connectors.
        actual: Those of them that exist.
        others: Names of the connectors that are not declared.
        scope: Patterns of connectors that are managed even if undeclared.
        validations: Connect's validation of the declared configurations.
    """
    said = validations or ConfigValidations()
    changes: list[Change] = []
    for name, connector in desired.items():
        wanted = ConnectorState({**connector.config, "name": name}, connector.run_state)
        there = actual.get(name)
        changes += _changes(target, name, wanted, there, said)
    undeclared = plan_undeclared(
        target, others, scope, "delete-connectors", "it stops; its offsets are kept"
    )
    return merge_plans([Plan(tuple(changes)), undeclared])


def _changes(
    target: Target,
    name: str,
    desired: ConnectorState,
    actual: ConnectorState | None,
    validations: ConfigValidations,
) -> Iterator[Change]:
    problems = validations.problems.get(name, ())
    reason = (
        f"Kafka Connect rejects it: {'; '.join(problems)}. Correct its file."
        if problems
        else ""
    )
    if actual is None:
        kind = desired.config.get("connector.class", "none").rpartition(".")[2]
        differences = (
            Difference("class", None, kind),
            Difference("state", None, desired.run_state),
        )
        yield Change(
            target,
            "create",
            name,
            differences,
            desired,
            why=reason,
            is_possible=not problems,
        )
        return
    if (
        dict(actual.config) != dict(desired.config)
        and name not in validations.equivalent
    ):
        yield Change(
            target,
            "update",
            name,
            tuple(_differences(desired.config, actual.config)),
            desired,
            why=reason or "its tasks restart",
            is_possible=not problems,
        )
    if actual.run_state != desired.run_state:
        difference = Difference("state", actual.run_state, desired.run_state)
        yield Change(target, "update", name, (difference,), desired)


def _differences(desired: Config, actual: Config) -> Iterator[Difference]:
    for key in sorted(desired.keys() | actual.keys()):
        before, after = actual.get(key), desired.get(key)
        if before != after:
            yield Difference(key, masked(key, before), masked(key, after) or "removed")


def masked(key: str, value: str | None) -> str | None:
    """Return a setting's value for display, or a mask if it may be a secret."""
    if value is None:
        return None
    rest = _REFERENCE.sub("", value)
    may_be_secret = _SECRET_KEY.search(key) or _SECRET_VALUE.search(rest)
    if may_be_secret and rest.strip():
        return HIDDEN
    return value or '""'
