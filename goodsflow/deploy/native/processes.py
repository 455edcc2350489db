"""Waiting until processes that are not our children have ended."""

from __future__ import annotations

from collections.abc import Iterable

import psutil

from goodsflow.common.waiting import Deadline

_POLL_SECONDS = 0.1


def await_ends(
    processes: Iterable[psutil.Process], timeout_seconds: float
) -> list[psutil.Process]:
    """Wait until all have ended, and return those that are still running in the end.

    A zombie counts as ended. In a container, the first process often never reaps its
    children, so psutil would wait for them forever.
    """
    deadline = Deadline(timeout_seconds, interval_seconds=_POLL_SECONDS)
    while alive := [process for process in processes if is_alive(process)]:
        if deadline.is_over:
            break
        deadline.pause()
    return alive


def is_alive(process: psutil.Process) -> bool:
    """Return whether a process is running and its ID is not another one's by now."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
