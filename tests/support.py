"""What tests of several rooms do: run the command line, wait for a condition."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from goodsflow.clients.registry import RegistryClient
from goodsflow.deploy.native.platform import open_platform
from goodsflow.deploy.native.status import platform_status
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints

T = TypeVar("T")

GOODSFLOW = (sys.executable, "-m", "goodsflow.cli")
"""The command line, of the interpreter that runs the tests."""


def goodsflow(
    *arguments: str, home: Path | None = None, timeout_seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user would."""
    of_home = ["--home", str(home)] if home else []
    return subprocess.run(
        [*GOODSFLOW, *of_home, *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=timeout_seconds,
        cwd=PROJECT_ROOT,
    )


def schema_id(endpoints: Endpoints, subject: str = "goods-value") -> int:
    """Return the ID of the newest schema of a subject."""
    with RegistryClient(endpoints.schema_registry_url) as registry:
        return registry.latest(subject).schema_id


def status(home: Path, *names: str) -> dict[str, dict[str, Any]]:
    """Return what `goodsflow status --json` says of the named parts, or of all.

    It is asked in this process: a new one for each look of a wait would keep a
    processor busy, which the parts under test need.
    """
    platform = open_platform(home)
    parts = [part for part in platform.parts if not names or part.name in names]
    return {part.name: part.as_json() for part in platform_status(platform.home, parts)}


def status_of(home: Path, name: str) -> dict[str, Any]:
    """Return what `goodsflow status --json` says of one part."""
    return status(home, name)[name]


def await_condition(
    condition: Callable[[], T | None], what: str, timeout_seconds: float = 180
) -> T:
    """Return the condition's value as soon as it holds.

    Args:
        condition: Holds where its value is true; ends the wait where it raises.
        what: Completes "not within 180 s: ".
        timeout_seconds: After this long the test fails.
    """
    deadline = time.monotonic() + timeout_seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, (
            f"not within {timeout_seconds:.0f} s: {what}"
        )
        time.sleep(0.2)
    return value


def write_endpoints(folder: Path, **given: str) -> Endpoints:
    """Write the addresses of a platform that nobody ever started to its folder."""
    endpoints = Endpoints(
        bootstrap_servers={"inbound": "a:1", "analytics": "b:1"},
        ca_file=folder / "ca",
        secrets_dir=folder / "secrets",
        state_dir=folder,
        schema_registry_url="http://r",
        connect_url="http://c",
        webhdfs_url="http://h",
        hdfs_url="hdfs://h",
        spark_connect_url="sc://s",
        dagster_url="http://d",
        **given,
    )
    (folder / "endpoints.json").write_bytes(endpoints.as_json())
    return endpoints
