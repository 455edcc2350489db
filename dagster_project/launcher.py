"""The run launcher of a native platform, which notices that a run's process has died.

Dagster's default launcher leaves that to the code server. If both were killed together,
the run would stay "started" until its maximum run time is over.
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg
import psutil
from dagster._core.launcher import (
    CheckRunHealthResult,
    DefaultRunLauncher,
    WorkerStatus,
)

from goodsflow.deploy.native.processes import is_alive

_CLOCK_SECONDS = 2.0
"""How far the clock of the event and that of the process's start may be apart."""


class ProcessRunLauncher(DefaultRunLauncher):
    """Dagster's default launcher, with a health check of a run's process.

    For an instance whose daemon and runs are on the same machine. Run monitoring calls
    the check at each of its polls.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known: dict[str, psutil.Process] = {}

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Whether run monitoring should call the health check."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Tell whether the run's process lives, by what it said when it began.

        A run of which no process is known yet passes for alive: its longest run time
        bounds it.
        """
        known = self._known.get(run.run_id)
        if known is not None and is_alive(known):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        events = self._instance.all_logs(
            run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT
        )
        begun = first_process(events)
        if begun is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "Its process is unknown.")
        pid, seen_at = begun
        found = None if known else find_process(pid, seen_at)
        if found is not None:
            # psutil compares no time of day: from now on the clock may be set.
            self._known[run.run_id] = found
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        self._known.pop(run.run_id, None)
        return CheckRunHealthResult(
            WorkerStatus.FAILED, f"Its process (pid {pid}) has ended."
        )


def first_process(events: Sequence[dg.EventLogEntry]) -> tuple[int, float] | None:
    """Return the ID of the first process that reported working on a run, and when.

    Args:
        events: Of one run, in order.
    """
    for event in events:
        data = event.dagster_event and event.dagster_event.event_specific_data
        pid = getattr(data, "metadata", {}).get("pid")
        if pid is not None:
            return int(str(pid.value)), event.timestamp
    return None


def find_process(pid: int, seen_at: float) -> psutil.Process | None:
    """Return the process that had this ID at a time; None if it has ended.

    Args:
        pid: The process's ID, which another process may have by now.
        seen_at: In seconds since the epoch.
    """
    try:
        process = psutil.Process(pid)
        is_the_same = process.create_time() <= seen_at + _CLOCK_SECONDS
    except psutil.NoSuchProcess:
        return None
    return process if is_the_same and is_alive(process) else None
