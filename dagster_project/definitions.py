"""The one place where the definitions are put together.

Importing this connects nowhere and reads no environment: resources look for the
platform when they are used.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from dagster_project.assets.archive import goods_archive
from dagster_project.assets.backfill import recomputed_recommendations
from dagster_project.assets.flow import flow_specs
from dagster_project.assets.recommendations import recommendations
from dagster_project.checks import ALL_CHECKS
from dagster_project.history import history
from dagster_project.jobs import (
    BOOTSTRAP_ASSETS,
    archive,
    bootstrap,
    recommend,
    restart_service,
)
from dagster_project.resources import (
    CompactionResource,
    ConnectResource,
    DesiredStateResource,
    HdfsResource,
    KafkaResource,
    KsqldbResource,
    PlatformResource,
    RecommenderResource,
    ServicesResource,
)
from dagster_project.schedules import goods_archive_schedule, history_schedule
from dagster_project.sensors import (
    connector_restarter,
    drift_sensor,
    platform_observer,
    recommendations_sensor,
)


def build_definitions(
    *, resource_overrides: Mapping[str, Any] | None = None
) -> dg.Definitions:
    """Put assets, checks, jobs, sensors and resources together.

    Args:
        resource_overrides: Resources by name that take the place of the usual ones.
            Given ``platform``, the others work on that platform.
    """
    overrides = dict(resource_overrides or {})
    platform = overrides.get("platform", PlatformResource())
    resources = {
        "platform": platform,
        "kafka": KafkaResource(platform=platform),
        "compaction": CompactionResource(platform=platform),
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
        schedules=[goods_archive_schedule, history_schedule],
        sensors=[
            recommendations_sensor,
            platform_observer,
            drift_sensor,
            connector_restarter,
        ],
        resources={**resources, **overrides},
        # A process for each step would cost memory and seconds, and win nothing here.
        executor=dg.in_process_executor,
    )


defs = build_definitions()
