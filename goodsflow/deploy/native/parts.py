"""The description of a part, and the supervisor program that runs it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.supervisor_config import Program
from goodsflow.model.endpoints import PROJECT_ROOT, ClusterName

BOOTSTRAP = "bootstrap"
"""The step that applies ``platform.yaml`` through Dagster; parts can need it."""

CONTAINERS = PROJECT_ROOT / "containers"
"""Has a folder for each kind of part, with the ``run.sh`` that starts it."""


@dataclass(frozen=True)
class Part:
    """A part: one process of the platform.

    Attributes:
        folder: Its folder under ``containers/``, with the ``run.sh`` that starts it.
        environment: The variables for its ``run.sh``.
        needs: Parts that must be ready, and steps that must be complete, before it
            starts.
        logins: Principals that must be able to log in before it starts.
        serves_as: Principals whose passwords it reads at its start, although their
            login need not work before that: brokers log in to each other.
        follows: Principals whose new passwords it uses without a restart.
        address: The address that users connect to.
        check: Raises ``probes.NotReadyError`` with the reason if it is not ready.
        ready_seconds: How long its start may take before it counts as failed.
        deaths_allowed: How often it may die during its start before it counts as
            failed.
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
    """Return the supervisor program that runs a part."""
    environment = {
        "GOODSFLOW_HOME": str(home.root),
        "GOODSFLOW_STARTS_FILE": str(home.starts(part.name)),
        "GOODSFLOW_PYTHON": sys.executable,
        "GOODSFLOW_TEMP_DIR": str(home.temporary_of(part.name)),
        "PART_NAME": part.name,
        "PART_CONFIG_DIR": str(home.config(part.name)),
        "PART_DATA_DIR": str(home.data(part.name)),
        "PYTHONUNBUFFERED": "1",
        **part.environment,
    }
    script = CONTAINERS / part.folder / "run.sh"
    return Program(part.name, script, environment)
