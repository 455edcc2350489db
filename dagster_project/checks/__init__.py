"""A file for each thing whose state must hold, and can be checked by hand in the UI.

The sensors ``platform_observer`` and ``drift_sensor`` evaluate the same looks without
runs. A look that
cannot be made is a failed check with the reason, never a check that stays as it was.
"""

from dagster_project.checks.archive import archive_checks
from dagster_project.checks.connectors import connector_checks
from dagster_project.checks.declared import declared_checks
from dagster_project.checks.files import file_checks
from dagster_project.checks.progress import progress_checks
from dagster_project.checks.recommender import recommender_checks
from dagster_project.checks.services import service_checks
from dagster_project.checks.topics import analytics_topic_checks, inbound_topic_checks
from dagster_project.checks.views import view_checks

ALL_CHECKS = (
    declared_checks,
    service_checks,
    connector_checks,
    inbound_topic_checks,
    analytics_topic_checks,
    file_checks,
    archive_checks,
    recommender_checks,
    view_checks,
    progress_checks,
)

__all__ = ["ALL_CHECKS"]
