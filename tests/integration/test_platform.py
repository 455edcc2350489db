"""The native platform as its operator meets it: status, a second up, killed parts."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support import goodsflow, status, status_of

_KILLED_TOGETHER = (
    # Parts of different clusters: none relies on the other.
    ("zookeeper", "zookeeper-mirror"),
    ("kafka-0", "kafka-mirror-0"),
    ("kafka-1", "kafka-mirror-1"),
    ("hdfs-nn",),
    ("hdfs-dn-0",),
    ("hdfs-dn-1",),
    ("spark-master",),
    ("spark-worker",),
    ("spark-connect",),
    ("dagster-webserver",),
    ("dagster-daemon",),
    ("schema-registry",),
    ("kafka-connect",),
    ("blocking",),
    ("shop-api",),
)
_KILLED_WHERE_MONITORED = (("exporter",), ("prometheus",))
_PARTS = {part for parts in _KILLED_TOGETHER for part in parts}
_MEMORY_LIMIT_BYTES = 7 * 1024**3


def await_ready(home: Path, timeout_seconds: float = 120) -> dict[str, dict[str, Any]]:
    """Return the status once every part is ready."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        parts = status(home)
        waiting = {n: p["reason"] for n, p in parts.items() if p["state"] != "ready"}
        if not waiting:
            return parts
        assert time.monotonic() < deadline, f"still not ready: {waiting}"
        time.sleep(0.5)


def test_every_part_is_ready_within_the_memory_it_may_take(platform_home: Path) -> None:
    """A laptop must hold it: the sum is what a user sees in the status."""
    parts = await_ready(platform_home)
    assert set(parts) >= _PARTS
    assert sum(part["rss_bytes"] for part in parts.values()) < _MEMORY_LIMIT_BYTES


def test_a_second_up_leaves_what_is_up_alone(platform_home: Path) -> None:
    """`make up` out of habit must not restart a platform that works."""
    before = await_ready(platform_home)
    again = goodsflow("up", home=platform_home, timeout_seconds=300)
    assert again.returncode == 0, again.stderr
    after = status(platform_home)
    assert {n: p["pid"] for n, p in after.items()} == {
        n: p["pid"] for n, p in before.items()
    }


def test_up_completes_a_half_up_platform(platform_home: Path) -> None:
    """What an operator has stopped by hand comes back with the next up."""
    from goodsflow.deploy.native.supervisor import SupervisorClient

    before = await_ready(platform_home)
    SupervisorClient(platform_home / "run" / "supervisor.sock").stop("schema-registry")
    assert status_of(platform_home, "schema-registry")["state"] == "stopped"
    again = goodsflow("up", home=platform_home, timeout_seconds=300)
    assert again.returncode == 0, again.stderr
    after = await_ready(platform_home)
    others = set(before) - {"schema-registry"}
    assert {n: after[n]["pid"] for n in others} == {n: before[n]["pid"] for n in others}


@pytest.mark.faults
@pytest.mark.draw(4)
@pytest.mark.parametrize(
    "names", _KILLED_TOGETHER + _KILLED_WHERE_MONITORED, ids="+".join
)
def test_a_part_killed_with_9_comes_back_by_itself(
    platform_home: Path, names: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    """A part that does not come back, or drags others down, stops the flow."""
    if names in _KILLED_WHERE_MONITORED:
        # Skips where there is none.
        request.getfixturevalue("prometheus")
    before = await_ready(platform_home)
    killed = [psutil.Process(before[name]["pid"]) for name in names]
    for process in killed:
        process.kill()
    psutil.wait_procs(killed, 10)
    after = await_ready(platform_home)
    for name in names:
        assert after[name]["pid"] != before[name]["pid"]
        assert after[name]["restarts"] > before[name]["restarts"]


def test_no_password_is_readable_by_others_or_stands_in_a_log_or_command_line(
    platform_home: Path,
) -> None:
    """One leak is enough to make the clusters' ACLs worthless."""
    secrets = [
        path.read_text().strip() for path in platform_home.glob("secrets/**/*.password")
    ]
    assert len(secrets) >= 15
    # Unlike a glob, a walk bears with folders that brokers remove meanwhile.
    for folder, _, names in os.walk(platform_home):
        for path in (Path(folder, name) for name in names):
            try:
                found = path.lstat()
                if not stat.S_ISREG(found.st_mode) or found.st_size >= 20_000_000:
                    continue
                text = path.read_bytes()
            except FileNotFoundError:
                continue
            if any(secret.encode() in text for secret in secrets):
                assert stat.S_IMODE(found.st_mode) & 0o077 == 0, path
                assert path.suffix != ".log", path
    for process in psutil.process_iter():
        try:
            seen = " ".join([*process.cmdline(), *process.environ().values()])
        except psutil.Error:
            continue
        assert not any(secret in seen for secret in secrets), process.name()
