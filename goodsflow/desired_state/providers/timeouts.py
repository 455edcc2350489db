"""How long planning and applying wait for each system."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timeouts:
    """Time limits in seconds.

    Attributes:
        request: For each request to a system.
        ready: For a starting part to be ready.
        running: For every connector and task to run.
        ksqldb_ready: For a starting ksqlDB, which takes longer.
    """

    request: float = 20.0
    ready: float = 120.0
    running: float = 120.0
    ksqldb_ready: float = 240.0
