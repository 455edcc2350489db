"""What a Connect worker returns: its version, connectors' statuses and offsets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

InitialState = Literal["RUNNING", "PAUSED", "STOPPED"]

Offset = tuple[Mapping[str, Any], Mapping[str, Any]]
"""A partition and a connector's offset in it, both in the connector's own form."""

OffsetChange = tuple[Mapping[str, Any], Mapping[str, Any] | None]
"""A partition and its new offset; None removes the offset."""


@dataclass(frozen=True)
class WorkerInfo:
    """A worker's version and Kafka cluster."""

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
        """Whether the connector runs, and it has tasks, and all of them run."""
        return (
            self.state == "RUNNING"
            and bool(self.tasks)
            and all(task.state == "RUNNING" for task in self.tasks)
        )

    @property
    def failures(self) -> tuple[str, ...]:
        """The connector and tasks that have failed, each with its stack trace."""
        parts = [("connector", self.state, self.trace)]
        parts += [(f"task {task.id}", task.state, task.trace) for task in self.tasks]
        return tuple(
            f"{what}: {trace or 'no trace given'}"
            for what, state, trace in parts
            if state == "FAILED"
        )

    def __str__(self) -> str:
        """Return the states in one line."""
        tasks = ", ".join(f"task {task.id} {task.state}" for task in self.tasks)
        return f"connector '{self.name}' {self.state}, {tasks or 'no tasks'}"
