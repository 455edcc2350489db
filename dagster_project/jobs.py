"""The jobs, which the launcher, sensors, schedules and people start by name."""

import dagster as dg
from pydantic import Field

from dagster_project.assets.archive import goods_archive
from dagster_project.assets.block_list import block_list
from dagster_project.assets.declared import DECLARED_ASSETS
from dagster_project.assets.recommendations import recommendations
from dagster_project.failures import named_failures
from dagster_project.resources import ServicesResource

BOOTSTRAP_ASSETS = (
    *(asset.definition() for asset in DECLARED_ASSETS),
    block_list,
)

# A run that hangs blocks its sensor: run monitoring ends it after this. A run takes
# seconds; a first bootstrap, some minutes.
MAX_RUN_SECONDS = 900
LONGEST_RUN_SECONDS = 6 * 3600
"""As in Dagster's configuration, for a run without the tag. That is a run started from
an asset's page, or a first run of the archive, which may find a long backlog."""

MAX_RUNTIME_TAG = "dagster/max_runtime_seconds"

# If many runs are queued, as in a backfill, these go first: users wait for them.
_SHORT = {MAX_RUNTIME_TAG: str(MAX_RUN_SECONDS), "dagster/priority": "10"}

bootstrap = dg.define_asset_job(
    "bootstrap",
    selection=dg.AssetSelection.assets(*BOOTSTRAP_ASSETS).without_checks(),
    description="Changes the platform to match `platform.yaml`, as far as that is "
    "safe. Run it again whenever the declaration or the platform has changed.",
    tags=_SHORT,
    executor_def=dg.in_process_executor,
)

recommend = dg.define_asset_job(
    "recommend",
    selection=dg.AssetSelection.assets(recommendations).without_checks(),
    description="One run of the batch recommender.",
    tags=_SHORT,
    executor_def=dg.in_process_executor,
)

archive = dg.define_asset_job(
    "archive",
    selection=dg.AssetSelection.assets(goods_archive).without_checks(),
    description="Archives the processed files of a day and of earlier days as Parquet.",
    tags={MAX_RUNTIME_TAG: str(LONGEST_RUN_SECONDS)},
    executor_def=dg.in_process_executor,
)


class RestartConfig(dg.Config):
    """Which service to restart."""

    service: str = Field(
        default="blocking", description="The service: shop-api or blocking."
    )


@dg.op
def restart(
    context: dg.OpExecutionContext, config: RestartConfig, services: ServicesResource
) -> None:
    """Stop a service, start it again, and wait until it is up."""
    with named_failures():
        state = services.restart(config.service)
    context.log.info("'%s' is up again, process %s", state.name, state.pid)


@dg.job(
    description="Restarts the service that is named in the launchpad. A transaction in "
    "progress is aborted and repeated, so no card is lost.",
    tags=_SHORT,
    executor_def=dg.in_process_executor,
)
def restart_service() -> None:
    """Restart a service."""
    restart()
