"""One part of the platform, and how the supervisor starts it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.supervisor_config import Program
from goodsflow.model.endpoints import PROJECT_ROOT, ClusterName

BOOTSTRAP = "bootstrap"
"""The step, among the parts' needs, that applies ``platform.yaml`` through Dagster."""

CONTAINERS = PROJECT_ROOT / "containers"
"""A folder for each kind of part, with the ``run.sh`` that starts it."""


@dataclass(frozen=True)
class Part:
    """One process of the platform.

    Attributes:
        folder: Its folder under ``containers/``, with the ``run.sh`` that starts it.
        environment: What its ``run.sh`` reads.
        needs: Parts that must be ready, and steps that must be done, before it starts.
        logins: Principals that must be able to log in before it starts.
        serves_as: Principals whose passwords it reads when it starts, as logins are:
            a broker's, which logs in to its like.
        follows: Principals whose new passwords it takes up while it runs.
        address: What a person would connect to.
        check: Raises ``probes.NotReadyError`` with the reason while it is not ready.
        ready_seconds: How long its start may take before it counts as failed.
        deaths_allowed: How often it may die on its way up before that.
    """

    name: str
    folder: str
    environment: Mapping[str, str]
    address: str
    check: Callable[[], None]
    needs: tuple[str, ...] = ()
    logins: tuple[tuple[ClusterName, str], ...] = ()
    serves_as: tuple[tuple[ClusterName, str], ...] = ()
    follows: tuple[tuple[ClusterName, str], ...] = ()
    ready_seconds: float = 300
    deaths_allowed: int = 3


def to_program(home: Home, part: Part) -> Program:
    """Return the part as the supervisor starts it."""
    environment = {
        "GOODSFLOW_HOME": str(home.root),
        "GOODSFLOW_STARTS_FILE": str(home.starts(part.name)),
        "GOODSFLOW_PYTHON": sys.executable,
        "PART_NAME": part.name,
        "PART_CONFIG_DIR": str(home.config(part.name)),
        "PART_DATA_DIR": str(home.data(part.name)),
        "PYTHONUNBUFFERED": "1",
        **part.environment,
    }
    script = CONTAINERS / part.folder / "run.sh"
    return Program(part.name, script, environment)
