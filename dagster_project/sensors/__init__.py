"""A module for each sensor, and what sensors share.

Here: a pure decision for each sensor, and a thin shell that reads the state and asks
it. Not here: what a check compares (``dagster_project.checks``), and anything that runs
longer than a tick may (``dagster_project.jobs``). A read that fails is a failed tick or
a failed check, never an empty answer.
"""

from collections.abc import Sequence

import dagster as dg

from dagster_project.sensors.connector_restarter import build_connector_restarter
from dagster_project.sensors.drift import build_drift_sensor
from dagster_project.sensors.platform_observer import build_platform_observer
from dagster_project.sensors.recommendations import build_recommendations_sensor


def build_sensors(
    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.STOPPED,
) -> Sequence[dg.SensorDefinition]:
    """Return every sensor.

    Args:
        default_status: Whether they are on until somebody turns them on or off.
    """
    return [
        build_recommendations_sensor(default_status),
        build_platform_observer(default_status),
        build_drift_sensor(default_status),
        build_connector_restarter(default_status),
    ]


__all__ = ["build_sensors"]
