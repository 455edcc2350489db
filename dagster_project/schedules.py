"""What starts by the clock. Off until somebody turns it on; the launcher does."""

import dagster as dg

from dagster_project.history import history
from dagster_project.jobs import archive

goods_archive_schedule = dg.build_schedule_from_partitioned_job(
    archive,
    name="goods_archive_schedule",
    hour_of_day=1,
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="At 01:00 UTC, archives what was processed of the day before and of "
    "days before it.",
)

history_schedule = dg.ScheduleDefinition(
    job=history,
    name="history_schedule",
    cron_schedule="30 2 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="At 02:30 UTC, deletes old runs.",
)
