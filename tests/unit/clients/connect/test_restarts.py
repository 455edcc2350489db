"""When a failed connector is restarted, and when it is given up."""

import itertools
import random

import pytest

from goodsflow.clients.connect import ConnectorStatus, TaskStatus
from goodsflow.clients.connect.restarts import (
    Action,
    Condition,
    History,
    RestartSettings,
    condition,
    decide,
    restart_at,
)

SETTINGS = RestartSettings(
    first_delay_seconds=10, factor=2, max_restarts=3, healthy_seconds=600
)


def look_on(
    looks: list[tuple[float, Condition]], history: History | None = None
) -> tuple[list[tuple[float, Action]], History]:
    """Decide at each check; return the restarts' times and the history."""
    done: list[tuple[float, Action]] = []
    history = history or History()
    for now, seen in looks:
        action, history = decide(history, seen, now, SETTINGS)
        if action != "none":
            done.append((now, action))
    return done, history


def test_each_restart_waits_twice_as_long_and_then_none_is_made() -> None:
    """Endless restarts would hide the failure and add load."""
    done, history = look_on([(float(now), "failed") for now in range(0, 300, 5)])
    assert [now for now, action in done if action == "restart"] == [10, 30, 70]
    assert {action for now, action in done if now > 70} == {"give up"}
    assert history.has_given_up


def test_a_connector_that_runs_is_never_restarted() -> None:
    """Restarting a running connector would stop the flow for nothing."""
    done, history = look_on([(float(now), "healthy") for now in range(0, 2000, 15)])
    assert not done
    assert history.restarts == 0


def test_the_back_off_starts_over_only_after_a_long_healthy_time() -> None:
    """One restart a day must not add up; one a minute must."""
    _, history = look_on([(0, "failed"), (10, "failed"), (25, "healthy")])
    assert history.restarts == 1
    assert look_on([(624, "healthy")], history)[1].restarts == 1
    assert look_on([(625, "healthy")], history)[1] == History()


def test_a_connector_that_fails_again_and_again_is_given_up() -> None:
    """Running for a moment between failures is not healthy."""
    states: list[Condition] = ["healthy", "failed", "failed"]
    times = [float(now) for now in range(0, 1200, 100)]
    done, _ = look_on(list(zip(times, itertools.cycle(states), strict=False)))
    assert [now for now, action in done if action == "restart"] == [200, 500, 800]
    assert [now for now, action in done if action == "give up"] == [1000, 1100]


def test_a_repaired_connector_has_a_new_history() -> None:
    """Its next failure is a new one, and must not be given up immediately."""
    gave_up = History(restarts=3, failed_at=70, has_given_up=True)
    _, history = look_on([(1000, "healthy")], gave_up)
    assert history == History()


def test_a_paused_connector_is_left_alone_and_not_forgotten() -> None:
    """Somebody is working on it; being paused does not mean it is healthy."""
    done, history = look_on([(0, "failed"), (10, "failed"), (20, "neither")])
    done, history = look_on([(5000, "neither"), (5001, "failed")], history)
    assert done == [(5001, "wait")]
    assert history.restarts == 1


def test_a_clock_that_was_set_back_makes_no_wait_longer() -> None:
    """Otherwise the next restart would come an hour later."""
    _, history = look_on([(5000, "failed"), (1400, "failed")])
    assert restart_at(history, SETTINGS) == 1410


@pytest.mark.parametrize("seed", range(200))
def test_restarts_are_always_few_and_far_between(seed: int) -> None:
    """A gap between the rules would restart a task at every check."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    history, now, done = History(), 0.0, list[float]()
    seen: Condition = "healthy"
    run = 0
    for _ in range(400):
        now += chance.choice([1, 5, 15, 15, 60, 300])
        seen = chance.choice(["healthy", "failed", "failed", "neither", seen, seen])
        action, after = decide(history, seen, now, SETTINGS)
        if action == "restart":
            assert seen == "failed"
            assert not done or now - done[-1] >= SETTINGS.first_delay_seconds
            done.append(now)
        run = 0 if after == History() else run + (action == "restart")
        assert run <= SETTINGS.max_restarts
        assert (action == "give up") == (
            seen == "failed" and history.restarts == SETTINGS.max_restarts
        )
        history = after


def status(state: str, *tasks: str) -> ConnectorStatus:
    """Return a connector in this state, with tasks in these."""
    return ConnectorStatus(
        "sink",
        state,
        "w",
        None,
        tuple(TaskStatus(n, state, "w", None) for n, state in enumerate(tasks)),
    )


@pytest.mark.parametrize(
    ("found", "seen"),
    [
        (status("RUNNING", "RUNNING", "RUNNING"), "healthy"),
        (status("RUNNING", "RUNNING", "FAILED"), "failed"),
        (status("FAILED"), "failed"),
        (status("RUNNING"), "neither"),
        (status("RUNNING", "UNASSIGNED"), "neither"),
        (status("RUNNING", "RESTARTING"), "neither"),
        (status("PAUSED", "PAUSED", "FAILED"), "neither"),
        (status("STOPPED"), "neither"),
    ],
)
def test_how_a_connector_is(found: ConnectorStatus, seen: Condition) -> None:
    """One failed task of two stops half of the flow."""
    assert condition(found) == seen
