"""The services and the parts are up."""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from dagster_project.assets.flow import ASSET_PARTS, SERVICE_PARTS
from dagster_project.checks.findings import Finding, check_specs, look, to_results
from dagster_project.resources import ServicesResource, ServiceState

UP_CHECKS = [(asset, "up") for asset in SERVICE_PARTS]
PARTS_UP_CHECKS = [(asset, "parts_up") for asset in ASSET_PARTS]
_MOST_ERROR_CHARACTERS = 400

SERVICE_CHECKS = [*UP_CHECKS, *PARTS_UP_CHECKS]


def look_at_services(services: ServicesResource) -> list[Finding]:
    """Ask after the services and parts: who keeps them alive, and their own word."""

    def find() -> Iterator[Finding]:
        states = {state.name: state for state in services.states()}
        for asset, part in SERVICE_PARTS.items():
            if part in states:
                yield judge_service(asset, states[part])
        for asset, parts in ASSET_PARTS.items():
            yield judge_parts(asset, parts, states)

    return look(SERVICE_CHECKS, find)


def judge_service(asset: str, state: ServiceState) -> Finding:
    """Judge a service by its state."""
    facts: dict[str, str | int | float] = {
        "state": state.state,
        "restarts": state.restarts,
    }
    if state.pid is not None:
        facts["pid"] = state.pid
    if state.uptime_seconds is not None:
        facts["hours up"] = round(state.uptime_seconds / 3600, 1)
    if state.reason:
        facts["reason"] = state.reason
    if state.last_error:
        facts["last error"] = state.last_error[:_MOST_ERROR_CHARACTERS]
    text = (
        f"'{state.name}' is up."
        if state.is_up
        else f"'{state.name}' is not up: {state.state}, {state.reason}"
    )
    return Finding(asset, "up", state.is_up, text, facts)


def judge_parts(
    asset: str, parts: Sequence[str], states: Mapping[str, ServiceState]
) -> Finding:
    """Judge what an asset rests on by the states of all parts."""
    ailing = [
        f"'{part}' is not up: {states[part].state}, {states[part].reason}"
        if part in states
        else f"'{part}' is not there"
        for part in parts
        if part not in states or not states[part].is_up
    ]
    there = [states[part] for part in parts if part in states]
    return Finding(
        asset,
        "parts_up",
        passed=not ailing,
        text="; ".join(ailing) or f"{', '.join(parts)}: up.",
        facts={
            "parts": len(parts),
            "parts up": len(parts) - len(ailing),
            "restarts": sum(state.restarts for state in there),
        },
    )


@dg.multi_asset_check(
    specs=[
        *check_specs(UP_CHECKS, "The service runs and says it is healthy."),
        *check_specs(PARTS_UP_CHECKS, "Every part that it rests on runs."),
    ],
    can_subset=True,
)
def service_checks(
    context: dg.AssetCheckExecutionContext, services: ServicesResource
) -> Iterator[dg.AssetCheckResult]:
    """Ask after the services and parts: who keeps them alive, and their own word."""
    yield from to_results(context, look_at_services(services))
