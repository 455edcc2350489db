"""Restarts what has failed of a connector, patiently, and tells when it gives up."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

import dagster as dg

from dagster_project.assets.flow import CONNECTORS
from dagster_project.checks.connectors import RESTART_CHECKS, judge_restarts
from dagster_project.checks.findings import Finding, could_not_look, look, to_evaluation
from dagster_project.resources import ConnectResource, PlatformResource
from dagster_project.sensors.news import Memory, select_news
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
class Remembered:
    """What a tick hands on to the next one: each connector's history, and the news."""

    histories: Mapping[str, History] = field(default_factory=dict)
    reported: Memory = field(default_factory=lambda: Memory({}, 0.0))

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "Remembered":
        """Read the sensor's cursor; nothing is remembered without one."""
        if not cursor:
            return cls()
        stored = json.loads(cursor)
        histories = {
            name: History(**told) for name, told in stored["histories"].items()
        }
        return cls(histories, Memory(**stored["reported"]))

    def to_cursor(self) -> str:
        """Write the sensor's cursor."""
        return json.dumps(asdict(self))


def attend_to_all(
    client: ConnectClient,
    names: Iterable[str],
    histories: Mapping[str, History],
    now: float,
    settings: RestartSettings = SETTINGS,
) -> tuple[list[Finding], dict[str, History]]:
    """Look at each connector and restart what is due.

    Args:
        client: The worker.
        names: The connectors.
        histories: What is remembered of them.
        now: The time in seconds.
        settings: How patiently they are restarted.

    Returns:
        What was found and done about each, by its asset's key or else its own name, and
        what to remember. Of a connector that could not be looked at, or whose restart
        was refused, that is what it was before; a restart without an answer counts.
    """
    findings, after = [], dict[str, History]()
    silent = ""
    for name in names:
        asset, history = _ASSETS.get(name, name), histories.get(name, History())
        after[name] = history
        if silent:
            # Each question to a worker that does not answer takes seconds of the tick.
            findings.append(could_not_look((asset, "restarts"), silent))
            continue
        try:
            status, action, after[name] = check_and_restart(
                client, name, history, now, settings
            )
        except ConnectError as error:
            findings.append(could_not_look((asset, "restarts"), str(error)))
            silent = str(error) if isinstance(error, ConnectUnavailableError) else ""
            if isinstance(error, UnansweredRestartError):
                after[name] = error.history
        else:
            findings.append(
                judge_restarts(asset, status, action, after[name], settings)
            )
    return findings, after


def tick(
    platform: PlatformResource,
    connect: ConnectResource,
    cursor: str | None,
    now: float,
    settings: RestartSettings = SETTINGS,
) -> dg.SensorResult:
    """Attend to the declared connectors, and report what is news.

    Args:
        platform: What declares them.
        connect: The worker.
        cursor: What the tick before has remembered.
        now: The time in seconds.
        settings: How patiently they are restarted.
    """
    remembered = Remembered.from_cursor(cursor)
    histories = dict(remembered.histories)

    def find() -> list[Finding]:
        names = sorted({*_ASSETS, *platform.declared().connectors})
        with connect.watching_client() as client:
            findings, after = attend_to_all(client, names, histories, now, settings)
        histories.clear()
        histories.update(after)
        return findings

    findings = look(RESTART_CHECKS, find)
    # A connector that is no asset has no check: the tick alone tells of it.
    checked = [f for f in findings if f.asset in CONNECTORS]
    news, reported = select_news(checked, remembered.reported, now)
    return dg.SensorResult(
        asset_events=[to_evaluation(finding) for finding in news],
        skip_reason=" | ".join(
            f"{f.asset}: {f.text.splitlines()[0]}" for f in findings
        ),
        cursor=Remembered(histories, reported).to_cursor(),
    )


@dg.sensor(
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Restarts what has failed of the declared connectors, ever more "
    "patiently, and fails the check `restarts` when in vain.",
)
def connector_restarter(
    context: dg.SensorEvaluationContext,
    platform: PlatformResource,
    connect: ConnectResource,
) -> dg.SensorResult:
    """Restarts what has failed of the declared connectors, and reports when in vain."""
    return tick(platform, connect, context.cursor, time.time())
