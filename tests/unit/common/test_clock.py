"""How long ago something was."""

import pytest

from goodsflow.common.clock import elapsed


@pytest.mark.parametrize(
    ("since", "seconds"), [(100.0, 20.0), (120.0, 0.0), (120.5, None), (3720.0, None)]
)
def test_what_lies_ahead_of_the_clock_has_no_age(
    since: float, seconds: float | None
) -> None:
    """Whoever subtracts waits until a clock that was set back has caught up."""
    assert elapsed(since, 120.0) == seconds
