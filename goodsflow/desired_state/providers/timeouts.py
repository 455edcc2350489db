"""How long whoever plans or applies waits for each system."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timeouts:
    """In seconds.

    Attributes:
        request: For each request to a system.
        ready: For a part that starts to be ready, where somebody waits for it.
        running: For every connector and task to run.
        ksqldb_ready: For ksqlDB, which takes longer.
    """

    request: float = 20.0
    ready: float = 120.0
    running: float = 120.0
    ksqldb_ready: float = 240.0
