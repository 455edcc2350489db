"""Work that may never return."""

import subprocess
import sys

import pytest

from goodsflow.clients.kafka.detached_calls import result_within, run_detached
from goodsflow.clients.kafka.errors import StuckCallError

_HANGS_IN_C = """
import ctypes
from goodsflow.clients.kafka.errors import StuckCallError
from goodsflow.clients.kafka.detached_calls import result_within, run_detached
work = run_detached(lambda: ctypes.CDLL(None).sleep(600), "stuck")
try:
    result_within(work, 0.2, "commit")
except StuckCallError as error:
    print(error)
"""


def fail_in_time() -> None:
    """Raise what a wait for a future raises too."""
    raise TimeoutError("of the work")


def test_work_gives_what_it_returns_or_raises() -> None:
    """A failure that only showed in the thread would count as success."""
    assert result_within(run_detached(lambda: 7, "works"), 10, "count") == 7
    with pytest.raises(TimeoutError, match="of the work"):
        result_within(run_detached(fail_in_time, "fails"), 10, "count")


def test_a_process_gives_up_a_call_in_c_and_leaves() -> None:
    """A thread that is waited for at the end would keep the process for ever."""
    done = subprocess.run(
        [sys.executable, "-c", _HANGS_IN_C],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Cannot commit: a call of the Kafka client has not")
    assert done.stderr == ""


def test_a_held_up_call_is_tried_again() -> None:
    """Dagster retries what is transient; a new client goes on where this one hangs."""
    from dagster_project.failures import TRANSIENT_ERRORS

    assert issubclass(StuckCallError, TRANSIENT_ERRORS)
