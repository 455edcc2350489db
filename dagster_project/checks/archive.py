"""Each record is in exactly one file, of the sink's or of the archive."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.assets.archive import GOODS_ARCHIVE
from dagster_project.checks.findings import Finding, check_specs, look, to_results
from dagster_project.resources import HdfsResource
from goodsflow.pipeline.archive.archived_files import FileListing, list_files
from goodsflow.pipeline.archive.settings import ArchiveSettings

EACH_RECORD_ONCE = "each_record_once"
ARCHIVE_CHECKS = [(GOODS_ARCHIVE, EACH_RECORD_ONCE)]


def look_at_archive(hdfs: HdfsResource) -> list[Finding]:
    """List both forms of the files."""

    def find() -> Iterator[Finding]:
        where = ArchiveSettings()
        with hdfs.client() as client:
            yield describe_archive(
                list_files(client, where.topics_dir, where.archive_dir, where.topic)
            )

    return look(ARCHIVE_CHECKS, find)


def describe_archive(both: FileListing) -> Finding:
    """Say what is there, and whether a run has left archived files of the sink."""
    count = len(both.superseded)
    text = f"{len(both.archived)} Parquet files, {len(both.json)} files of the sink."
    if count:
        text += (
            f" {count} more of the sink's are archived already, such as "
            f"{both.superseded[0][0].path}: whoever reads the sink's folder and the "
            "archive sees their cards twice. The next compaction removes them."
        )
    return Finding(
        GOODS_ARCHIVE,
        EACH_RECORD_ONCE,
        passed=not count,
        text=text,
        facts={
            "Parquet files": len(both.archived),
            "bytes": sum(file.size for file in both.archived),
            "files of the sink": len(both.json),
            "superseded files": count,
        },
        severity=dg.AssetCheckSeverity.WARN,
    )


@dg.multi_asset_check(
    specs=check_specs(
        ARCHIVE_CHECKS,
        "No offset is in two files, and no file of the sink is archived as well.",
    ),
    can_subset=True,
)
def archive_checks(
    context: dg.AssetCheckExecutionContext, hdfs: HdfsResource
) -> Iterator[dg.AssetCheckResult]:
    """List both forms of the files."""
    yield from to_results(context, look_at_archive(hdfs))
