"""Repeat a request until a condition holds or the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 - not an error: the stop was requested
    """The wait was cancelled."""


class Deadline:
    """The end of a wait, and the pauses until then.

    Args:
        seconds: From now until the end; may be infinite.
        interval_seconds: How long a pause is; the last one ends with the time.
        stop: Ends the wait when it is set.
        clock: Returns the time in seconds.
        sleep: Pauses if there is no ``stop``.
    """

    def __init__(
        self,
        seconds: float,
        *,
        interval_seconds: float = 0.5,
        stop: Event | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._stop = stop
        self._interval_seconds = interval_seconds
        self._end = clock() + seconds

    @property
    def remaining(self) -> float:
        """The seconds until the end; 0 when the time is over."""
        return max(0.0, self._end - self._clock())

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return self.remaining <= 0

    def pause(self) -> None:
        """Wait for one interval, but not beyond the end.

        Raises:
            Stopped: The wait was cancelled.
        """
        seconds = min(self._interval_seconds, self.remaining)
        if self._stop is None:
            self._sleep(seconds)
        elif self._stop.wait(seconds):
            raise Stopped


def wait_for(
    ask: Callable[[], T],
    late: Callable[[float, str], Exception],
    *,
    timeout_seconds: float,
    interval_seconds: float = 0.5,
    retry_on: tuple[type[Exception], ...] = (),
    unmet: Callable[[T], str | None] = lambda _: None,
    on_wait: Callable[[str], None] = lambda _: None,
    stop: Event | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> T:
    """Ask again and again until the answer meets the condition, and return it.

    Args:
        ask: The question. Any error not in ``retry_on`` ends the wait.
        late: Makes the error that is raised when the time is over, from
            ``timeout_seconds`` and the last reason.
        timeout_seconds: When to give up.
        interval_seconds: The pause between two questions.
        retry_on: Errors that mean "not yet"; their text is the reason.
        unmet: Why an answer does not meet the condition; None if it does.
        on_wait: Gets the reason before each pause.
        stop: Ends the wait when it is set.
        clock: Returns the time in seconds.
        sleep: Pauses if there is no ``stop``.

    Raises:
        Exception: What ``late`` made, or ``ask`` raised.
        Stopped: ``stop`` was set.
    """
    deadline = Deadline(
        timeout_seconds,
        interval_seconds=interval_seconds,
        stop=stop,
        clock=clock,
        sleep=sleep,
    )
    cause: Exception | None
    while True:
        try:
            answer = ask()
        except retry_on as error:
            cause, reason = error, str(error)
        else:
            cause, found = None, unmet(answer)
            if found is None:
                return answer
            reason = found
        if deadline.is_over:
            raise late(timeout_seconds, reason) from cause
        on_wait(reason)
        deadline.pause()
