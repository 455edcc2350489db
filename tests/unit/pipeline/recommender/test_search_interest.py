"""The users' interest, and how it decays."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goodsflow.clients.hdfs import TopicFile
from goodsflow.pipeline.recommender import run
from goodsflow.pipeline.recommender.run import follow_interest
from goodsflow.pipeline.recommender.search_interest import (
    Interest,
    Search,
    SearchWeight,
    interest_by_window,
    window_times,
)
from goodsflow.pipeline.recommender.settings import RecommenderSettings
from goodsflow.pipeline.recommender.windows import Window

CLOCK, SHOE = Search("clock", ""), Search("", "shoe")


def test_a_search_counts_half_after_each_half_life() -> None:
    """Otherwise, old trends would be recommended forever."""
    interest = Interest(100.0, {CLOCK: 4.0})
    assert interest.decayed(110.0, 10.0) == Interest(110.0, {CLOCK: 2.0})
    assert interest.decayed(130.0, 10.0).weights == {CLOCK: 0.5}


def test_time_does_not_run_backwards() -> None:
    """A clock that was set back would make old searches stronger."""
    interest = Interest(100.0, {CLOCK: 4.0})
    assert interest.decayed(50.0, 10.0) is interest
    assert window_times([120.0, 90.0, 130.0], interest, 1e9) == (120.0, 120.0, 130.0)
    assert window_times([20.0], interest, 1e9) == (100.0,)


def test_a_file_from_the_future_does_not_end_interest() -> None:
    """Otherwise, all searches before that time would have decayed."""
    assert window_times([90.0, 1e9, 95.0], Interest(), 100.0) == (90.0, 100.0, 100.0)
    ahead = (datetime.now(tz=UTC) + timedelta(days=900)).replace(microsecond=0)
    file = TopicFile("t", 0, 0, 9, "/t/0", 1, ahead)
    known = Interest(ahead.timestamp(), {CLOCK: 4.0})
    no_spark: Any = None
    (seen,), kept = follow_interest(
        no_spark,
        RecommenderSettings(),
        known,
        [Window(0, (file,))],
        files=(),
        root="",
    )
    assert seen.weights == {CLOCK: 4.0}
    assert kept.at <= time.time()


def test_a_search_from_the_future_counts_as_of_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its weight years before would exceed the range of Spark's decimals."""
    read: list[TopicFile] = []

    def read_lines(_: object, windows: Sequence[Window], root: str) -> None:
        read.extend(file for window in windows for file in window.files)

    counted: Any = SimpleNamespace(collect=list)
    monkeypatch.setattr(run, "read_lines", read_lines)
    monkeypatch.setattr(run.scoring, "count_searches", lambda *_: counted)
    now = datetime.now(tz=UTC)
    before, ahead = now - timedelta(days=1), now + timedelta(days=900)
    files = [TopicFile("e", 0, n, n, f"/e/{n}", 1, [before, ahead][n]) for n in (0, 1)]
    no_spark: Any = None
    follow_interest(
        no_spark,
        RecommenderSettings(),
        Interest(),
        [Window(0, (files[0],))],
        files=files,
        root="",
    )
    assert read[0] == files[0]
    assert now <= read[1].modified_at < ahead


def test_decay_does_not_overflow() -> None:
    """The age in half-lives may exceed the range of a float's exponent."""
    assert Interest(0.0, {CLOCK: 1.0}).decayed(1.8e9, 60.0).weights[CLOCK] < 1e-300


def test_each_window_counts_the_searches_before_it() -> None:
    """Otherwise, searches of later days would count, too."""
    asked = [
        SearchWeight(CLOCK, 0, 1.0),
        SearchWeight(SHOE, 1, 1.0),
        SearchWeight(CLOCK, 2, 8.0),
    ]
    windows, kept = interest_by_window(Interest(), asked, [100.0, 110.0], 10.0)
    assert [one.weights for one in windows] == [{CLOCK: 1.0}, {CLOCK: 0.5, SHOE: 1.0}]
    assert kept == Interest(110.0, {CLOCK: 8.5, SHOE: 1.0})


def test_searches_of_equal_weight_have_a_fixed_order() -> None:
    """Otherwise, the same input could yield different recommendations."""
    interest = Interest(0.0, {SHOE: 1.0, CLOCK: 1.0, Search("a", "b"): 2.0})
    assert [search for search, _ in interest.strongest(2)] == [Search("a", "b"), SHOE]


def test_negligible_searches_are_not_saved() -> None:
    """Otherwise, the state would grow with every search."""
    interest = Interest(5.0, {CLOCK: 1.5, SHOE: 0.0001})
    assert Interest.from_dict(interest.to_dict()) == Interest(5.0, {CLOCK: 1.5})


@given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0.01, 100)), max_size=20),
    st.floats(0, 1e4),
)
def test_two_runs_give_the_same_interest_as_one(
    asked: list[tuple[int, float]], later: float
) -> None:
    """Recommendations must not depend on how often the recommender runs."""
    half_life = 1000.0
    times = [1e4, 1e4 + later]
    requests = [SearchWeight(CLOCK, window, weight) for window, weight in asked]
    whole, end = interest_by_window(Interest(), requests, times, half_life)
    first = [one for one in requests if one.window == 0]
    second = [SearchWeight(o.search, 0, o.weight) for o in requests if o.window == 1]
    _, between = interest_by_window(Interest(), first, times[:1], half_life)
    apart, end_apart = interest_by_window(between, second, times[1:], half_life)
    assert apart[0].weights == pytest.approx(whole[1].weights)
    assert end_apart.weights == pytest.approx(end.weights)
