"""A platform of their own for measurements, beside any that is up."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from benchmarks.meter import Figure
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.supervisor import SupervisorClient
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints, load_endpoints

HOME = PROJECT_ROOT / ".goodsflow-bench"
INBOUND = ("kafka-0", "kafka-1")

Measured: TypeAlias = Callable[[Path, int, list[int], str], Figure]
"""Works on so many records; told the platform's folder, its brokers' processes, and a
name of its own."""

_PORT_OFFSET = 15_000
_PATIENCE_SECONDS = 600.0
_STOPPED = ("shop-api", "blocking", "dagster-daemon", "dagster-webserver")


@contextmanager
def platform() -> Iterator[Endpoints]:
    """Start a platform, stop what would work by itself, remove all at the end."""
    command = [sys.executable, "-m", "goodsflow.cli", "--home", str(HOME)]
    subprocess.run([*command, "clean", "--yes"], check=True)
    try:
        subprocess.run(
            [*command, "up", "--port-offset", str(_PORT_OFFSET)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        SupervisorClient(Home(HOME).socket).stop_all(_STOPPED)
        yield load_endpoints(HOME)
    finally:
        subprocess.run([*command, "clean", "--yes"], check=True)


def pids(*parts: str) -> list[int]:
    """Return the processes of parts of the platform that is measured."""
    found = SupervisorClient(Home(HOME).socket).processes()
    return [process.pid for process in found if process.name in parts and process.pid]


def in_a_process(work: Measured, records: int, name: str) -> Figure:
    """Have work done and measured in a process of its own.

    Raises:
        TimeoutError: It takes too long.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        arguments = (HOME, records, pids(*INBOUND), name)
        return pool.apply_async(work, arguments).get(_PATIENCE_SECONDS)
