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
    """Raise the exception that a timed-out wait raises."""
    raise TimeoutError("of the work")


def test_detached_work_returns_its_result_or_raises() -> None:
    """A failure that stayed in the thread would look like a success."""
    assert result_within(run_detached(lambda: 7, "works"), 10, "count") == 7
    with pytest.raises(TimeoutError, match="of the work"):
        result_within(run_detached(fail_in_time, "fails"), 10, "count")


def test_a_process_exits_despite_a_stuck_call() -> None:
    """Waiting for the thread at exit would keep the process forever."""
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


def test_a_stuck_call_is_a_transient_error() -> None:
    """Dagster retries transient errors, and a new client takes over."""
    from dagster_project.failures import TRANSIENT_ERRORS

    assert issubclass(StuckCallError, TRANSIENT_ERRORS)
