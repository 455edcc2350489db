"""The parts and services that never end: watched here, kept alive elsewhere."""

from dataclasses import replace
from typing import Any

import dagster as dg
import httpx
from pydantic import Field

from dagster_project.resources.platform import PlatformResource
from dagster_project.resources.providers import (
    EngineStates,
    ServiceState,
    StateProvider,
    SupervisorStates,
)
from goodsflow.endpoints import Endpoints, EndpointsError
from goodsflow.local.home import Home


class ServicesResource(dg.ConfigurableResource[Any]):
    """The platform's parts, as who keeps them alive and they themselves say."""

    platform: dg.ResourceDependency[PlatformResource]
    timeout_seconds: float = Field(
        default=5, description="For a service to answer about its health."
    )

    def states(self) -> list[ServiceState]:
        """Return how every part and service is.

        Raises:
            SupervisorError: The supervisor of a native platform does not answer.
            EngineError: The Docker engine does not answer, or refuses.
            EndpointsError: There is no platform, or nobody who keeps its parts alive.
        """
        endpoints = self.platform.endpoints()
        states = dict(self._provider(endpoints).states())
        for name in endpoints.services.keys() - states.keys():
            reason = "is not known to who keeps the parts alive"
            states[name] = ServiceState(name, "UNKNOWN", None, None, 0, reason)
        return [self._with_health(endpoints, states[name]) for name in sorted(states)]

    def _provider(self, endpoints: Endpoints) -> StateProvider:
        if endpoints.supervisor_socket is not None:
            return SupervisorStates(Home(self.platform.home_path()))
        if endpoints.container_engine is not None:
            return EngineStates(endpoints.container_engine, self.timeout_seconds)
        raise EndpointsError(
            "The platform's addresses name neither a supervisor nor a container "
            "engine: nobody can say how its parts are."
        )

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
