"""Looks at what the platform keeps by itself, and reports it without runs."""

import time
from dataclasses import replace

import dagster as dg

from dagster_project.checks.archive import ARCHIVE_CHECKS, look_at_archive
from dagster_project.checks.connectors import CONNECTOR_CHECKS, look_at_connectors
from dagster_project.checks.files import FILE_CHECKS, look_at_files
from dagster_project.checks.recommender import (
    RECOMMENDER_CHECKS,
    look_at_recommender,
)
from dagster_project.checks.services import SERVICE_CHECKS, look_at_services
from dagster_project.checks.topics import look_at_topics, topic_checks
from dagster_project.checks.views import VIEW_CHECKS, look_at_views
from dagster_project.checks.work import (
    SINK_CHECKS,
    WORK_CHECKS,
    Readings,
    from_stored,
    look_at_sink,
    look_at_work,
    to_stored,
)
from dagster_project.resources import (
    ConnectResource,
    HdfsResource,
    KafkaResource,
    KsqldbResource,
    PlatformResource,
    RecommenderResource,
    ServicesResource,
)
from dagster_project.sensors.news import (
    Look,
    Memory,
    make_looks,
    select_news,
    summarize,
    to_events,
)

LOOK_SECONDS = 35.0
"""For all looks together; Dagster gives up on a tick after 60 s."""


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Reports topics' ends, groups' lag, files, connectors and services as "
    "they are, and evaluates their checks.",
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
) -> dg.SensorResult:
    """Reports topics' ends, groups' lag, files, connectors and services as they are."""
    memory, now = Memory.from_cursor(context.cursor), time.time()
    readings: Readings = {}
    before = from_stored(memory.readings)
    looks: list[Look] = [
        (SERVICE_CHECKS, lambda: look_at_services(services)),
        (
            WORK_CHECKS,
            lambda: look_at_work(services, kafka, now, before, readings),
        ),
        (SINK_CHECKS, lambda: look_at_sink(kafka, now, before, readings)),
        (CONNECTOR_CHECKS, lambda: look_at_connectors(connect)),
        (RECOMMENDER_CHECKS, lambda: look_at_recommender(recommender)),
        (FILE_CHECKS, lambda: look_at_files(hdfs)),
        (ARCHIVE_CHECKS, lambda: look_at_archive(hdfs)),
        (VIEW_CHECKS, lambda: look_at_views(platform, ksqldb)),
        (topic_checks("inbound"), lambda: look_at_topics("inbound", kafka)),
        (topic_checks("analytics"), lambda: look_at_topics("analytics", kafka)),
    ]
    findings = make_looks(looks, LOOK_SECONDS)
    news, remembered = select_news(findings, memory, now)
    remembered = replace(remembered, readings=to_stored(dict(readings)))
    return dg.SensorResult(
        asset_events=to_events(news, findings),
        skip_reason=summarize(findings),
        cursor=remembered.to_cursor(),
    )
