"""Processes of a platform whose supervisor is gone: found by their environment."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import psutil

from goodsflow.local.processes import await_ends


def find_leftovers(home: Path) -> dict[psutil.Process, str]:
    """Find the processes that were started for the platform in ``home``.

    Every part, and what it started itself, carries the platform's folder and its own
    name in its environment; nothing else is ever touched.

    Returns:
        The processes, each with the name of its part.
    """
    found = {}
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        try:
            environment = process.environ()
        except psutil.Error:
            continue
        if (
            environment.get("GOODSFLOW_HOME") == str(home)
            and "PART_NAME" in environment
        ):
            found[process] = environment["PART_NAME"]
    return found


def stop_leftovers(home: Path, timeout_seconds: float = 20) -> list[str]:
    """Stop them: asked first, killed after ``timeout_seconds``.

    Returns:
        The names of their parts.
    """
    leftovers = find_leftovers(home)
    for process in leftovers:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    alive = await_ends(leftovers, timeout_seconds)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    await_ends(alive, timeout_seconds)
    return sorted(set(leftovers.values()))
