"""The jobs that others start by name."""

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

# A run that hangs holds up the sensor: run monitoring ends it after this. One takes
# seconds; a first bootstrap, some minutes.
MAX_RUN_SECONDS = 900
LONGEST_RUN_SECONDS = 6 * 3600
"""As Dagster's configuration has it, for a run without the tag: one that was started
from an asset's page, or a first archive, which may find a long backlog."""

MAX_RUNTIME_TAG = "dagster/max_runtime_seconds"

# Where many runs wait, as of a backfill, users wait for these.
_SHORT = {MAX_RUNTIME_TAG: str(MAX_RUN_SECONDS), "dagster/priority": "10"}

bootstrap = dg.define_asset_job(
    "bootstrap",
    selection=dg.AssetSelection.assets(*BOOTSTRAP_ASSETS).without_checks(),
    description="Makes the platform as `platform.yaml` declares it, as far as that is "
    "safe. Repeat it whenever the declaration or the platform has changed.",
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
    description="Makes Parquet of the processed files of a day and those before it.",
    tags={MAX_RUNTIME_TAG: str(LONGEST_RUN_SECONDS)},
    executor_def=dg.in_process_executor,
)


class RestartConfig(dg.Config):
    """What is restarted."""

    service: str = Field(
        default="blocking", description="Its name: shop-api or blocking."
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
    description="Starts a service anew; its launchpad asks which. What it had begun is "
    "aborted, and done again: no card is lost.",
    tags=_SHORT,
    executor_def=dg.in_process_executor,
)
def restart_service() -> None:
    """Start a service anew."""
    restart()
