"""Detects drift from ``platform.yaml``, and has repaired what is safe to repair."""

import hashlib
import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import dagster as dg

from dagster_project.assets.declared import ASSET_OF
from dagster_project.automation import BOOTSTRAP_PENDING, is_bootstrapped
from dagster_project.checks.declared import DECLARED_CHECKS, check_plans
from dagster_project.checks.results import CheckResult, not_evaluated
from dagster_project.jobs import bootstrap
from dagster_project.resources import DesiredStateResource
from dagster_project.sensors.cursors import StoredCursor
from dagster_project.sensors.evaluations import (
    Reported,
    evaluate_all,
    select_changes,
    summarize,
    to_events,
)
from goodsflow.common.clock import elapsed
from goodsflow.common.errors import GoodsflowError
from goodsflow.desired_state.providers.reconciler import PlanResults

TIMEOUT_SECONDS = 35.0
"""For planning all targets; Dagster gives up on a tick after 60 s."""

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
    """A repair that was requested.

    Attributes:
        digest: Of the drift that it was to repair.
        attempt: How often it was requested, from 1.
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
class Cursor(StoredCursor):
    """What one tick hands on to the next: each asset's last repair, and the reports."""

    repairs: Mapping[str, Repair] = field(default_factory=dict)
    reported: Reported = field(default_factory=Reported)


def decide_repairs(
    drift: Mapping[str, str],
    repairs: Mapping[str, Repair],
    now: float,
    unread: Collection[str] = (),
) -> tuple[list[str], dict[str, Repair]]:
    """Choose the assets to materialize, and the repairs to remember.

    New drift is repaired at once. If the same drift is still there, the repair is
    requested again after a delay that doubles each time. An asset without drift is
    forgotten, so that the same drift is repaired at once when it occurs again.

    Args:
        drift: A digest of what is safe to repair, by asset.
        repairs: The repairs requested so far, by asset.
        now: In seconds since the epoch.
        unread: Assets that could not be read: neither repaired nor forgotten.
    """
    due: list[str] = []
    remembered = {asset: last for asset, last in repairs.items() if asset in unread}
    for asset, digest in drift.items():
        last = repairs.get(asset)
        is_same = last is not None and last.digest == digest
        # A request in the future means that the clock was set back: try again.
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


def safe_drift(planned: PlanResults) -> dict[str, str]:
    """Return a digest of what is safe to repair, for each asset with such drift."""
    return {
        ASSET_OF[target]: _digest([str(change) for change in plan.safe()])
        for target, plan in planned.plans.items()
        if plan.safe()
    }


def build_drift_sensor(default_status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    """Return the sensor; it is on or off by default."""

    @dg.sensor(
        job=bootstrap,
        minimum_interval_seconds=60,
        default_status=default_status,
        description="Compares the platform with `platform.yaml` and starts a run of "
        "`bootstrap` for what is safe to repair. This resumes a connector that was "
        "paused by hand.",
    )
    def drift_sensor(
        context: dg.SensorEvaluationContext, desired_state: DesiredStateResource
    ) -> dg.SensorResult | dg.SkipReason:
        if not is_bootstrapped(context.instance):
            return dg.SkipReason(BOOTSTRAP_PENDING)
        return tick(context.instance, desired_state, context.cursor, time.time())

    return drift_sensor


def tick(
    instance: dg.DagsterInstance,
    desired_state: DesiredStateResource,
    cursor: str | None,
    now: float,
) -> dg.SensorResult:
    """Evaluate what is declared, and request a run if a difference is safe to repair.

    Args:
        instance: Whose bootstrap runs count as repairs under way.
        desired_state: What is declared.
        cursor: The sensor's, from the previous tick.
        now: In seconds since the epoch.
    """
    state = Cursor.from_stored(cursor)
    repairs = dict(state.repairs)
    all_planned: list[PlanResults] = []

    def evaluate() -> list[CheckResult]:
        try:
            with desired_state.watching_reconciler() as reconciler:
                planned = reconciler.plan_all(reconciler.targets())
        except GoodsflowError as error:
            return [not_evaluated(check, str(error)) for check in DECLARED_CHECKS]
        all_planned.append(planned)
        return check_plans(planned)

    results = evaluate_all([(DECLARED_CHECKS, evaluate)], TIMEOUT_SECONDS)
    due: list[str] = []
    # A run under way may be repairing it, or making it for the first time.
    if all_planned and not _is_applying(instance):
        unread = {ASSET_OF[target] for target in all_planned[0].failures}
        due, repairs = decide_repairs(safe_drift(all_planned[0]), repairs, now, unread)
    changed, reported = select_changes(results, state.reported, now)
    requests = [_request(due, repairs)] if due else []
    return dg.SensorResult(
        run_requests=requests,
        asset_events=to_events(changed, results),
        skip_reason=None if requests else summarize(results),
        cursor=Cursor(repairs, reported).to_stored(),
    )


def _is_applying(instance: dg.DagsterInstance) -> bool:
    under_way = dg.RunsFilter(job_name=bootstrap.name, statuses=_UNDER_WAY)
    return bool(instance.get_runs(under_way, limit=1))


def _request(due: list[str], repairs: Mapping[str, Repair]) -> dg.RunRequest:
    # Dagster never repeats a run key: the same drift gets another one next time.
    asked_at = repairs[due[0]].asked_at
    return dg.RunRequest(
        run_key=f"drift-{_digest(due)}-{asked_at:.0f}",
        asset_selection=[dg.AssetKey(asset) for asset in due],
        tags={"goodsflow/drift": ",".join(due)},
    )


def _digest(content: list[str]) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
