"""Starts the recommender when a window of files is complete."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from dagster_project.assets.recommendations import WINDOW_TAG
from dagster_project.automation import BOOTSTRAP_PENDING, is_bootstrapped
from dagster_project.jobs import (
    LONGEST_RUN_SECONDS,
    MAX_RUN_SECONDS,
    MAX_RUNTIME_TAG,
    recommend,
)
from dagster_project.resources import RecommenderResource
from goodsflow.common.clock import elapsed
from goodsflow.common.counting import counted
from goodsflow.pipeline.recommender.backlog import Backlog

_FIRST_PAUSE_SECONDS = 15.0
_LONGEST_PAUSE_SECONDS = 600.0
_ASSET = dg.AssetKey("recommendations")
_FAILED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.MANAGED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_UNFINISHED_LIMIT = 100
_READ_RUNS = 10
_STALE_SECONDS = 300.0
"""Without run monitoring, a run that exceeds its maximum run time by so much counts as
dead. If it is not, the next run fences it."""


@dataclass(frozen=True)
class PastRuns:
    """The finished runs for windows that start where the next one does.

    Attributes:
        failed: How many of them did not succeed.
        cut_short: How many of the newest failed ones reached their maximum run time.
        last_run_id: Of the newest run, whether it succeeded or not; empty if there is
            none.
        seconds_since_failure: Since the last failed run ended; None if there is none,
            or if the clock was set back since.
    """

    failed: int = 0
    cut_short: int = 0
    last_run_id: str = ""
    seconds_since_failure: float | None = None


def window_start(offsets: Mapping[int, int]) -> str:
    """Name the start of a window by the committed offsets."""
    return ",".join(f"{p}:{offset}" for p, offset in sorted(offsets.items())) or "start"


def pause_seconds(failed: int) -> float:
    """Return how long to wait after so many failures; it doubles up to a limit."""
    # The exponent has a limit too: a float overflows near 2 to the power of 1024.
    doubled = _FIRST_PAUSE_SECONDS * 2.0 ** min(failed - 1, 20)
    return min(_LONGEST_PAUSE_SECONDS, doubled)


def runtime_seconds(cut_short: int) -> int:
    """Return the maximum run time after so many runs that reached theirs.

    It doubles each time. A run takes seconds, but one that recomputes a lost state
    reads every file; with a fixed limit it would never end.
    """
    doubled: int = MAX_RUN_SECONDS << min(cut_short, 10)
    return min(LONGEST_RUN_SECONDS, doubled)


def decide(waiting: Backlog, past: PastRuns) -> dg.RunRequest | dg.SkipReason:
    """Request one run over all complete windows, or say why not.

    The run key consists of the offsets where the run starts and ends. Dagster remembers
    a run key as long as its run. So the key contains the last run from that start, too:
    neither a failed run nor offsets that were set back block a window.
    """
    count = counted(len(waiting.files), "file")
    found = f"{count} waiting; a window takes {waiting.files_per_window}"
    if not waiting.complete_windows:
        return dg.SkipReason(f"{found}.")
    start = window_start(waiting.start_offsets)
    since, pause = past.seconds_since_failure, pause_seconds(past.failed)
    if past.failed and since is not None and since < pause:
        return dg.SkipReason(
            f"{found}. {counted(past.failed, 'run')} from {start} failed: the next one "
            f"starts in {pause - since:.0f} s."
        )
    end = window_start(waiting.end_offsets)
    return dg.RunRequest(
        run_key=f"{start}>{end}#{past.last_run_id or 0}",
        tags={WINDOW_TAG: start, MAX_RUNTIME_TAG: str(runtime_seconds(past.cut_short))},
    )


def build_recommendations_sensor(
    default_status: dg.DefaultSensorStatus,
) -> dg.SensorDefinition:
    """Return the sensor; it is on or off by default."""

    @dg.sensor(
        job=recommend,
        minimum_interval_seconds=10,
        default_status=default_status,
        description="Starts a run of `recommend` when a window of files is complete. "
        "One run takes all complete windows.",
    )
    def recommendations_sensor(
        context: dg.SensorEvaluationContext, recommender: RecommenderResource
    ) -> dg.RunRequest | dg.SkipReason:
        if not is_bootstrapped(context.instance):
            return dg.SkipReason(BOOTSTRAP_PENDING)
        # Runs first: offsets that were read before a run ended would start it again.
        run_id = unfinished_run(context.instance, time.time())
        if run_id:
            return dg.SkipReason(f"Run {run_id} of the recommender has not finished.")
        waiting = recommender.backlog()
        start = window_start(waiting.start_offsets)
        # A new time: a run that has just ended must not lie in the future.
        return decide(waiting, past_runs(context.instance, start, time.time()))

    return recommendations_sensor


def unfinished_run(instance: dg.DagsterInstance, now: float) -> str | None:
    """Return the ID of a run of the recommender that has not finished."""
    records = instance.get_run_records(
        dg.RunsFilter(statuses=_UNFINISHED), limit=_UNFINISHED_LIMIT
    )
    for record in records:
        run = record.dagster_run
        is_ours = run.job_name == recommend.name or _ASSET in (
            run.asset_selection or ()
        )
        started, may_take = record.start_time, _most_seconds(run)
        is_stale = started is not None and now - started > may_take + _STALE_SECONDS
        if is_ours and not is_stale:
            return run.run_id
    return None


def past_runs(instance: dg.DagsterInstance, start: str, now: float) -> PastRuns:
    """Count the finished runs for windows that start at ``start``."""
    tags = {WINDOW_TAG: start}
    failed = dg.RunsFilter(tags=tags, statuses=_FAILED)
    last = instance.get_run_records(failed, limit=_READ_RUNS)
    ended = last[0].end_time or last[0].update_timestamp.timestamp() if last else None
    newest = instance.get_run_records(dg.RunsFilter(tags=tags), limit=1)
    return PastRuns(
        failed=instance.get_runs_count(failed),
        cut_short=sum(map(_was_cut_short, last)),
        last_run_id=newest[0].dagster_run.run_id if newest else "",
        seconds_since_failure=None if ended is None else elapsed(ended, now),
    )


def _was_cut_short(record: dg.RunRecord) -> bool:
    if record.start_time is None or record.end_time is None:
        return False
    took = record.end_time - record.start_time
    return took >= _most_seconds(record.dagster_run)


def _most_seconds(run: dg.DagsterRun) -> float:
    """Return how long a run may take."""
    try:
        return float(run.tags.get(MAX_RUNTIME_TAG, LONGEST_RUN_SECONDS))
    except ValueError:
        # Somebody's own tag, which Dagster ignores too.
        return LONGEST_RUN_SECONDS
