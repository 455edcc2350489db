"""Waiting for a condition, by a clock that only the waits move."""

from collections.abc import Callable, Sequence
from threading import Event
from typing import Any

import pytest

from goodsflow.common.errors import GoodsflowError
from goodsflow.common.waiting import Deadline, Stopped, wait_for


class Clock:
    """Moves by the pauses alone, and keeps them."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.now += seconds
        self.pauses.append(seconds)


class LateError(GoodsflowError):
    """The time is over."""


class NotYetError(GoodsflowError):
    """An answer that may change."""


def late(seconds: float, reason: str) -> LateError:
    """Make the error for a wait that timed out."""
    return LateError(f"waited {seconds:g} s: {reason}")


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="wait")
def _wait(clock: Clock) -> Callable[..., Any]:
    def wait(answers: Sequence[object], **options: Any) -> Any:
        left = list(answers)

        def ask() -> object:
            answer = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        timing = {"timeout_seconds": 5, "clock": clock, "sleep": clock.sleep}
        return wait_for(ask, late, **timing | options)

    return wait


def too_few(number: int) -> str | None:
    """Say why an answer is not three."""
    return None if number == 3 else f"only {number}"


def test_the_answer_that_meets_the_condition_is_returned(
    wait: Callable[..., Any], clock: Clock
) -> None:
    """The caller reports what was true at the end, not what it asked for."""
    assert wait([1, 2, 3], unmet=too_few, interval_seconds=0.7) == 3
    assert clock.pauses == [0.7, 0.7]


def test_an_immediate_answer_costs_no_pause(
    wait: Callable[..., Any], clock: Clock
) -> None:
    """Most conditions hold already."""
    assert wait([3], unmet=too_few, timeout_seconds=0) == 3
    assert clock.pauses == []


def test_the_last_reason_is_told_at_the_end(
    wait: Callable[..., Any], clock: Clock
) -> None:
    """Without it the operator would search through all logs."""
    with pytest.raises(LateError, match=r"^waited 5 s: only 2$") as caught:
        wait([1, 2], unmet=too_few, interval_seconds=2)
    assert caught.value.__cause__ is None
    # It asks once more when the time is over, and pauses no longer than that.
    assert clock.pauses == [2, 2, 1]


def test_without_time_it_asks_once(wait: Callable[..., Any], clock: Clock) -> None:
    """Without a time limit, the lock is still tried once."""
    told: list[str] = []
    with pytest.raises(LateError, match="only 1"):
        wait([1], unmet=too_few, timeout_seconds=0, on_wait=told.append)
    assert (clock.pauses, told) == ([], [])


def test_errors_that_mean_not_yet_are_reasons_and_causes(
    wait: Callable[..., Any],
) -> None:
    """A starting service refuses connections for a while."""
    refusal = NotYetError("it starts")
    assert wait([refusal, 3], retry_on=(NotYetError,)) == 3
    with pytest.raises(LateError, match="it starts") as caught:
        wait([refusal], retry_on=(NotYetError,))
    assert caught.value.__cause__ is refusal


def test_other_errors_end_the_wait(wait: Callable[..., Any], clock: Clock) -> None:
    """A refusal is known immediately; a timeout would hide it for minutes."""
    with pytest.raises(GoodsflowError, match="refused"):
        wait([GoodsflowError("refused")], retry_on=(NotYetError,))
    assert clock.pauses == []


def test_the_reason_is_told_before_each_pause(wait: Callable[..., Any]) -> None:
    """The user sees what the wait is for."""
    told: list[str] = []
    wait([1, 2, 3], unmet=too_few, on_wait=told.append)
    assert told == ["only 1", "only 2"]


def test_a_wait_that_is_called_off_ends_at_once(wait: Callable[..., Any]) -> None:
    """Ctrl-C should not last as long as the slowest part."""
    stop = Event()
    stop.set()
    with pytest.raises(Stopped):
        wait([1], unmet=too_few, stop=stop)
    # What is asked for is so: nothing is left to call off.
    assert wait([3], unmet=too_few, stop=stop) == 3


def test_a_deadline_without_end_is_never_over(clock: Clock) -> None:
    """Some waits have no time limit."""
    deadline = Deadline(float("inf"), clock=clock, sleep=clock.sleep)
    clock.now += 1e9
    deadline.pause()
    assert not deadline.is_over
    assert clock.pauses == [0.5]


def test_the_time_that_remains_is_never_negative(clock: Clock) -> None:
    """Clients reject a negative timeout."""
    deadline = Deadline(10, interval_seconds=4, clock=clock, sleep=clock.sleep)
    for remaining in (10, 6, 2, 0):
        assert deadline.remaining == remaining
        assert deadline.is_over == (not remaining)
        deadline.pause()
    clock.now += 60
    assert deadline.remaining == 0
