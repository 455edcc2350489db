"""Evaluates the checks on what the platform keeps by itself, without runs."""

import time
from dataclasses import replace

import dagster as dg

from dagster_project.automation import BOOTSTRAP_PENDING, is_bootstrapped
from dagster_project.checks.archive import ARCHIVE_CHECKS, evaluate_archive
from dagster_project.checks.connectors import CONNECTOR_CHECKS, evaluate_connectors
from dagster_project.checks.files import FILE_CHECKS, evaluate_files
from dagster_project.checks.progress import (
    PROGRESS_CHECKS,
    SINK_CHECKS,
    Readings,
    evaluate_progress,
    evaluate_sink_progress,
    from_stored,
    to_stored,
)
from dagster_project.checks.recommender import (
    RECOMMENDER_CHECKS,
    evaluate_recommender,
)
from dagster_project.checks.services import SERVICE_CHECKS, evaluate_services
from dagster_project.checks.topics import evaluate_topics, topic_checks
from dagster_project.checks.views import VIEW_CHECKS, evaluate_views
from dagster_project.resources import (
    ConnectResource,
    HdfsResource,
    KafkaResource,
    KsqldbResource,
    PlatformResource,
    RecommenderResource,
    ServicesResource,
)
from dagster_project.sensors.evaluations import (
    Evaluation,
    Reported,
    evaluate_all,
    select_changes,
    summarize,
    to_events,
)

TIMEOUT_SECONDS = 35.0
"""For all checks together; Dagster gives up on a tick after 60 s."""


def build_platform_observer(
    default_status: dg.DefaultSensorStatus,
) -> dg.SensorDefinition:
    """Return the sensor; it is on or off by default."""

    @dg.sensor(
        minimum_interval_seconds=60,
        default_status=default_status,
        description="Evaluates the checks on topics, groups, files, connectors and "
        "services, and reports what has changed.",
    )
    def platform_observer(  # noqa: PLR0917 - Dagster passes resources by their names
        context: dg.SensorEvaluationContext,
        platform: PlatformResource,
        kafka: KafkaResource,
        connect: ConnectResource,
        hdfs: HdfsResource,
        ksqldb: KsqldbResource,
        recommender: RecommenderResource,
        services: ServicesResource,
    ) -> dg.SensorResult | dg.SkipReason:
        if not is_bootstrapped(context.instance):
            return dg.SkipReason(BOOTSTRAP_PENDING)
        reported, now = Reported.from_stored(context.cursor), time.time()
        readings: Readings = {}
        before = from_stored(reported.readings)
        evaluations: list[Evaluation] = [
            (SERVICE_CHECKS, lambda: evaluate_services(services)),
            (
                PROGRESS_CHECKS,
                lambda: evaluate_progress(services, kafka, now, before, readings),
            ),
            (SINK_CHECKS, lambda: evaluate_sink_progress(kafka, now, before, readings)),
            (CONNECTOR_CHECKS, lambda: evaluate_connectors(connect)),
            (RECOMMENDER_CHECKS, lambda: evaluate_recommender(recommender)),
            (FILE_CHECKS, lambda: evaluate_files(hdfs)),
            (ARCHIVE_CHECKS, lambda: evaluate_archive(hdfs)),
            (VIEW_CHECKS, lambda: evaluate_views(platform, ksqldb)),
            (topic_checks("inbound"), lambda: evaluate_topics("inbound", kafka)),
            (topic_checks("analytics"), lambda: evaluate_topics("analytics", kafka)),
        ]
        results = evaluate_all(evaluations, TIMEOUT_SECONDS)
        changed, reported = select_changes(results, reported, now)
        reported = replace(reported, readings=to_stored(dict(readings)))
        return dg.SensorResult(
            asset_events=to_events(changed, results),
            skip_reason=summarize(results),
            cursor=reported.to_stored(),
        )

    return platform_observer
