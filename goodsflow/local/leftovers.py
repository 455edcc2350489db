"""Processes of a platform whose supervisor is gone: found by their environment."""

from __future__ import annotations

import os
from pathlib import Path

import psutil


def find_leftovers(home: Path) -> list[psutil.Process]:
    """List the processes that were started for the platform in ``home``.

    Every part, and what it started itself, carries the platform's folder and its own
    name in its environment; nothing else is ever touched.
    """
    found = []
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
            found.append(process)
    return found


def stop_leftovers(home: Path, timeout_seconds: float = 20) -> list[str]:
    """Stop them: asked first, killed after ``timeout_seconds``.

    Returns:
        The names of their parts.
    """
    processes = find_leftovers(home)
    names = set()
    for process in processes:
        try:
            names.add(process.environ()["PART_NAME"])
            process.terminate()
        except psutil.Error:
            continue
    _, alive = psutil.wait_procs(processes, timeout=timeout_seconds)
    for process in alive:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(alive, timeout=timeout_seconds)
    return sorted(names)
