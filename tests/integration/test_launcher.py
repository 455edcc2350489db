"""Starts that are cut short: nothing may be left running, and the next must work."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from goodsflow.deploy.native.orphans import find_orphans
from goodsflow.model.endpoints import PROJECT_ROOT
from tests.support import GOODSFLOW, await_condition, goodsflow

pytestmark = pytest.mark.faults

_PORT_OFFSET = 15_000


def begin_up(home: Path) -> subprocess.Popen[str]:
    """Start `goodsflow up` and leave it at work."""
    return subprocess.Popen(
        [*GOODSFLOW, "--home", str(home), "up", "--port-offset", str(_PORT_OFFSET)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd=PROJECT_ROOT,
    )


def await_part(home: Path, part: str, up: subprocess.Popen[str]) -> None:
    """Wait until a process of the part is there, while the start goes on."""

    def runs() -> bool:
        assert up.poll() is None, up.stderr and up.stderr.read()
        return part in find_orphans(home).values()

    await_condition(runs, f"a process of {part}", 60)


@pytest.fixture
def home() -> Iterator[Path]:
    """The folder of a platform of its own."""
    root = PROJECT_ROOT / ".goodsflow-cut"
    goodsflow("clean", "--yes", home=root)
    yield root
    cleaned = goodsflow("clean", "--yes", home=root)
    assert cleaned.returncode == 0, cleaned.stderr
    assert not find_orphans(root)


def test_ctrl_c_stops_what_was_started(home: Path) -> None:
    """Brokers left behind would hold the ports of the next start."""
    up = begin_up(home)
    await_part(home, "kafka-0", up)
    up.send_signal(signal.SIGINT)
    _, messages = up.communicate(timeout=90)
    assert up.returncode == 130
    assert "The parts that were started are stopped" in messages
    assert "Traceback" not in messages
    assert not find_orphans(home)


def test_a_second_up_at_the_same_time_is_refused_and_harms_nothing(home: Path) -> None:
    """Two launchers would write each other's configuration and ports."""
    up = begin_up(home)
    await_part(home, "zookeeper", up)
    second = goodsflow("up", home=home)
    assert second.returncode == 1
    assert f"Another launcher (pid {up.pid})" in second.stderr
    assert up.poll() is None
    up.send_signal(signal.SIGTERM)
    up.communicate(timeout=90)


def test_orphans_of_a_killed_launcher_and_supervisor_are_stopped(home: Path) -> None:
    """After a crash nobody supervises the parts, and they hold their ports."""
    up = begin_up(home)
    await_part(home, "kafka-0", up)
    supervisor = psutil.Process(int((home / "run" / "supervisord.pid").read_text()))
    up.kill()
    supervisor.kill()
    up.communicate(timeout=30)
    supervisor.wait(30)
    assert find_orphans(home)
    down = goodsflow("down", home=home)
    assert down.returncode == 0, down.stderr
    assert "kafka-0" in down.stderr
    assert not find_orphans(home)


def test_a_port_that_is_taken_is_named_with_its_holder(home: Path) -> None:
    """The message must let a user act: which port, of which part, held by whom."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 9092 + _PORT_OFFSET))
        holder.listen()
        up = begin_up(home)
        _, messages = up.communicate(timeout=60)
    assert up.returncode == 1
    assert f"port {9092 + _PORT_OFFSET} of kafka-0 is used by pid" in messages
    assert not find_orphans(home)
