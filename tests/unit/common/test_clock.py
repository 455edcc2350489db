"""The time that has passed."""

import pytest

from goodsflow.common.clock import elapsed


@pytest.mark.parametrize(
    ("since", "seconds"), [(100.0, 20.0), (120.0, 0.0), (120.5, None), (3720.0, None)]
)
def test_a_time_in_the_future_has_no_age(since: float, seconds: float | None) -> None:
    """A plain subtraction would wait until the clock has caught up."""
    assert elapsed(since, 120.0) == seconds
