"""What a stopwatch counts."""

from __future__ import annotations

import os

import pytest

from benchmarks.meter import Stopwatch


def test_start_up_does_not_count_with_many_records() -> None:
    """A JVM that takes seconds to start would look slow."""
    watch = Stopwatch({"here": [os.getpid()]}, 100_000)
    watch.note(0)
    watch.note(40_000)
    watch.note(100_000)
    figure = watch.figure()
    assert figure.records == 60_000
    assert figure.seconds > 0
    assert figure.cost("here") >= 0


def test_few_records_may_all_come_at_once() -> None:
    """As in a smoke run: they arrive in one batch, so no rate can be measured."""
    watch = Stopwatch({}, 1_000)
    watch.note(1_000)
    assert watch.figure().records == 1_000


def test_many_that_come_at_once_are_refused() -> None:
    """A rate over no time is no rate."""
    watch = Stopwatch({}, 100_000)
    watch.note(100_000)
    with pytest.raises(ValueError, match="all at once"):
        watch.figure()
