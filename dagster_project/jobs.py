"""The jobs that others start by name."""

import dagster as dg

from dagster_project.assets.connectors import connectors
from dagster_project.assets.directories import hdfs_directories
from dagster_project.assets.principals import analytics_principals, inbound_principals
from dagster_project.assets.recommendations import recommendations
from dagster_project.assets.schemas import schemas
from dagster_project.assets.topics import analytics_topics, inbound_topics
from dagster_project.assets.views import search_views

BOOTSTRAP_ASSETS = (
    inbound_topics,
    analytics_topics,
    inbound_principals,
    analytics_principals,
    schemas,
    hdfs_directories,
    connectors,
    search_views,
)

bootstrap = dg.define_asset_job(
    "bootstrap",
    selection=dg.AssetSelection.assets(*BOOTSTRAP_ASSETS).without_checks(),
    description="Makes the platform as `platform.yaml` declares it. Safe to repeat.",
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
