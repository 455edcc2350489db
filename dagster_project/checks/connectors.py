"""The connectors and all their tasks run, and failed ones are restarted."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import dagster as dg

from dagster_project.assets.flow import CONNECTORS
from dagster_project.checks.results import (
    CheckResult,
    check_specs,
    evaluate,
    to_results,
)
from dagster_project.resources import ConnectResource
from goodsflow.clients.connect import ConnectNotFoundError, ConnectorStatus
from goodsflow.clients.connect.restarts import (
    Action,
    History,
    RestartSettings,
    condition,
    restart_at,
)

CONNECTOR_CHECKS = [(asset, "running") for asset in CONNECTORS]
RESTART_CHECKS = [(asset, "restarts") for asset in CONNECTORS]

_TRACE_LINES = 20


def evaluate_connectors(connect: ConnectResource) -> list[CheckResult]:
    """Evaluate the state of the connectors and their tasks."""
    return evaluate(
        CONNECTOR_CHECKS, lambda: _find(connect, "running", check_connector)
    )


def evaluate_restarts(connect: ConnectResource) -> list[CheckResult]:
    """Evaluate what has failed, without knowing how often it was restarted."""
    return evaluate(RESTART_CHECKS, lambda: _find(connect, "restarts", check_failures))


def _find(
    connect: ConnectResource,
    check: str,
    check_status: Callable[[str, ConnectorStatus], CheckResult],
) -> Iterator[CheckResult]:
    with connect.watching_client() as client:
        for asset, name in CONNECTORS.items():
            try:
                status = client.status(name)
            except ConnectNotFoundError as error:
                yield CheckResult(asset, check, passed=False, description=str(error))
            else:
                yield check_status(asset, status)


def check_connector(asset: str, status: ConnectorStatus) -> CheckResult:
    """Check that a connector and its tasks run."""
    return CheckResult(
        asset,
        "running",
        passed=status.is_running,
        description="; ".join([str(status), *_first_lines(status)]),
        metadata={
            "state": status.state,
            "tasks running": sum(task.state == "RUNNING" for task in status.tasks),
            "tasks": len(status.tasks),
        },
    )


def check_restarts(
    asset: str,
    status: ConnectorStatus,
    action: Action,
    history: History,
    settings: RestartSettings,
) -> CheckResult:
    """Check that a connector's restarts are not exhausted.

    Args:
        asset: Key of the connector's asset.
        status: Its status before the action.
        action: What was done.
        history: Its restarts, after the action.
        settings: The delays and the limit of restarts.
    """
    made, most = history.restarts, settings.max_restarts
    failed = "; ".join([str(status), *_first_lines(status)])
    severity = dg.AssetCheckSeverity.ERROR
    if action == "none":
        text = f"Nothing to restart: {status}"
        text += f"; {made} of {most} restarts used recently" if made else ""
    elif action == "give up":
        text = (
            f"Gave up after {made} restarts: {status}. Remove the cause, then run "
            f"`goodsflow connector restart {status.name}`.\n{_excerpts(status)}"
        )
    else:
        severity = dg.AssetCheckSeverity.WARN
        at = datetime.fromtimestamp(restart_at(history, settings), UTC)
        text = (
            f"Restart {made} of {most} requested: {failed}"
            if action == "restart"
            else f"Restart {made + 1} of {most} is due at {at:%H:%M:%S} UTC: {failed}"
        )
    return CheckResult(
        asset,
        "restarts",
        passed=action != "give up",
        description=text,
        metadata={"restarts": made, "restarts left": most - made},
        severity=severity,
    )


def check_failures(asset: str, status: ConnectorStatus) -> CheckResult:
    """Check a connector without knowing how often it was restarted.

    The sensor may have given up on it, so a failure is an error, not a warning.
    """
    if condition(status) != "failed":
        return CheckResult(asset, "restarts", True, f"Nothing to restart: {status}")
    text = (
        f"{status}. Only the sensor 'connector_restarter' knows how often it was "
        "restarted. If the sensor is on, its next report replaces this one.\n"
        f"{_excerpts(status)}"
    )
    return CheckResult(asset, "restarts", False, text)


def _first_lines(status: ConnectorStatus) -> list[str]:
    return [failure.splitlines()[0] for failure in status.failures]


def _excerpts(status: ConnectorStatus) -> str:
    return "\n".join(_excerpt(failure.splitlines()) for failure in status.failures)


def _excerpt(trace: list[str]) -> str:
    """Return the trace's first lines, and the causes that stand further down."""
    causes = [line for line in trace[_TRACE_LINES:] if line.startswith("Caused by")]
    return "\n".join([*trace[:_TRACE_LINES], *causes])


@dg.multi_asset_check(
    specs=[
        *check_specs(CONNECTOR_CHECKS, "The connector and all its tasks run."),
        *check_specs(
            RESTART_CHECKS,
            "Failed tasks are restarted, and the sensor has not given up.",
        ),
    ],
    can_subset=True,
)
def connector_checks(
    context: dg.AssetCheckExecutionContext, connect: ConnectResource
) -> Iterator[dg.AssetCheckResult]:
    """Evaluate the state of the connectors and their tasks."""
    results = evaluate_connectors(connect) + evaluate_restarts(connect)
    yield from to_results(context, results)
