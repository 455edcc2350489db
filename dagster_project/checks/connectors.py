"""The connectors and all their tasks run."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.assets.flow import CONNECTORS
from dagster_project.checks.findings import Finding, check_specs, look, to_results
from dagster_project.resources import ConnectResource
from goodsflow.connect import ConnectNotFoundError, ConnectorStatus

CONNECTOR_CHECKS = [(asset, "running") for asset in CONNECTORS]


def look_at_connectors(connect: ConnectResource) -> list[Finding]:
    """Ask the Connect worker after the connectors and their tasks."""

    def find() -> Iterator[Finding]:
        with connect.watching_client() as client:
            for asset, name in CONNECTORS.items():
                try:
                    status = client.status(name)
                except ConnectNotFoundError as error:
                    yield Finding(asset, "running", passed=False, text=str(error))
                else:
                    yield judge_connector(asset, status)

    return look(CONNECTOR_CHECKS, find)


def judge_connector(asset: str, status: ConnectorStatus) -> Finding:
    """Judge a connector by its state and its tasks'."""
    first_lines = [failure.splitlines()[0] for failure in status.failures]
    return Finding(
        asset,
        "running",
        passed=status.is_running,
        text="; ".join([str(status), *first_lines]),
        facts={
            "state": status.state,
            "tasks running": sum(task.state == "RUNNING" for task in status.tasks),
            "tasks": len(status.tasks),
        },
    )


@dg.multi_asset_check(
    specs=check_specs(CONNECTOR_CHECKS, "The connector and all its tasks run."),
    can_subset=True,
)
def connector_checks(
    context: dg.AssetCheckExecutionContext, connect: ConnectResource
) -> Iterator[dg.AssetCheckResult]:
    """Ask the Connect worker after the connectors and their tasks."""
    yield from to_results(context, look_at_connectors(connect))
