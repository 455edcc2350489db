"""The contract of every process manager, as tests to inherit.

The test class of a process manager derives from ``ServicesContract`` and says how parts
are run, killed and stopped under it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import pytest

from dagster_project.resources.process_managers import ProcessManager, ServiceState
from goodsflow.common.errors import GoodsflowError

PARTS = ("steady", "killed", "stopped")

WRITTEN = "2026-01-02 03:04:05,678 ERROR goodsflow.part: It broke."
"""What each part writes when it starts."""


def await_that(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.1)


class ServicesContract:
    """Inherit it; provide a process manager, and what is done to its parts."""

    @pytest.fixture
    def manager(self) -> ProcessManager:
        """Return the process manager of a platform that runs ``PARTS``."""
        raise NotImplementedError

    @pytest.fixture
    def silent_manager(self) -> ProcessManager:
        """Return a process manager that does not answer."""
        raise NotImplementedError

    @pytest.fixture
    def kill(self) -> Callable[[str], None]:
        """Return what ends a part's process as a crash does."""
        raise NotImplementedError

    @pytest.fixture
    def stop(self) -> Callable[[str], None]:
        """Return what a person does to stop a part."""
        raise NotImplementedError

    def test_what_runs_is_up(self, manager: ProcessManager) -> None:
        """Anything less is an alarm about nothing."""
        states: Mapping[str, ServiceState] = {}

        def all_up() -> bool:
            nonlocal states
            states = manager.states()
            return all(state.is_up for state in states.values())

        await_that(all_up)
        assert states.keys() == set(PARTS)
        steady = states["steady"]
        assert (steady.name, steady.state, steady.restarts) == ("steady", "RUNNING", 0)
        assert steady.pid is not None
        assert steady.pid > 1
        assert steady.uptime_seconds is not None
        assert -1 < steady.uptime_seconds < 60

    def test_a_crash_counts_as_a_restart_and_passes(
        self, manager: ProcessManager, kill: Callable[[str], None]
    ) -> None:
        """A part that dies every minute would look healthy at each reading."""
        await_that(lambda: manager.states()["killed"].is_up)
        first = manager.states()["killed"].pid
        kill("killed")
        await_that(lambda: manager.states()["killed"].restarts == 1)
        await_that(lambda: manager.states()["killed"].is_up)
        assert manager.states()["killed"].pid != first
        assert manager.states()["steady"].restarts == 0

    def test_what_was_stopped_is_not_up_and_says_why(
        self, manager: ProcessManager, stop: Callable[[str], None]
    ) -> None:
        """A check that fails without a reason sends its reader to the logs."""
        stop("stopped")
        state = manager.states()["stopped"]
        assert not state.is_up
        assert state.state != "RUNNING"
        assert state.reason
        assert (state.pid, state.uptime_seconds) == (None, None)

    def test_what_it_wrote_can_be_read(self, manager: ProcessManager) -> None:
        """The last error of a service that crashed is in its log alone."""
        await_that(lambda: WRITTEN in manager.log_tail("steady"))
        assert manager.log_tail("absent") == ""

    def test_a_part_is_restarted(self, manager: ProcessManager) -> None:
        """Who sees in the UI that one is stuck wants to do something about it there."""
        await_that(lambda: manager.states()["stopped"].is_up)
        first = manager.states()["stopped"].pid
        manager.restart("stopped")
        await_that(lambda: manager.states()["stopped"].is_up)
        assert manager.states()["stopped"].pid != first
        with pytest.raises(GoodsflowError):
            manager.restart("absent")

    def test_a_keeper_that_does_not_answer_is_an_error(
        self, silent_manager: ProcessManager
    ) -> None:
        """An empty answer would read as a platform without parts."""
        with pytest.raises(GoodsflowError, match="does not answer"):
            silent_manager.states()
