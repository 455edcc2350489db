"""What a Connect worker tells: of itself, of connectors, and where these stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

InitialState = Literal["RUNNING", "PAUSED", "STOPPED"]

Offset = tuple[Mapping[str, Any], Mapping[str, Any]]
"""A partition and where a connector stands in it, both as the connector names them."""

OffsetChange = tuple[Mapping[str, Any], Mapping[str, Any] | None]
"""A partition and where to go on in it; None forgets the partition."""


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker says about itself."""

    version: str
    kafka_cluster_id: str


@dataclass(frozen=True)
class TaskStatus:
    """One task: UNASSIGNED, RUNNING, PAUSED, FAILED, RESTARTING or STOPPED."""

    id: int
    state: str
    worker: str
    trace: str | None


@dataclass(frozen=True)
class ConnectorStatus:
    """A connector and its tasks, as the workers last reported them."""

    name: str
    state: str
    worker: str
    trace: str | None
    tasks: tuple[TaskStatus, ...]
    kind: str = ""
    """"source" or "sink"."""

    @property
    def is_running(self) -> bool:
        """Whether the connector, and at least one task, and every task runs."""
        return (
            self.state == "RUNNING"
            and bool(self.tasks)
            and all(task.state == "RUNNING" for task in self.tasks)
        )

    @property
    def failures(self) -> tuple[str, ...]:
        """The failed ones of connector and tasks, each with its stack trace."""
        parts = [("connector", self.state, self.trace)]
        parts += [(f"task {task.id}", task.state, task.trace) for task in self.tasks]
        return tuple(
            f"{what}: {trace or 'no trace given'}"
            for what, state, trace in parts
            if state == "FAILED"
        )

    def __str__(self) -> str:
        """Say the states in one line."""
        tasks = ", ".join(f"task {task.id} {task.state}" for task in self.tasks)
        return f"connector '{self.name}' {self.state}, {tasks or 'no tasks'}"
