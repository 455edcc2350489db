"""Recommendations from the files that wait."""

from collections.abc import Mapping

import dagster as dg

from dagster_project.assets.code_version import RECOMMENDER_MODULES, code_version
from dagster_project.assets.columns import json_schema_columns
from dagster_project.assets.groups import DATA_TEAM, RECOMMENDER
from dagster_project.failures import RETRY_POLICY, named_failures
from dagster_project.reporting import preview
from dagster_project.resources import RecommenderResource
from goodsflow.pipeline.recommender.report import RunReport

Metadata = dict[str, dg.MetadataValue | str | int | float]

RECOMMENDER_POOL = "recommender"
WINDOW_TAG = "goodsflow/window"
"""Tag of a run for complete windows; its value says where they start."""


@dg.asset(
    group_name=RECOMMENDER,
    kinds={"spark", "kafka"},
    deps=["goods_files"],
    pool=RECOMMENDER_POOL,
    retry_policy=RETRY_POLICY,
    owners=DATA_TEAM,
    code_version=code_version(*RECOMMENDER_MODULES),
    metadata=json_schema_columns("goods.json"),
)
def recommendations(
    context: dg.AssetExecutionContext, recommender: RecommenderResource
) -> dg.MaterializeResult[None]:
    """Recommendations from the waiting files are in `goods-recomendations`.

    Ten files make a window, and each window yields recommendations. A run of the sensor
    takes the complete windows. A run by hand takes every file that waits, or says that
    none does. Cards and offsets are committed in one Kafka transaction: a run that
    fails or is killed changes nothing, and a rerun neither repeats nor skips a file.
    """
    by_sensor = WINDOW_TAG in context.run.tags
    with named_failures():
        run_report = recommender.recommend(include_incomplete=not by_sensor)
    context.log.info(run_report.summary())
    return dg.MaterializeResult(metadata=_metadata(run_report))


def _metadata(run: RunReport) -> Metadata:
    return {
        "files waiting before": run.files_waiting,
        "files of events": run.event_files,
        "files read again": run.rebuilt_from,
        "state": run.snapshot or "none",
        "offsets before": _offsets(run.offsets_before),
        "offsets after": _offsets(run.offsets_after),
        **describe_run(run),
    }


def describe_run(run: RunReport) -> Metadata:
    """Return the metadata of every computation of recommendations."""
    return {
        "summary": run.summary(),
        "windows": run.windows,
        "files": len(run.files),
        "searches known": run.searches,
        "cards in": run.cards_in,
        "cards out": run.cards_out,
        "bad lines": run.bad_lines,
        **{f"seconds {phase}": seconds for phase, seconds in run.seconds.items()},
        "recommendations": preview(run.preview()),
    }


def _offsets(offsets: Mapping[int, int]) -> str:
    return (
        ", ".join(
            f"partition {partition}: {offset}"
            for partition, offset in sorted(offsets.items())
        )
        or "none committed"
    )
