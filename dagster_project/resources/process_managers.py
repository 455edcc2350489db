"""The process managers that keep the platform's parts running, behind one interface.

On a native platform that is the supervisor, in containers the Docker engine.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from goodsflow.clients.docker import Container, EngineClient
from goodsflow.common.clock import elapsed
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.status import count_restarts
from goodsflow.deploy.native.supervisor import SupervisorClient
from goodsflow.model.endpoints import ContainerEngine

RUNNING = "RUNNING"

_TAIL_BYTES = 200_000


@dataclass(frozen=True)
class ServiceState:
    """The state of a part or service.

    Attributes:
        name: As in ``endpoints.services``, or as its process manager has it.
        state: The process manager's state in capitals. RUNNING is common to all; others
            are the supervisor's (BACKOFF, FATAL, …) or the engine's (EXITED, …).
        pid: None if it does not run.
        restarts: How often the process manager has restarted it.
        reason: Why it does not serve; empty if it does.
        last_error: For a service, the newest error at the end of its log, with its
            time; empty if there is none.
    """

    name: str
    state: str
    pid: int | None
    uptime_seconds: float | None
    restarts: int
    reason: str
    last_error: str = ""

    @property
    def is_up(self) -> bool:
        """Whether it runs, and neither its manager nor its health check objects."""
        return self.state == RUNNING and not self.reason


class ProcessManager(Protocol):
    """Keeps the parts running, and knows their states."""

    def states(self) -> Mapping[str, ServiceState]:
        """Return every part's state by its name.

        Raises:
            GoodsflowError: It does not answer, or refuses.
        """

    def log_tail(self, name: str) -> str:
        """Return the last lines of a part's log; empty if there is none.

        Raises:
            GoodsflowError: It does not answer, or refuses.
        """

    def restart(self, name: str) -> None:
        """Stop a part and start it again.

        Raises:
            GoodsflowError: It does not answer, or refuses.
        """


class SupervisorProcesses:
    """The supervisor of a native platform."""

    def __init__(self, home: Home) -> None:
        """Remember the platform's folder."""
        self._home = home

    def states(self) -> Mapping[str, ServiceState]:
        """Return the state of every part's process.

        Raises:
            SupervisorError: The supervisor does not answer.
        """
        now = time.time()
        return {
            process.name: ServiceState(
                name=process.name,
                state=process.state,
                pid=process.pid,
                uptime_seconds=_uptime(process.started_at, now),
                restarts=count_restarts(self._home, process.name),
                reason=(
                    ""
                    if process.state == RUNNING
                    else process.description or "not running"
                ),
            )
            for process in SupervisorClient(self._home.socket).processes()
        }

    def log_tail(self, name: str) -> str:
        """Return the last lines of a part's log; empty if there is none."""
        try:
            with self._home.log(name).open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _TAIL_BYTES))
                return file.read().decode(errors="replace")
        except FileNotFoundError:
            return ""

    def restart(self, name: str) -> None:
        """Stop a part and start it again.

        Raises:
            SupervisorError: The supervisor refused or does not answer.
        """
        client = SupervisorClient(self._home.socket)
        client.stop(name)
        client.start(name)


class EngineProcesses:
    """The Docker engine, of a Compose project's containers."""

    def __init__(self, engine: ContainerEngine, timeout_seconds: float = 5) -> None:
        """Remember where the engine is."""
        self._engine = engine
        self._timeout_seconds = timeout_seconds

    def states(self) -> Mapping[str, ServiceState]:
        """Return the state of every part's container, without one-shot containers.

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
                    uptime_seconds=_uptime(container.started_at, now),
                    restarts=container.restarts,
                    reason=describe_failure(container),
                )
                for container in client.containers()
                if not container.is_one_shot
            }

    def log_tail(self, name: str) -> str:
        """Return the last lines of a service's log; empty if it has no container.

        Raises:
            EngineError: The engine does not answer, or refuses.
        """
        with EngineClient(self._engine, self._timeout_seconds) as client:
            return client.log_tail(name)

    def restart(self, name: str) -> None:
        """Stop a service's container and start it again.

        Raises:
            EngineError: The engine does not answer, or refuses.
        """
        with EngineClient(self._engine, self._timeout_seconds) as client:
            client.restart(name)


def describe_failure(container: Container) -> str:
    """Say why a container does not serve; empty if it does."""
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


def _uptime(started_at: float | None, now: float) -> float | None:
    return elapsed(started_at, now) if started_at else None
