"""A file for each sensor: a pure decision, and a shell that reads and asks it.

Sensors are off until somebody turns them on; the launcher does, once the platform is
up. A read that fails is a failed tick or a failed check, never an empty answer.
"""

from dagster_project.sensors.connector_restarter import connector_restarter
from dagster_project.sensors.drift import drift_sensor
from dagster_project.sensors.platform_observer import platform_observer
from dagster_project.sensors.recommendations import recommendations_sensor

__all__ = [
    "connector_restarter",
    "drift_sensor",
    "platform_observer",
    "recommendations_sensor",
]
