"""Each record is in exactly one file, of the HDFS sink or of the archive."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.assets.archive import GOODS_ARCHIVE
from dagster_project.checks.results import (
    CheckResult,
    check_specs,
    evaluate,
    to_results,
)
from dagster_project.resources import HdfsResource
from goodsflow.common.counting import counted
from goodsflow.pipeline.archive.archived_files import FileListing, list_files
from goodsflow.pipeline.archive.settings import ArchiveSettings

EACH_RECORD_ONCE = "each_record_once"
ARCHIVE_CHECKS = [(GOODS_ARCHIVE, EACH_RECORD_ONCE)]


def evaluate_archive(hdfs: HdfsResource) -> list[CheckResult]:
    """List both forms of the files."""

    def read() -> Iterator[CheckResult]:
        settings = ArchiveSettings()
        with hdfs.client() as client:
            yield describe_archive(
                list_files(
                    client, settings.topics_dir, settings.archive_dir, settings.topic
                )
            )

    return evaluate(ARCHIVE_CHECKS, read)


def describe_archive(both: FileListing) -> CheckResult:
    """Describe the files, and whether the sink's have been archived but not removed."""
    count = len(both.superseded)
    text = (
        f"{counted(len(both.archived), 'Parquet file')}, "
        f"{counted(len(both.json), 'sink file')}."
    )
    if count:
        text += (
            f" Already archived but not removed: {counted(count, 'sink file')}, such "
            f"as {both.superseded[0][0].path}. A reader of the sink's folder and the "
            "archive sees their cards twice. The next run of the archive removes them."
        )
    return CheckResult(
        GOODS_ARCHIVE,
        EACH_RECORD_ONCE,
        passed=not count,
        description=text,
        metadata={
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
        "No offset is in two files: the sink's files are removed once archived.",
    ),
    can_subset=True,
)
def archive_checks(
    context: dg.AssetCheckExecutionContext, hdfs: HdfsResource
) -> Iterator[dg.AssetCheckResult]:
    """List both forms of the files."""
    yield from to_results(context, evaluate_archive(hdfs))
