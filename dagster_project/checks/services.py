"""The services are up."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.assets.flow import SERVICE_PARTS
from dagster_project.checks.findings import Finding, check_specs, look, to_results
from dagster_project.resources import ServicesResource, ServiceState

SERVICE_CHECKS = [(asset, "up") for asset in SERVICE_PARTS]


def look_at_services(services: ServicesResource) -> list[Finding]:
    """Ask after the services: their processes and their own word."""

    def find() -> Iterator[Finding]:
        states = {state.name: state for state in services.states()}
        for asset, part in SERVICE_PARTS.items():
            if part in states:
                yield judge_service(asset, states[part])

    return look(SERVICE_CHECKS, find)


def judge_service(asset: str, state: ServiceState) -> Finding:
    """Judge a service by its state."""
    facts: dict[str, str | int | float] = {
        "state": state.state,
        "restarts": state.restarts,
    }
    if state.pid is not None:
        facts["pid"] = state.pid
    text = (
        f"'{state.name}' is up."
        if state.is_up
        else f"'{state.name}' is not up: {state.state}, {state.reason}"
    )
    return Finding(asset, "up", state.is_up, text, facts)


@dg.multi_asset_check(
    specs=check_specs(SERVICE_CHECKS, "The process runs and says it is healthy."),
    can_subset=True,
)
def service_checks(
    context: dg.AssetCheckExecutionContext, services: ServicesResource
) -> Iterator[dg.AssetCheckResult]:
    """Ask after the services: their processes and their own word."""
    yield from to_results(context, look_at_services(services))
