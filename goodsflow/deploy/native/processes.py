"""Waiting for the end of processes that are not our children."""

from __future__ import annotations

import time
from collections.abc import Iterable

import psutil

_POLL_SECONDS = 0.1


def await_ends(
    processes: Iterable[psutil.Process], timeout_seconds: float
) -> list[psutil.Process]:
    """Wait until all have ended; return those that still run after the time.

    One that has ended and whose parent has not fetched its status counts as ended: in a
    container the first process often fetches none, and psutil would wait for it.
    """
    deadline = time.monotonic() + timeout_seconds
    while alive := [process for process in processes if _runs(process)]:
        if time.monotonic() > deadline:
            return alive
        time.sleep(_POLL_SECONDS)
    return []


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
