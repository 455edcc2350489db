"""What every keeper of the parts' states answers, as tests to inherit.

A test class of a keeper derives from ``ServicesContract`` and says how parts are run,
killed and stopped where it looks.
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
    """Inherit it, and give a keeper and what is done to its parts."""

    @pytest.fixture
    def keeper(self) -> ProcessManager:
        """Return the keeper of a platform that runs ``PARTS``."""
        raise NotImplementedError

    @pytest.fixture
    def lost_keeper(self) -> ProcessManager:
        """Return the keeper of a platform whose keeper does not answer."""
        raise NotImplementedError

    @pytest.fixture
    def kill(self) -> Callable[[str], None]:
        """Return what ends a part's process as a crash does."""
        raise NotImplementedError

    @pytest.fixture
    def stop(self) -> Callable[[str], None]:
        """Return what a person does to stop a part."""
        raise NotImplementedError

    def test_what_runs_is_up(self, keeper: ProcessManager) -> None:
        """Anything less is an alarm about nothing."""
        states: Mapping[str, ServiceState] = {}

        def all_up() -> bool:
            nonlocal states
            states = keeper.states()
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
        self, keeper: ProcessManager, kill: Callable[[str], None]
    ) -> None:
        """A part that dies every minute looks healthy each time one looks."""
        await_that(lambda: keeper.states()["killed"].is_up)
        first = keeper.states()["killed"].pid
        kill("killed")
        await_that(lambda: keeper.states()["killed"].restarts == 1)
        await_that(lambda: keeper.states()["killed"].is_up)
        assert keeper.states()["killed"].pid != first
        assert keeper.states()["steady"].restarts == 0

    def test_what_was_stopped_is_not_up_and_says_why(
        self, keeper: ProcessManager, stop: Callable[[str], None]
    ) -> None:
        """A check that fails without a reason sends its reader to the logs."""
        stop("stopped")
        state = keeper.states()["stopped"]
        assert not state.is_up
        assert state.state != "RUNNING"
        assert state.reason
        assert (state.pid, state.uptime_seconds) == (None, None)

    def test_what_it_wrote_can_be_read(self, keeper: ProcessManager) -> None:
        """The last error of a service that crashed is in its log alone."""
        await_that(lambda: WRITTEN in keeper.log_tail("steady"))
        assert keeper.log_tail("absent") == ""

    def test_a_part_is_started_anew(self, keeper: ProcessManager) -> None:
        """Who sees in the UI that one is stuck wants to do something about it there."""
        await_that(lambda: keeper.states()["stopped"].is_up)
        first = keeper.states()["stopped"].pid
        keeper.restart("stopped")
        await_that(lambda: keeper.states()["stopped"].is_up)
        assert keeper.states()["stopped"].pid != first
        with pytest.raises(GoodsflowError):
            keeper.restart("absent")

    def test_a_keeper_that_does_not_answer_is_an_error(
        self, lost_keeper: ProcessManager
    ) -> None:
        """An empty answer would read as a platform without parts."""
        with pytest.raises(GoodsflowError, match="does not answer"):
            lost_keeper.states()
