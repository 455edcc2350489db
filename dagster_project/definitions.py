"""The one place where the definitions are put together.

Importing this opens no connection and reads no environment. Dagster calls ``defs``,
which reads whether sensors are on; resources look for the platform when they are used.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from dagster_project.assets.archive import goods_archive
from dagster_project.assets.backfill import recomputed_recommendations
from dagster_project.assets.flow import flow_specs
from dagster_project.assets.recommendations import recommendations
from dagster_project.automation import automation_is_on
from dagster_project.checks import ALL_CHECKS
from dagster_project.jobs import (
    BOOTSTRAP_ASSETS,
    archive,
    bootstrap,
    recommend,
    restart_service,
)
from dagster_project.resources import (
    ArchiveResource,
    ConnectResource,
    DesiredStateResource,
    HdfsResource,
    KafkaResource,
    KsqldbResource,
    PlatformResource,
    RecommenderResource,
    ServicesResource,
)
from dagster_project.run_retention import history
from dagster_project.schedules import build_schedules
from dagster_project.sensors import build_sensors


def build_definitions(
    *,
    resource_overrides: Mapping[str, Any] | None = None,
    automation: bool = False,
) -> dg.Definitions:
    """Put assets, checks, jobs, sensors and resources together.

    Args:
        resource_overrides: Resources by name that replace the usual ones. With
            ``platform``, the others use that platform.
        automation: Whether sensors and schedules are on by default.

    Raises:
        ValueError: There is no resource of an overriding name.
    """
    overrides = dict(resource_overrides or {})
    platform = overrides.get("platform", PlatformResource())
    resources = {
        "platform": platform,
        "kafka": KafkaResource(platform=platform),
        "archive": ArchiveResource(platform=platform),
        "connect": ConnectResource(platform=platform),
        "desired_state": DesiredStateResource(platform=platform),
        "hdfs": HdfsResource(platform=platform),
        "ksqldb": KsqldbResource(platform=platform),
        "recommender": RecommenderResource(platform=platform),
        "services": ServicesResource(platform=platform),
    }
    unknown = sorted(overrides.keys() - resources.keys())
    if unknown:
        raise ValueError(
            f"There are no resources {', '.join(unknown)}; there are "
            f"{', '.join(resources)}."
        )
    return dg.Definitions(
        assets=[
            *BOOTSTRAP_ASSETS,
            recommendations,
            goods_archive,
            recomputed_recommendations,
            *flow_specs(),
        ],
        asset_checks=ALL_CHECKS,
        jobs=[bootstrap, recommend, archive, restart_service, history],
        schedules=build_schedules(
            dg.DefaultScheduleStatus.RUNNING
            if automation
            else dg.DefaultScheduleStatus.STOPPED
        ),
        sensors=build_sensors(
            dg.DefaultSensorStatus.RUNNING
            if automation
            else dg.DefaultSensorStatus.STOPPED
        ),
        resources={**resources, **overrides},
        # A process for each step would cost memory and seconds, and win nothing here.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions as Dagster loads them."""
    return build_definitions(automation=automation_is_on())
