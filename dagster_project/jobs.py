"""The jobs that others start by name."""

import dagster as dg

from dagster_project.assets.archive import goods_archive
from dagster_project.assets.declared import DECLARED_ASSETS
from dagster_project.assets.recommendations import recommendations

BOOTSTRAP_ASSETS = tuple(asset.definition() for asset in DECLARED_ASSETS)

bootstrap = dg.define_asset_job(
    "bootstrap",
    selection=dg.AssetSelection.assets(*BOOTSTRAP_ASSETS).without_checks(),
    description="Makes the platform as `platform.yaml` declares it, as far as that is "
    "safe. Repeat it whenever the declaration or the platform has changed.",
    executor_def=dg.in_process_executor,
)

# A run that hangs holds up the sensor: run monitoring ends it after this. One takes
# seconds.
MAX_RUN_SECONDS = 900

recommend = dg.define_asset_job(
    "recommend",
    selection=dg.AssetSelection.assets(recommendations).without_checks(),
    description="One run of the batch recommender.",
    tags={"dagster/max_runtime_seconds": str(MAX_RUN_SECONDS)},
    executor_def=dg.in_process_executor,
)

MAX_ARCHIVE_SECONDS = 6 * 3600
"""A first run may find a long backlog; each job's worth of it stays done."""

archive = dg.define_asset_job(
    "archive",
    selection=dg.AssetSelection.assets(goods_archive).without_checks(),
    description="Makes Parquet of the processed files of a day and those before it.",
    tags={"dagster/max_runtime_seconds": str(MAX_ARCHIVE_SECONDS)},
    executor_def=dg.in_process_executor,
)
