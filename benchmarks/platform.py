"""A platform of their own for measurements, beside any that is up."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from goodsflow.endpoints import PROJECT_ROOT, Endpoints, load_endpoints
from goodsflow.local.home import Home
from goodsflow.local.supervisor import SupervisorClient

HOME = PROJECT_ROOT / ".goodsflow-bench"
_PORT_OFFSET = 15_000
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
