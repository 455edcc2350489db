"""The asset checks: a module for each system or service whose state must hold.

Here: pure functions that compare what was read with what should hold, and the checks
that call them. Each can be run by hand in the UI; the sensors evaluate the same checks
without runs. Where the state cannot be read, the check fails and says why; it never
keeps its last result.

Not here: reading a system (``dagster_project.resources``), and choosing when to
evaluate and what to report (``dagster_project.sensors``).
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
