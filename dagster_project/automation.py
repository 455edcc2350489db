"""Whether sensors and schedules are on: the platform says so, a checkout does not.

Dagster stores what an operator turns on or off, and that outlasts every restart and
update. The default status decides about the rest: about a new platform, and about what
an update brings.
"""

import os

import dagster as dg

from dagster_project.jobs import bootstrap

VARIABLE = "GOODSFLOW_AUTOMATION"
"""The environment variable that ``containers/dagster/run.sh`` sets to ``on``."""

BOOTSTRAP_PENDING = "The platform is not ready yet: no bootstrap run has succeeded."


def automation_is_on() -> bool:
    """Tell from the environment whether sensors and schedules are on by default.

    Raises:
        ValueError: The variable is neither ``on`` nor ``off``.
    """
    value = os.environ.get(VARIABLE, "off")
    if value not in {"on", "off"}:
        raise ValueError(f"{VARIABLE} is '{value}', expected 'on' or 'off'.")
    return value == "on"


def is_bootstrapped(instance: dg.DagsterInstance) -> bool:
    """Tell whether a bootstrap run has succeeded.

    Sensors are on before it: what they would find missing, it is about to make.
    """
    succeeded = dg.RunsFilter(
        job_name=bootstrap.name, statuses=[dg.DagsterRunStatus.SUCCESS]
    )
    return bool(instance.get_runs(succeeded, limit=1))
