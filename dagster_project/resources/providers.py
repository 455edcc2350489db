"""Who keeps the platform's parts alive, and what it says of each: one interface.

Natively that is the supervisor, in containers the Docker engine.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from goodsflow.endpoints import ContainerEngine
from goodsflow.engine import Container, EngineClient
from goodsflow.local.home import Home
from goodsflow.local.status import count_restarts
from goodsflow.local.supervisor import SupervisorClient

RUNNING = "RUNNING"


@dataclass(frozen=True)
class ServiceState:
    """How a part or service is.

    Attributes:
        name: As in ``endpoints.services``, or as its keeper calls it.
        state: The keeper's word in capitals. RUNNING is common to all; the others are
            the supervisor's (BACKOFF, FATAL, …) or the engine's (EXITED, PAUSED, …).
        pid: None where it does not run.
        restarts: How often it was started again by itself.
        reason: Why it does not serve; empty where it does.
    """

    name: str
    state: str
    pid: int | None
    uptime_seconds: float | None
    restarts: int
    reason: str

    @property
    def is_up(self) -> bool:
        """Whether it runs, and neither its keeper nor itself knows an ailment."""
        return self.state == RUNNING and not self.reason


class StateProvider(Protocol):
    """Who can say how the parts are."""

    def states(self) -> Mapping[str, ServiceState]:
        """Return how every part is, by its name.

        Raises:
            GoodsflowError: It could not be asked.
        """


class SupervisorStates:
    """What the supervisor of a native platform says."""

    def __init__(self, home: Home) -> None:
        """Remember the platform's folder."""
        self._home = home

    def states(self) -> Mapping[str, ServiceState]:
        """Return how every part's process is.

        Raises:
            SupervisorError: The supervisor does not answer.
        """
        now = time.time()
        return {
            process.name: ServiceState(
                name=process.name,
                state=process.state,
                pid=process.pid,
                uptime_seconds=now - process.started_at if process.started_at else None,
                restarts=count_restarts(self._home, process.name),
                reason=(
                    ""
                    if process.state == RUNNING
                    else process.description or "does not run"
                ),
            )
            for process in SupervisorClient(self._home.socket).processes()
        }


class EngineStates:
    """What the Docker engine says of a Compose project's containers."""

    def __init__(self, engine: ContainerEngine, timeout_seconds: float = 5) -> None:
        """Remember where the engine is."""
        self._engine = engine
        self._timeout_seconds = timeout_seconds

    def states(self) -> Mapping[str, ServiceState]:
        """Return how every part's container is; what ends by itself is none.

        Raises:
            EngineError: The engine does not answer, or refuses.
        """
        now = time.time()
        with EngineClient(self._engine, self._timeout_seconds) as client:
            return {
                container.service: ServiceState(
                    name=container.service,
                    state=container.status.upper(),
                    pid=container.pid,
                    uptime_seconds=(
                        now - container.started_at if container.started_at else None
                    ),
                    restarts=container.restarts,
                    reason=ailment(container),
                )
                for container in client.containers()
                if not container.is_passing
            }


def ailment(container: Container) -> str:
    """Say why a container does not serve; nothing where it does."""
    if container.status == "running":
        if container.health in {"", "healthy"}:
            return ""
        said = container.health_output[-200:] or "its health check has not passed yet"
        return f"{container.health}: {said}"
    if container.status in {"restarting", "exited", "dead"}:
        why = "out of memory" if container.out_of_memory else container.error
        return f"ended with exit status {container.exit_code}" + (
            f" ({why})" if why else ""
        )
    return f"is {container.status}"
