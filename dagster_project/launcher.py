"""Natively runs are processes beside their code server: one that died is noticed.

Dagster's own launcher leaves that to the code server; where both were killed together,
the run would stay "started" until its longest run time is over.
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
    """Dagster's default launcher, that can also tell whether a run's process lives.

    For an instance whose daemon is on the machine on which the runs are. Run monitoring
    asks it at each of its rounds.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known: dict[str, psutil.Process] = {}

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Whether run monitoring should ask."""
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
            # From now on the clock may be set: what is compared is no time of day.
            self._known[run.run_id] = found
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        self._known.pop(run.run_id, None)
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


def find_process(pid: int, seen_at: float) -> psutil.Process | None:
    """Return the process with this ID that was seen at a time; None where it is gone.

    Args:
        pid: The process's ID, which another may have been given since.
        seen_at: Seconds since the epoch.
    """
    try:
        process = psutil.Process(pid)
        is_the_same = process.create_time() <= seen_at + _CLOCK_SECONDS
    except psutil.NoSuchProcess:
        return None
    return process if is_the_same and is_alive(process) else None
