"""Natively runs are processes beside their code server: one that died is noticed.

Dagster's own launcher leaves that to the code server; where both were killed together,
the run would stay "started" until its longest run time is over.
"""

from collections.abc import Sequence

import dagster as dg
import psutil
from dagster._core.launcher import (
    CheckRunHealthResult,
    DefaultRunLauncher,
    WorkerStatus,
)

_CLOCK_SECONDS = 2.0
"""How far the clock of the event and that of the process's start may be apart."""


class ProcessRunLauncher(DefaultRunLauncher):
    """Dagster's default launcher, that can also tell whether a run's process lives.

    For an instance whose daemon is on the machine on which the runs are. Run monitoring
    asks it at each of its rounds.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Whether run monitoring should ask."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Tell whether the run's process lives, by what it said when it began.

        A run of which no process is known yet passes for alive: its longest run time
        bounds it.
        """
        events = self._instance.all_logs(
            run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT
        )
        begun = first_process(events)
        if begun is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "Its process is unknown.")
        pid, seen_at = begun
        if is_alive(pid, seen_at):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(
            WorkerStatus.FAILED, f"Its process (pid {pid}) has ended."
        )


def first_process(events: Sequence[dg.EventLogEntry]) -> tuple[int, float] | None:
    """Return the process that first said it works on a run, and when it did.

    Args:
        events: Of one run, in their order.
    """
    for event in events:
        data = event.dagster_event and event.dagster_event.event_specific_data
        pid = getattr(data, "metadata", {}).get("pid")
        if pid is not None:
            return int(str(pid.value)), event.timestamp
    return None


def is_alive(pid: int, seen_at: float) -> bool:
    """Tell whether the process with this ID lives that was seen at a time.

    Args:
        pid: The process's ID, which another may have been given since.
        seen_at: Seconds since the epoch.
    """
    try:
        process = psutil.Process(pid)
        return (
            process.create_time() <= seen_at + _CLOCK_SECONDS
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return False
