"""The files on HDFS can be listed, and all their names are well formed."""

from collections.abc import Iterator, Sequence

import dagster as dg

from dagster_project.assets.flow import GOODS_FILES
from dagster_project.checks.results import (
    CheckResult,
    check_specs,
    evaluate,
    to_results,
)
from dagster_project.checks.topics import OBSERVED
from dagster_project.resources import HdfsResource
from goodsflow.clients.hdfs import TopicFile, list_topic_files
from goodsflow.common.counting import counted
from goodsflow.pipeline.recommender.settings import RecommenderSettings

FILE_CHECKS = [(GOODS_FILES, OBSERVED)]


def evaluate_files(hdfs: HdfsResource) -> list[CheckResult]:
    """List the files that the HDFS sink has committed."""

    def read() -> Iterator[CheckResult]:
        with hdfs.client() as client:
            settings = RecommenderSettings()
            yield describe_files(
                list_topic_files(client, settings.topics_dir, settings.source_topic)
            )

    return evaluate(FILE_CHECKS, read)


def describe_files(files: Sequence[TopicFile]) -> CheckResult:
    """Describe the files."""
    metadata: dict[str, str | int | float] = {
        "files": len(files),
        "bytes": sum(file.size for file in files),
    }
    if files:
        newest = max(file.modified_at for file in files)
        metadata["newest"] = newest.isoformat(timespec="seconds")
    text = f"{counted(len(files), 'committed file')}."
    return CheckResult(
        GOODS_FILES, OBSERVED, passed=True, description=text, metadata=metadata
    )


@dg.multi_asset_check(
    specs=check_specs(
        FILE_CHECKS, "The files can be listed, and all their names are well formed."
    ),
    can_subset=True,
)
def file_checks(
    context: dg.AssetCheckExecutionContext, hdfs: HdfsResource
) -> Iterator[dg.AssetCheckResult]:
    """List the files that the HDFS sink has committed."""
    yield from to_results(context, evaluate_files(hdfs))
