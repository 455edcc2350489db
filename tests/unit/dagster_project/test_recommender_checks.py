"""What the checks on the recommender and its files say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dagster_project.checks.recommender import (
    check_contiguity,
    check_known,
    check_lag,
)
from goodsflow.clients.hdfs import TopicFile
from goodsflow.pipeline.recommender.backlog import Backlog
from goodsflow.pipeline.recommender.gaps import Gap, GapReport, MissingCard
from goodsflow.pipeline.recommender.product_lookup import ProductLookup

START = datetime(2026, 1, 20, tzinfo=UTC)
GAP = Gap(0, 5, 7, "/a", "/b")


def waiting(count: int) -> Backlog:
    """Return files that were written a minute after each other."""
    files = tuple(
        TopicFile("t", 0, n, n, f"/{n}", 1, START + timedelta(minutes=n))
        for n in range(count)
    )
    return Backlog(files, count // 2, 2, {}, {})


def test_a_window_that_waits_for_long_is_a_warning() -> None:
    """A sensor that is off would be noticed by the users."""
    now = (START + timedelta(minutes=7)).timestamp()
    soon, late = check_lag(waiting(4), now, 400), check_lag(waiting(4), now, 300)
    assert soon.passed
    assert not late.passed
    assert "has waited for 360 s" in late.description
    assert "recommendations_sensor" in late.description
    assert late.metadata["files waiting"] == 4
    assert late.metadata["seconds of the oldest"] == 420.0


def test_files_that_make_no_window_may_wait_for_ever() -> None:
    """A shop that is closed for the night would raise an alarm."""
    found = check_lag(waiting(1), START.timestamp() + 1e6, 300)
    assert found.passed
    assert "complete" not in found.description


def test_a_card_that_is_in_no_file_fails_the_check_and_is_named() -> None:
    """Nobody searches for a card without knowing that it is lost."""
    lost = check_contiguity(GapReport(9, [GAP], [MissingCard(0, 6, GAP)]))
    assert not lost.passed
    assert "offset 6 of partition 0" in lost.description
    fine = check_contiguity(GapReport(9, [GAP], []))
    assert fine.passed
    assert fine.metadata == {"gaps": 9, "gaps looked up": 1, "missing cards": 0}


def test_a_product_in_no_file_fails_and_one_not_looked_up_passes() -> None:
    """An error for each product of last month would hide the one that is wrong."""
    unknown = check_known(ProductLookup(3, 9, ["x"], ()))
    assert not unknown.passed
    assert "no file has a card for them: x." in unknown.description
    undecided = check_known(ProductLookup(3, 40, (), ["old"]))
    assert undecided.passed
    assert undecided.description == (
        "3 newly recommended products: 1 not in the newest 40 files. Older files were "
        "not read."
    )
