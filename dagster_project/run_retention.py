"""Old runs are deleted: the recommender makes a thousand a day, each with files.

Dagster itself keeps every run, its events and what it wrote.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

from dagster_project.jobs import LONGEST_RUN_SECONDS, MAX_RUNTIME_TAG, recommend

KEPT_DAYS = 14
KEPT_RUNS = 1_000
"""Of these jobs, the newest are kept however old: what made an asset is still told."""

_JOB_NAMES = (recommend.name, "history")
_FINISHED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]
_TOLD_EVERY = 500


def delete_old_runs(
    instance: dg.DagsterInstance,
    job_name: str,
    before: datetime,
    kept: int,
    on_progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Delete the finished runs of a job that are old, with all that they left.

    The newest one that has succeeded stays.

    Args:
        instance: Dagster's.
        job_name: Of which job.
        before: Those that were made before.
        kept: Of all its runs, so many stay in any case.
        on_progress: Is told how many are deleted, now and then.

    Returns:
        How many were deleted.
    """
    every = instance.get_runs_count(dg.RunsFilter(job_name=job_name))
    success = dg.RunsFilter(job_name=job_name, statuses=[dg.DagsterRunStatus.SUCCESS])
    # By it the asset was made; those after it may all have failed.
    stays = {r.dagster_run.run_id for r in instance.get_run_records(success, limit=1)}
    old = dg.RunsFilter(job_name=job_name, statuses=_FINISHED, created_before=before)
    deleted = 0
    while (room := min(_TOLD_EVERY, every - kept - deleted)) > 0:
        records = instance.get_run_records(old, limit=room + 1, ascending=True)
        run_ids = [record.dagster_run.run_id for record in records]
        run_ids = [run_id for run_id in run_ids if run_id not in stays][:room]
        if not run_ids:
            break
        for run_id in run_ids:
            _delete(instance, run_id)
        deleted += len(run_ids)
        on_progress(deleted)
    return deleted


def _delete(instance: dg.DagsterInstance, run_id: str) -> None:
    instance.delete_run(run_id)
    # What each step wrote is in a folder of the run's.
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    events = instance.event_log_storage
    if isinstance(events, SqliteEventLogStorage):
        # Of the run's own database it deletes the rows alone.
        Path(events.path_for_shard(run_id)).unlink(missing_ok=True)


@dg.op
def delete_history(context: dg.OpExecutionContext) -> None:
    """Delete what is old of the jobs that run all the time."""
    before = datetime.now(UTC) - timedelta(days=KEPT_DAYS)
    for name in _JOB_NAMES:
        count = delete_old_runs(
            context.instance,
            name,
            before,
            KEPT_RUNS,
            lambda done: context.log.info("%d runs are deleted", done),
        )
        context.log.info("Deleted %d old runs of '%s'", count, name)


@dg.job(
    description=f"Deletes the recommender's runs of over {KEPT_DAYS} days ago, but for "
    f"the newest {KEPT_RUNS:,}.",
    tags={MAX_RUNTIME_TAG: str(LONGEST_RUN_SECONDS)},
    executor_def=dg.in_process_executor,
)
def history() -> None:
    """Delete old runs."""
    delete_history()
