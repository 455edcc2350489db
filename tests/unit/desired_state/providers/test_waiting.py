"""Waiting for a condition."""

import pytest

from goodsflow.clients.kafka.errors import ClusterUnavailableError
from goodsflow.common.errors import GoodsflowError
from goodsflow.desired_state.providers.errors import NotReadyInTimeError
from goodsflow.desired_state.providers.waiting import wait_for


def test_the_answer_that_meets_the_condition_is_returned() -> None:
    """The caller reports what was true at the end, not what it asked for."""
    answers = iter([1, 2, 3])
    found = wait_for(
        lambda: next(answers),
        "three",
        timeout_seconds=5,
        unmet=lambda n: None if n == 3 else f"only {n}",
        interval_seconds=0,
    )
    assert found == 3


def test_the_last_reason_is_told_at_the_end() -> None:
    """'Timed out' alone sends somebody through all the logs."""
    with pytest.raises(NotReadyInTimeError, match="Waited 0 s for three: only 1"):
        wait_for(
            lambda: 1,
            "three",
            timeout_seconds=0,
            unmet=lambda n: f"only {n}",
            interval_seconds=0,
        )


def test_other_errors_end_the_wait() -> None:
    """A refusal is known at once; hiding it behind a time-out costs minutes."""

    def ask() -> None:
        raise GoodsflowError("refused")

    with pytest.raises(GoodsflowError, match="refused"):
        wait_for(
            ask,
            "it",
            timeout_seconds=60,
            retry_on=(ClusterUnavailableError,),
            interval_seconds=0,
        )
