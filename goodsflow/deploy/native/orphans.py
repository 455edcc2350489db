"""Processes of a platform that no supervisor answers for, by their environment."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import psutil

from goodsflow.deploy.native.processes import await_ends
from goodsflow.deploy.native.supervisor import PROGRAM


def find_orphans(home: Path) -> dict[psutil.Process, str]:
    """Find the processes that were started for the platform in ``home``.

    Every part, what it started itself, and the supervisor carry the platform's folder
    and their own name in their environment; nothing else is ever touched.

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


def stop_orphans(home: Path, timeout_seconds: float = 20) -> list[str]:
    """Stop them: asked first, killed after ``timeout_seconds``.

    A supervisor that still runs, because its folder was removed under it, is stopped
    with them: it would start them again.

    Returns:
        The names of their parts.
    """
    names: set[str] = set()
    # Until it heeds, a supervisor starts again what ends: a second look finds that.
    for _ in range(2):
        leftovers = find_orphans(home)
        for process in sorted(leftovers, key=lambda p: leftovers[p] != PROGRAM):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        alive = await_ends(leftovers, timeout_seconds)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        await_ends(alive, timeout_seconds)
        names |= set(leftovers.values())
        if PROGRAM not in leftovers.values():
            break
    return sorted(names - {PROGRAM})
