"""The platform's parts and services, whose states are read here."""

from dataclasses import replace
from typing import Any

import dagster as dg
import httpx2
from prometheus_client.parser import text_string_to_metric_families
from pydantic import Field

from dagster_project.resources.platform import PlatformResource
from dagster_project.resources.process_managers import (
    EngineProcesses,
    ProcessManager,
    ServiceState,
    SupervisorProcesses,
)
from goodsflow.common.errors import GoodsflowError
from goodsflow.common.process import last_error
from goodsflow.common.waiting import wait_for
from goodsflow.deploy.native.home import Home
from goodsflow.model.endpoints import Endpoints, EndpointsError

_START_SECONDS = 60.0


class ServiceMetricsError(GoodsflowError):
    """A service's metrics cannot be read."""


class ServiceRestartError(GoodsflowError):
    """A service cannot be restarted, or does not come up."""


class ServicesResource(dg.ConfigurableResource[Any]):
    """The states of the parts, from their process manager and their health checks."""

    platform: dg.ResourceDependency[PlatformResource]
    timeout_seconds: float = Field(
        default=5, description="Timeout of each request for a service's health."
    )

    def states(self) -> list[ServiceState]:
        """Return the state of every part and service.

        Raises:
            SupervisorError: The supervisor of a native platform does not answer.
            EngineError: The Docker engine does not answer, or refuses.
            EndpointsError: There is no platform, or it has no process manager.
        """
        endpoints = self.platform.endpoints()
        manager = self._process_manager(endpoints)
        states = dict(manager.states())
        for name in endpoints.services.keys() - states.keys():
            reason = "the process manager does not know it"
            states[name] = ServiceState(name, "UNKNOWN", None, None, 0, reason)
        return [
            self._with_health(endpoints, manager, states[name])
            for name in sorted(states)
        ]

    def counts(self, name: str) -> dict[tuple[str, str], float]:
        """Return a service's counts, by metric and by the value of its only label.

        Raises:
            ServiceMetricsError: It does not answer, or not in the Prometheus format.
        """
        endpoints = self.platform.endpoints()
        url = endpoints.services[name].metrics_url
        try:
            answer = httpx2.get(url, timeout=self.timeout_seconds, trust_env=False)
            answer.raise_for_status()
            families = list(text_string_to_metric_families(answer.text))
        except (httpx2.HTTPError, ValueError) as error:
            raise ServiceMetricsError(
                f"Cannot read the metrics of '{name}' at {url}: "
                f"{str(error) or type(error).__name__}."
            ) from error
        return {
            (sample.name, next(iter(sample.labels.values()), "")): float(sample.value)
            for family in families
            for sample in family.samples
            if len(sample.labels) <= 1
        }

    def restart(self, name: str) -> ServiceState:
        """Stop a service, start it again, and return its state once it runs.

        Raises:
            ServiceRestartError: There is none of this name, or it does not come up.
            SupervisorError: The supervisor refused or does not answer.
            EngineError: The Docker engine did, or does not.
        """
        endpoints = self.platform.endpoints()
        if name not in endpoints.services:
            raise ServiceRestartError(
                f"There is no service '{name}'; there are "
                f"{', '.join(sorted(endpoints.services))}."
            )
        self._process_manager(endpoints).restart(name)

        def late(seconds: float, reason: str) -> ServiceRestartError:
            return ServiceRestartError(
                f"'{name}' was started but is not up after {seconds:.0f} s: {reason}"
            )

        return wait_for(
            lambda: next(each for each in self.states() if each.name == name),
            late,
            timeout_seconds=_START_SECONDS,
            unmet=lambda state: (
                None if state.is_up else f"{state.state}, {state.reason}"
            ),
        )

    def _process_manager(self, endpoints: Endpoints) -> ProcessManager:
        if endpoints.supervisor_socket is not None:
            return SupervisorProcesses(Home(self.platform.home_path()))
        if endpoints.container_engine is not None:
            return EngineProcesses(endpoints.container_engine, self.timeout_seconds)
        raise EndpointsError(
            "The platform's addresses name neither a supervisor nor a container "
            "engine, so the states of its parts are unknown."
        )

    def _with_health(
        self, endpoints: Endpoints, manager: ProcessManager, state: ServiceState
    ) -> ServiceState:
        service = endpoints.services.get(state.name)
        if service is None:
            return state
        return replace(
            state,
            reason=state.reason or self._unhealthy(service.health_url),
            last_error=last_error(manager.log_tail(state.name)),
        )

    def _unhealthy(self, url: str) -> str:
        try:
            response = httpx2.get(url, timeout=self.timeout_seconds, trust_env=False)
        except httpx2.HTTPError as error:
            return f"{url} does not answer ({type(error).__name__})"
        if response.is_success:
            return ""
        return f"{url} answers {response.status_code}: {response.text.strip()[:200]}"
