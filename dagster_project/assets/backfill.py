"""Recommendations of a past day, recomputed to a separate topic."""

import dagster as dg
from pydantic import Field

from dagster_project.assets.archive import DAYS
from dagster_project.assets.code_version import RECOMMENDER_MODULES, code_version
from dagster_project.assets.columns import json_schema_columns
from dagster_project.assets.groups import DATA_TEAM, RECOMMENDER
from dagster_project.assets.recommendations import describe_run
from dagster_project.failures import RETRY_POLICY, named_failures
from dagster_project.resources import RecommenderResource

BACKFILL_POOL = "backfill"


class BackfillConfig(dg.Config):
    """Where the recomputed recommendations go."""

    topic: str = Field(
        default="goods-recomendations-backfill",
        description="The topic that takes the cards; the recommender may write to it.",
    )


@dg.asset(
    group_name=RECOMMENDER,
    kinds={"spark", "kafka"},
    deps=["goods_files", "goods_archive"],
    partitions_def=DAYS,
    pool=BACKFILL_POOL,
    retry_policy=RETRY_POLICY,
    owners=DATA_TEAM,
    code_version=code_version(*RECOMMENDER_MODULES),
    metadata=json_schema_columns("goods.json"),
)
def recomputed_recommendations(
    context: dg.AssetExecutionContext,
    config: BackfillConfig,
    recommender: RecommenderResource,
) -> dg.MaterializeResult[None]:
    """Recommendations from the files of a day, in a topic that users do not see.

    Use it to try a new formula, or to check a past day. Prices and searches count as
    they were known then; windows are cut again. The recommender's cursor, its state and
    its topic stay as they are. A rerun publishes the cards again.
    """
    start, end = context.partition_time_window
    with named_failures():
        run_report = recommender.backfill(start, end, config.topic)
    context.log.info(run_report.summary())
    return dg.MaterializeResult(
        metadata={
            "topic": config.topic,
            "from": start.isoformat(),
            "to": end.isoformat(),
            **describe_run(run_report),
        }
    )
