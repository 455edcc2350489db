"""Run retention: old runs are deleted, with their events and logs.

The recommender makes a thousand runs a day, and Dagster keeps every one.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

from dagster_project.jobs import LONGEST_RUN_SECONDS, MAX_RUNTIME_TAG, recommend
from goodsflow.common.counting import counted

KEPT_DAYS = 14
KEPT_RUNS = 1_000
"""The newest runs of each job stay, however old: the UI links an asset to its run."""

_JOB_NAMES = (recommend.name, "history")
_FINISHED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]
_REPORTED_EVERY = 500


def delete_old_runs(
    instance: dg.DagsterInstance,
    job_name: str,
    before: datetime,
    kept: int,
    on_progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Delete the old finished runs of a job, with their events and logs.

    The newest run that has succeeded stays.

    Args:
        instance: Where the runs are stored.
        job_name: The job.
        before: Runs created before this time are old.
        kept: This many of its runs stay in any case.
        on_progress: Called now and then with the number of deleted runs.

    Returns:
        How many were deleted.
    """
    every = instance.get_runs_count(dg.RunsFilter(job_name=job_name))
    success = dg.RunsFilter(job_name=job_name, statuses=[dg.DagsterRunStatus.SUCCESS])
    # It made the asset; all later ones may have failed.
    stays = {r.dagster_run.run_id for r in instance.get_run_records(success, limit=1)}
    old = dg.RunsFilter(job_name=job_name, statuses=_FINISHED, created_before=before)
    deleted = 0
    while (room := min(_REPORTED_EVERY, every - kept - deleted)) > 0:
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
    # Each run has a folder with what its steps wrote.
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    events = instance.event_log_storage
    if isinstance(events, SqliteEventLogStorage):
        # Dagster deletes the rows of the run's database, not its file.
        Path(events.path_for_shard(run_id)).unlink(missing_ok=True)


@dg.op
def delete_history(context: dg.OpExecutionContext) -> None:
    """Delete the old runs of the jobs that run all the time."""
    before = datetime.now(UTC) - timedelta(days=KEPT_DAYS)
    for name in _JOB_NAMES:
        count = delete_old_runs(
            context.instance,
            name,
            before,
            KEPT_RUNS,
            lambda done: context.log.info("Runs deleted so far: %d", done),
        )
        context.log.info("Deleted %s of '%s'", counted(count, "old run"), name)


@dg.job(
    description=f"Deletes the recommender's runs older than {KEPT_DAYS} days, except "
    f"the newest {KEPT_RUNS:,}.",
    tags={MAX_RUNTIME_TAG: str(LONGEST_RUN_SECONDS)},
    executor_def=dg.in_process_executor,
)
def history() -> None:
    """Delete old runs."""
    delete_history()
