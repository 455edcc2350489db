"""Starts that are cut short: nothing may be left running, and the next must work."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from goodsflow.endpoints import PROJECT_ROOT
from goodsflow.local.leftovers import find_leftovers

pytestmark = pytest.mark.faults

_PORT_OFFSET = 15_000
_GOODSFLOW = (sys.executable, "-m", "goodsflow.cli")


def run_goodsflow(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would."""
    return subprocess.run(
        [*_GOODSFLOW, "--home", str(home), *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=PROJECT_ROOT,
        timeout=120,
    )


def begin_up(home: Path) -> subprocess.Popen[str]:
    """Start `goodsflow up` and leave it at work."""
    return subprocess.Popen(
        [*_GOODSFLOW, "--home", str(home), "up", "--port-offset", str(_PORT_OFFSET)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd=PROJECT_ROOT,
    )


def await_condition(condition: Callable[[], bool], up: subprocess.Popen[str]) -> None:
    """Wait until the condition holds, while the start goes on."""
    deadline = time.monotonic() + 60
    while not condition():
        assert up.poll() is None, up.stderr and up.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.1)


def runs(home: Path, part: str) -> bool:
    """Whether a process of the part is there."""
    return part in find_leftovers(home).values()


@pytest.fixture
def home() -> Iterator[Path]:
    """The folder of a platform of its own."""
    root = PROJECT_ROOT / ".goodsflow-cut"
    run_goodsflow(root, "clean", "--yes")
    yield root
    cleaned = run_goodsflow(root, "clean", "--yes")
    assert cleaned.returncode == 0, cleaned.stderr
    assert not find_leftovers(root)


def test_ctrl_c_stops_what_was_started(home: Path) -> None:
    """Brokers left behind would hold the ports of the next start."""
    up = begin_up(home)
    await_condition(lambda: runs(home, "kafka-0"), up)
    up.send_signal(signal.SIGINT)
    _, messages = up.communicate(timeout=90)
    assert up.returncode == 130
    assert "what was started is stopped" in messages
    assert "Traceback" not in messages
    assert not find_leftovers(home)


def test_a_second_up_at_the_same_time_is_refused_and_harms_nothing(home: Path) -> None:
    """Two launchers would write each other's configuration and ports."""
    up = begin_up(home)
    await_condition(lambda: runs(home, "zookeeper"), up)
    second = run_goodsflow(home, "up")
    assert second.returncode == 1
    assert f"Another launcher (pid {up.pid})" in second.stderr
    assert up.poll() is None
    up.send_signal(signal.SIGTERM)
    up.communicate(timeout=90)


def test_leftovers_of_a_killed_launcher_and_supervisor_are_stopped(home: Path) -> None:
    """After a crash nobody supervises the parts, and they hold their ports."""
    up = begin_up(home)
    await_condition(lambda: runs(home, "kafka-0"), up)
    supervisor = psutil.Process(int((home / "run" / "supervisord.pid").read_text()))
    up.kill()
    supervisor.kill()
    up.communicate(timeout=30)
    supervisor.wait(30)
    assert find_leftovers(home)
    down = run_goodsflow(home, "down")
    assert down.returncode == 0, down.stderr
    assert "kafka-0" in down.stderr
    assert not find_leftovers(home)


def test_a_port_that_is_taken_is_named_with_its_holder(home: Path) -> None:
    """The message must let a user act: which port, of which part, held by whom."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 9092 + _PORT_OFFSET))
        holder.listen()
        up = begin_up(home)
        _, messages = up.communicate(timeout=60)
    assert up.returncode == 1
    assert f"port {9092 + _PORT_OFFSET} of kafka-0 is taken by pid" in messages
    assert not find_leftovers(home)
