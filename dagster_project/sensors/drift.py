"""Finds what is no longer as declared, and has repaired what is safe to repair."""

import hashlib
import json
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field

import dagster as dg

from dagster_project.assets.declared import ASSET_OF
from dagster_project.checks.declared import DECLARED_CHECKS, judge_survey
from dagster_project.checks.findings import Finding, could_not_look
from dagster_project.jobs import bootstrap
from dagster_project.resources import DesiredStateResource
from dagster_project.sensors.news import (
    Memory,
    make_looks,
    select_news,
    summarize,
    to_events,
)
from goodsflow.common.clock import elapsed
from goodsflow.common.errors import GoodsflowError
from goodsflow.desired_state.providers.reconciler import Survey

LOOK_SECONDS = 35.0
"""For the whole survey; Dagster gives up on a tick after 60 s."""

FIRST_RETRY_SECONDS = 120.0
MOST_RETRY_SECONDS = 3600.0

_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dataclass(frozen=True)
class Repair:
    """A repair that was asked for.

    Attributes:
        digest: Of the drift that it was to repair.
        attempt: How often it was asked for, from 1.
        asked_at: When, in seconds since the epoch.
    """

    digest: str
    attempt: int
    asked_at: float

    @property
    def next_at(self) -> float:
        """When the same drift is worth another try."""
        wait = FIRST_RETRY_SECONDS * 2.0 ** (self.attempt - 1)
        return self.asked_at + min(wait, MOST_RETRY_SECONDS)


@dataclass(frozen=True)
class Remembered:
    """What a tick hands on to the next one: each asset's repair, and the news."""

    repairs: Mapping[str, Repair] = field(default_factory=dict)
    reported: Memory = field(default_factory=lambda: Memory({}, 0.0))

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "Remembered":
        """Read the sensor's cursor; nothing is remembered without one."""
        if not cursor:
            return cls()
        stored = json.loads(cursor)
        repairs = {asset: Repair(**told) for asset, told in stored["repairs"].items()}
        return cls(repairs, Memory(**stored["reported"]))

    def to_cursor(self) -> str:
        """Write the sensor's cursor."""
        return json.dumps(asdict(self))


def decide_repairs(
    drift: Mapping[str, str],
    repairs: Mapping[str, Repair],
    now: float,
    unread: Collection[str] = (),
) -> tuple[list[str], dict[str, Repair]]:
    """Choose the assets to materialize, and what to remember of them.

    A drift is repaired at once; one that is the same after its repair was asked for is
    tried again with a delay that doubles. What is in order again is forgotten, so that
    the same drift, come again, is repaired at once.

    Args:
        drift: A digest of what could safely be repaired, by asset.
        repairs: Those asked for so far, by asset.
        now: In seconds since the epoch.
        unread: Assets of which nothing is known: they are neither repaired nor
            forgotten.
    """
    due: list[str] = []
    remembered = {asset: last for asset, last in repairs.items() if asset in unread}
    for asset, digest in drift.items():
        last = repairs.get(asset)
        is_same = last is not None and last.digest == digest
        # Where the clock was set back, it may have been asked for long ago.
        if (
            last is not None
            and is_same
            and elapsed(last.asked_at, now) is not None
            and now < last.next_at
        ):
            remembered[asset] = last
            continue
        attempt = last.attempt + 1 if last is not None and is_same else 1
        due.append(asset)
        remembered[asset] = Repair(digest, attempt, now)
    return due, remembered


def safe_drift(survey: Survey) -> dict[str, str]:
    """Return a digest of what could safely be repaired, by asset; of none, nothing."""
    return {
        ASSET_OF[target]: _digest([str(change) for change in plan.safe()])
        for target, plan in survey.plans.items()
        if plan.safe()
    }


@dg.sensor(
    job=bootstrap,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Compares all with `platform.yaml` and starts a run of `bootstrap` for "
    "what is safe to repair. A connector paused by hand goes on again.",
)
def drift_sensor(
    context: dg.SensorEvaluationContext, desired_state: DesiredStateResource
) -> dg.SensorResult:
    """Evaluates what is declared, and asks for a run where a difference is safe."""
    remembered = Remembered.from_cursor(context.cursor)
    repairs = dict(remembered.repairs)
    now = time.time()

    surveys: list[Survey] = []

    def look() -> list[Finding]:
        try:
            with desired_state.watching_reconciler() as reconciler:
                survey = reconciler.survey(reconciler.targets())
        except GoodsflowError as error:
            return [could_not_look(check, str(error)) for check in DECLARED_CHECKS]
        surveys.append(survey)
        return judge_survey(survey)

    findings = make_looks([(DECLARED_CHECKS, look)], LOOK_SECONDS)
    drift = safe_drift(surveys[0]) if surveys else {}
    # What is under way may be repairing it, or may be what makes it for the first time.
    is_busy = bool(
        context.instance.get_runs(
            dg.RunsFilter(job_name=bootstrap.name, statuses=_UNDER_WAY), limit=1
        )
    )
    due: list[str] = []
    if surveys and not is_busy:
        unread = {ASSET_OF[target] for target in surveys[0].failures}
        due, repairs = decide_repairs(drift, repairs, now, unread)
    news, reported = select_news(findings, remembered.reported, now)
    requests = [_request(due, repairs)] if due else []
    return dg.SensorResult(
        run_requests=requests,
        asset_events=to_events(news, findings),
        skip_reason=None if requests else summarize(findings),
        cursor=Remembered(repairs, reported).to_cursor(),
    )


def _request(due: list[str], repairs: Mapping[str, Repair]) -> dg.RunRequest:
    # A run key is remembered for ever: the same drift at another time has another.
    asked_at = repairs[due[0]].asked_at
    return dg.RunRequest(
        run_key=f"drift-{_digest(due)}-{asked_at:.0f}",
        asset_selection=[dg.AssetKey(asset) for asset in due],
        tags={"goodsflow/drift": ",".join(due)},
    )


def _digest(content: list[str]) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
