"""The services and the parts of the platform are up."""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from dagster_project.assets.flow import ASSET_PARTS, SERVICE_PARTS
from dagster_project.checks.results import (
    CheckResult,
    check_specs,
    evaluate,
    to_results,
)
from dagster_project.resources import ServicesResource, ServiceState

UP_CHECKS = [(asset, "up") for asset in SERVICE_PARTS]
PARTS_UP_CHECKS = [(asset, "parts_up") for asset in ASSET_PARTS]
_MOST_ERROR_CHARACTERS = 400

SERVICE_CHECKS = [*UP_CHECKS, *PARTS_UP_CHECKS]


def evaluate_services(services: ServicesResource) -> list[CheckResult]:
    """Evaluate the state of the services and parts."""

    def read() -> Iterator[CheckResult]:
        states = {state.name: state for state in services.states()}
        for asset, part in SERVICE_PARTS.items():
            if part in states:
                yield check_service(asset, states[part])
        for asset, parts in ASSET_PARTS.items():
            yield check_parts(asset, parts, states)

    return evaluate(SERVICE_CHECKS, read)


def check_service(asset: str, state: ServiceState) -> CheckResult:
    """Check that a service is up."""
    metadata: dict[str, str | int | float] = {
        "state": state.state,
        "restarts": state.restarts,
    }
    if state.pid is not None:
        metadata["pid"] = state.pid
    if state.uptime_seconds is not None:
        metadata["hours up"] = round(state.uptime_seconds / 3600, 1)
    if state.reason:
        metadata["reason"] = state.reason
    if state.last_error:
        metadata["last error"] = state.last_error[:_MOST_ERROR_CHARACTERS]
    text = (
        f"'{state.name}' is up."
        if state.is_up
        else f"'{state.name}' is not up: {state.state}, {state.reason}"
    )
    return CheckResult(asset, "up", state.is_up, text, metadata)


def check_parts(
    asset: str, parts: Sequence[str], states: Mapping[str, ServiceState]
) -> CheckResult:
    """Check that the parts behind an asset are up."""
    failing = [
        f"'{part}' is not up: {states[part].state}, {states[part].reason}"
        if part in states
        else f"'{part}' is missing"
        for part in parts
        if part not in states or not states[part].is_up
    ]
    there = [states[part] for part in parts if part in states]
    return CheckResult(
        asset,
        "parts_up",
        passed=not failing,
        description="; ".join(failing) or f"{', '.join(parts)}: up.",
        metadata={
            "parts": len(parts),
            "parts up": len(parts) - len(failing),
            "restarts": sum(state.restarts for state in there),
        },
    )


@dg.multi_asset_check(
    specs=[
        *check_specs(UP_CHECKS, "The service runs, and its health check passes."),
        *check_specs(PARTS_UP_CHECKS, "Every part behind the asset is running."),
    ],
    can_subset=True,
)
def service_checks(
    context: dg.AssetCheckExecutionContext, services: ServicesResource
) -> Iterator[dg.AssetCheckResult]:
    """Evaluate the state of the services and parts."""
    yield from to_results(context, evaluate_services(services))
