"""The archive: files of the HDFS sink as Parquet, a day at a time."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg

from dagster_project.assets.columns import archive_columns, archive_version
from dagster_project.assets.groups import ANALYTICS, DATA_TEAM
from dagster_project.failures import RETRY_POLICY, named_failures
from dagster_project.resources.archive import ArchiveResource

ARCHIVE_POOL = "compaction"
"""Dagster stores the limits of pools under their names: this one keeps its first."""
GOODS_ARCHIVE = "goods_archive"

DAYS = dg.DailyPartitionsDefinition(
    start_date=datetime(2026, 1, 1, tzinfo=UTC), timezone="UTC"
)

NIGHTLY = dg.FreshnessPolicy.cron(
    deadline_cron="0 8 * * *", lower_bound_delta=timedelta(hours=7), timezone="UTC"
)
"""By 08:00 UTC a run must have succeeded that ended after 01:00, when the schedule
starts one: a run may take six hours. It succeeds on a day without cards too. After a
night in which the platform was down, the schedule's missed run makes it fresh."""


@dg.asset(
    name=GOODS_ARCHIVE,
    group_name=ANALYTICS,
    kinds={"spark", "hadoop", "parquet"},
    deps=["goods_files", "recommendations"],
    partitions_def=DAYS,
    pool=ARCHIVE_POOL,
    retry_policy=RETRY_POLICY,
    owners=DATA_TEAM,
    code_version=archive_version(),
    metadata=archive_columns(),
    freshness_policy=NIGHTLY,
)
def goods_archive(
    context: dg.AssetExecutionContext, archive: ArchiveResource
) -> dg.MaterializeResult[None]:
    """Processed files of this day and of earlier days are Parquet files.

    Each Parquet file is written, compared with its sources and renamed into place
    before the sources are removed. A run that fails or is killed neither loses nor
    duplicates a card. Files that the recommender has not processed, and the newest file
    of each partition, wait for a later run. The content of blocked cards is left out,
    and removed from what was archived before. A rerun changes nothing.
    """
    with named_failures():
        report = archive.run(date.fromisoformat(context.partition_key))
    context.log.info(report.summary())
    return dg.MaterializeResult(
        metadata={
            "summary": report.summary(),
            "files in": report.files_in,
            "bytes in": report.bytes_in,
            "Parquet files": report.files_out,
            "bytes out": report.bytes_out,
            "lines": report.lines,
            "cards": report.cards,
            "files removed": report.removed,
            "Parquet files replaced": report.replaced,
            **{f"left, {reason}": n for reason, n in sorted(report.left.items())},
            **{f"seconds {phase}": s for phase, s in report.seconds.items()},
        }
    )
