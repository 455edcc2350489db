"""The status of a part, from the supervisor and from its probe."""

from __future__ import annotations

import os
import time

import pytest

from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.parts import Part
from goodsflow.deploy.native.probes import NotReadyError
from goodsflow.deploy.native.status import (
    count_restarts,
    part_status,
    platform_status,
    tree_rss_bytes,
)
from goodsflow.deploy.native.supervisor import ProcessState


def ready() -> None:
    """Be ready."""


def cold() -> None:
    """Be not ready yet."""
    raise NotReadyError("is cold")


def part(check: object, name: str = "a") -> Part:
    """Return a part with this check."""
    return Part(
        name=name,
        folder=name,
        environment={},
        address="127.0.0.1:1",
        check=check,  # type: ignore[arg-type]
        ready_seconds=60,
    )


def process(
    state: str, *, uptime_seconds: float = 1, description: str = ""
) -> ProcessState:
    """Return what the supervisor says of a program; it runs as this process."""
    runs = state in {"RUNNING", "STARTING", "STOPPING"}
    return ProcessState(
        name="a",
        state=state,
        pid=os.getpid() if runs else None,
        started_at=time.time() - uptime_seconds if runs else None,
        description=description,
    )


def test_a_broken_probe_is_a_reason_and_hides_no_other_part(home: Home) -> None:
    """An unexpected error used to give the operator a traceback and no table."""

    def broken() -> None:
        raise ZeroDivisionError("a bug")

    status = part_status(home, part(broken), process("RUNNING"))
    assert (status.state, status.reason) == (
        "failed",
        "its probe failed: ZeroDivisionError: a bug",
    )


@pytest.mark.parametrize("state", ["RUNNING", "STARTING"])
def test_a_part_is_ready_when_its_probe_passes(home: Home, state: str) -> None:
    """A running process may not serve requests yet."""
    status = part_status(home, part(ready), process(state))
    assert (status.state, status.reason) == ("ready", "")
    assert status.pid == os.getpid()
    assert status.rss_bytes > 0


@pytest.mark.parametrize(
    ("uptime_seconds", "expected"), [(1, "starting"), (61, "failed")]
)
def test_a_part_that_is_not_ready_counts_as_starting_until_its_timeout(
    home: Home, uptime_seconds: float, expected: str
) -> None:
    """A hanging part would otherwise be starting forever."""
    status = part_status(
        home, part(cold), process("RUNNING", uptime_seconds=uptime_seconds)
    )
    assert (status.state, status.reason) == (expected, "is cold")


@pytest.mark.parametrize(
    ("state", "description", "expected", "reason"),
    [
        ("STOPPED", "Not started", "stopped", "Not started"),
        ("STOPPING", "", "stopped", "stopping"),
        ("BACKOFF", "Exited too quickly", "starting", "Exited too quickly"),
        ("EXITED", "Nov 22 10:00 PM", "failed", "Nov 22 10:00 PM"),
        ("FATAL", "can't find command", "failed", "can't find command"),
        ("UNKNOWN", "", "failed", "unknown"),
    ],
)
def test_a_stopped_part_is_not_probed(
    home: Home, state: str, description: str, expected: str, reason: str
) -> None:
    """Another program may answer on its port."""
    status = part_status(home, part(ready), process(state, description=description))
    assert (status.state, status.reason) == (expected, reason)


def test_without_a_supervisor_every_part_is_stopped(home: Home) -> None:
    """The reason has to say what to do."""
    statuses = platform_status(home, [part(ready, "a"), part(ready, "b")])
    assert [(s.name, s.state, s.pid, s.rss_bytes) for s in statuses] == [
        ("a", "stopped", None, 0),
        ("b", "stopped", None, 0),
    ]
    assert "`goodsflow up` starts it" in statuses[0].reason
    assert platform_status(home, []) == []


def test_the_first_start_is_not_a_restart(home: Home) -> None:
    """With a count of one, every part would look unstable."""
    assert count_restarts(home, "a") == 0
    home.starts("a").write_text("1 2\n")
    assert count_restarts(home, "a") == 0
    home.starts("a").write_text("1 2\n3 4\n5 6\n")
    assert count_restarts(home, "a") == 2
    assert part_status(home, part(ready), process("RUNNING")).restarts == 2


def test_the_memory_of_an_ended_process_is_zero() -> None:
    """A process may end at any moment."""
    assert tree_rss_bytes(None) == 0
    assert tree_rss_bytes(2**22 + 1) == 0
    assert tree_rss_bytes(os.getpid()) > 1024**2


def test_a_status_can_be_written_as_json(home: Home) -> None:
    """Scripts read these names."""
    status = part_status(home, part(ready), None, "why").as_json()
    assert status == {
        "name": "a",
        "state": "stopped",
        "pid": None,
        "rss_bytes": 0,
        "restarts": 0,
        "address": "127.0.0.1:1",
        "reason": "why",
    }
