"""Orphaned processes of a platform: those without a supervisor."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import psutil

from goodsflow.deploy.native.processes import await_ends
from goodsflow.deploy.native.supervisor import PROGRAM


def find_orphans(home: Path) -> dict[psutil.Process, str]:
    """Find the processes of the platform in ``home``.

    Every part, its child processes and the supervisor have the platform's folder and
    the part's name in their environment. No other process is ever returned.

    Returns:
        The name of the part, by process.
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
    """Stop them with SIGTERM, and with SIGKILL after ``timeout_seconds``.

    A supervisor that still runs because its folder was deleted is stopped first, as it
    would restart them.

    Returns:
        The names of their parts.
    """
    names: set[str] = set()
    # A supervisor may restart parts until it ends: the second round finds those.
    for _ in range(2):
        orphans = find_orphans(home)
        for process in sorted(orphans, key=lambda p: orphans[p] != PROGRAM):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        alive = await_ends(orphans, timeout_seconds)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        await_ends(alive, timeout_seconds)
        names |= set(orphans.values())
        if PROGRAM not in orphans.values():
            break
    return sorted(names - {PROGRAM})
