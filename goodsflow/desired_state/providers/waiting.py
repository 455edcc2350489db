"""Waiting for a condition, with a deadline and the last reason why it was not met."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from goodsflow.common.errors import GoodsflowError
from goodsflow.desired_state.providers.errors import NotReadyInTimeError

T = TypeVar("T")


def wait_for(
    ask: Callable[[], T],
    what: str,
    *,
    timeout_seconds: float,
    retry_on: tuple[type[GoodsflowError], ...] = (),
    unmet: Callable[[T], str | None] = lambda _: None,
    interval_seconds: float = 0.5,
) -> T:
    """Ask again and again until the answer meets the condition, and return it.

    Args:
        ask: The question. Any error beside ``retry_on`` ends the wait.
        what: For the message: "the schema registry to be ready".
        timeout_seconds: When to give up.
        retry_on: Errors that mean "not yet".
        unmet: Why an answer does not meet the condition; None where it does.
        interval_seconds: Between two questions.

    Raises:
        NotReadyInTimeError: With the last reason.
    """
    deadline = time.monotonic() + timeout_seconds
    cause: GoodsflowError | None = None
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
        if time.monotonic() >= deadline:
            raise NotReadyInTimeError(
                f"Waited {timeout_seconds:.0f} s for {what}: {reason}"
            ) from cause
        time.sleep(interval_seconds)
