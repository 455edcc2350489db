"""Restarts failed connectors and tasks, and reports when it gives up."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import dagster as dg

from dagster_project.assets.flow import CONNECTORS
from dagster_project.automation import BOOTSTRAP_PENDING, is_bootstrapped
from dagster_project.checks.connectors import RESTART_CHECKS, check_restarts
from dagster_project.checks.results import (
    CheckResult,
    evaluate,
    not_evaluated,
    to_event,
)
from dagster_project.resources import ConnectResource, PlatformResource
from dagster_project.sensors.cursors import StoredCursor
from dagster_project.sensors.evaluations import Reported, select_changes
from goodsflow.clients.connect import (
    ConnectClient,
    ConnectError,
    ConnectUnavailableError,
)
from goodsflow.clients.connect.restarts import (
    History,
    RestartSettings,
    UnansweredRestartError,
    check_and_restart,
)

SETTINGS = RestartSettings()

_ASSETS = {name: asset for asset, name in CONNECTORS.items()}


@dataclass(frozen=True)
class Cursor(StoredCursor):
    """What one tick hands on to the next: each connector's history, and the reports."""

    histories: Mapping[str, History] = field(default_factory=dict)
    reported: Reported = field(default_factory=Reported)


def attend_to_all(
    client: ConnectClient,
    names: Iterable[str],
    histories: Mapping[str, History],
    now: float,
    settings: RestartSettings = SETTINGS,
) -> tuple[list[CheckResult], dict[str, History]]:
    """Read each connector's status and restart what is due.

    Args:
        client: Of the Connect worker.
        names: The connectors.
        histories: Each connector's restarts so far.
        now: In seconds since the epoch.
        settings: The delays and the limit of restarts.

    Returns:
        A result for each connector, under its asset's key or else its own name, and the
        new histories. The history of a connector that could not be read, or whose
        restart was refused, stays as it was. A restart without an answer counts.
    """
    results, after = [], dict[str, History]()
    silent = ""
    for name in names:
        asset, history = _ASSETS.get(name, name), histories.get(name, History())
        after[name] = history
        if silent:
            # Each request to a worker that does not answer takes seconds of the tick.
            results.append(not_evaluated((asset, "restarts"), silent))
            continue
        try:
            status, action, after[name] = check_and_restart(
                client, name, history, now, settings
            )
        except ConnectError as error:
            results.append(not_evaluated((asset, "restarts"), str(error)))
            silent = str(error) if isinstance(error, ConnectUnavailableError) else ""
            if isinstance(error, UnansweredRestartError):
                after[name] = error.history
        else:
            results.append(check_restarts(asset, status, action, after[name], settings))
    return results, after


def tick(
    platform: PlatformResource,
    connect: ConnectResource,
    cursor: str | None,
    now: float,
    settings: RestartSettings = SETTINGS,
) -> dg.SensorResult:
    """Restart what is due of the declared connectors, and report what has changed.

    Args:
        platform: Declares the connectors.
        connect: The Connect worker.
        cursor: The sensor's, from the previous tick.
        now: In seconds since the epoch.
        settings: The delays and the limit of restarts.
    """
    state = Cursor.from_stored(cursor)
    histories = dict(state.histories)

    def read() -> list[CheckResult]:
        names = sorted({*_ASSETS, *platform.declared().connectors})
        with connect.watching_client() as client:
            results, after = attend_to_all(client, names, histories, now, settings)
        histories.clear()
        histories.update(after)
        return results

    results = evaluate(RESTART_CHECKS, read)
    # A connector that is no asset has no check: only the tick's text shows it.
    checked = [result for result in results if result.asset in CONNECTORS]
    changed, reported = select_changes(checked, state.reported, now)
    return dg.SensorResult(
        asset_events=[to_event(result) for result in changed],
        skip_reason=" | ".join(
            f"{result.asset}: {result.description.splitlines()[0]}"
            for result in results
        ),
        cursor=Cursor(histories, reported).to_stored(),
    )


def build_connector_restarter(
    default_status: dg.DefaultSensorStatus,
) -> dg.SensorDefinition:
    """Return the sensor; it is on or off by default."""

    @dg.sensor(
        minimum_interval_seconds=15,
        default_status=default_status,
        description="Restarts failed connectors and tasks with growing delays, and "
        "fails the check `restarts` when it gives up.",
    )
    def connector_restarter(
        context: dg.SensorEvaluationContext,
        platform: PlatformResource,
        connect: ConnectResource,
    ) -> dg.SensorResult | dg.SkipReason:
        if not is_bootstrapped(context.instance):
            return dg.SkipReason(BOOTSTRAP_PENDING)
        return tick(platform, connect, context.cursor, time.time())

    return connector_restarter
