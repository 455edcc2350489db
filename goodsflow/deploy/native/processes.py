"""Waiting for the end of processes that are not our children."""

from __future__ import annotations

from collections.abc import Iterable

import psutil

from goodsflow.common.waiting import Deadline

_POLL_SECONDS = 0.1


def await_ends(
    processes: Iterable[psutil.Process], timeout_seconds: float
) -> list[psutil.Process]:
    """Wait until all have ended; return those that still run after the time.

    One that has ended and whose parent has not fetched its status counts as ended: in a
    container the first process often fetches none, and psutil would wait for it.
    """
    deadline = Deadline(timeout_seconds, interval_seconds=_POLL_SECONDS)
    while alive := [process for process in processes if _runs(process)]:
        if deadline.is_over:
            break
        deadline.pause()
    return alive


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
