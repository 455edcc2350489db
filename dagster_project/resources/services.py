"""The services that never end: watched here, started and kept alive elsewhere."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import dagster as dg
import httpx
from pydantic import Field

from dagster_project.resources.platform import PlatformResource
from goodsflow.endpoints import Endpoints

RUNNING = "RUNNING"


@dataclass(frozen=True)
class ServiceState:
    """How a service is.

    Attributes:
        name: As in ``endpoints.services``, or as the supervisor calls the process.
        state: The supervisor's word for the process (RUNNING, BACKOFF, FATAL, …).
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
        """Whether the process runs and says of itself that it is healthy."""
        return self.state == RUNNING and not self.reason


class ServicesResource(dg.ConfigurableResource[Any]):
    """The platform's processes, as their supervisor and they themselves say."""

    platform: dg.ResourceDependency[PlatformResource]
    timeout_seconds: float = Field(
        default=5, description="For a service to answer about its health."
    )

    def states(self) -> list[ServiceState]:
        """Return how every service is.

        Where a supervisor runs, its word on the process and the service's own on its
        health; elsewhere the latter alone.

        Raises:
            SupervisorError: There should be a supervisor, and it does not answer.
            EndpointsError: There is no platform.
        """
        endpoints = self.platform.endpoints()
        if endpoints.supervisor_socket is None:
            states: Mapping[str, ServiceState] = {
                name: ServiceState(name, RUNNING, None, None, 0, "")
                for name in endpoints.services
            }
        else:
            states = self._supervised(endpoints)
        return [self._with_health(endpoints, states[name]) for name in sorted(states)]

    def _supervised(self, endpoints: Endpoints) -> Mapping[str, ServiceState]:
        from goodsflow.local.home import Home
        from goodsflow.local.status import count_restarts
        from goodsflow.local.supervisor import SupervisorClient

        if endpoints.supervisor_socket is None:
            return {}
        home = Home(self.platform.home_path())
        states = {}
        for process in SupervisorClient(endpoints.supervisor_socket).processes():
            is_running = process.state == RUNNING
            states[process.name] = ServiceState(
                name=process.name,
                state=process.state,
                pid=process.pid,
                uptime_seconds=(
                    time.time() - process.started_at if process.started_at else None
                ),
                restarts=count_restarts(home, process.name),
                reason="" if is_running else process.description or "does not run",
            )
        for name in endpoints.services.keys() - states.keys():
            reason = "is not known to the supervisor"
            states[name] = ServiceState(name, "UNKNOWN", None, None, 0, reason)
        return states

    def _with_health(self, endpoints: Endpoints, state: ServiceState) -> ServiceState:
        service = endpoints.services.get(state.name)
        if service is None or state.reason:
            return state
        return replace(state, reason=self._unhealthy(service.health_url))

    def _unhealthy(self, url: str) -> str:
        try:
            response = httpx.get(url, timeout=self.timeout_seconds, trust_env=False)
        except httpx.HTTPError as error:
            return f"{url} does not answer ({type(error).__name__})"
        if response.is_success:
            return ""
        return f"{url} answers {response.status_code}: {response.text.strip()[:200]}"
