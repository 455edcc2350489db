"""What starts by the clock."""

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.partitions.partitioned_schedule import (
    UnresolvedPartitionedAssetScheduleDefinition,
)

from dagster_project.jobs import archive
from dagster_project.run_retention import history

ScheduleDefinition = (
    dg.ScheduleDefinition | UnresolvedPartitionedAssetScheduleDefinition
)


def build_schedules(
    default_status: dg.DefaultScheduleStatus,
) -> Sequence[ScheduleDefinition]:
    """Return every schedule.

    Args:
        default_status: Whether they are on until somebody turns them on or off.
    """
    return [
        dg.build_schedule_from_partitioned_job(
            archive,
            name="goods_archive_schedule",
            hour_of_day=1,
            default_status=default_status,
            description="At 01:00 UTC, archives the processed files of the previous "
            "day and of earlier days.",
        ),
        dg.ScheduleDefinition(
            job=history,
            name="history_schedule",
            cron_schedule="30 2 * * *",
            execution_timezone="UTC",
            default_status=default_status,
            description="At 02:30 UTC, deletes old runs.",
        ),
    ]
