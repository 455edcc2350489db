"""Whether services make progress between two readings."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from dagster_project.checks.progress import (
    Reading,
    Readings,
    check_dead_letters,
    check_progress,
    evaluate_progress,
    evaluate_sink_progress,
    from_stored,
    to_stored,
)

BEFORE = Reading(at=100.0, done=1000, bad=10, lag=5, position=1000)


def test_a_filter_that_stands_while_more_waits_is_stuck() -> None:
    """Its process is up and its health may be fine: only the offsets tell."""
    stalled = replace(BEFORE, at=160.0, lag=9)
    found = check_progress("blocking", stalled, BEFORE)
    assert not found.passed
    assert "No progress for 60 s with 9 records waiting" in found.description
    assert check_progress("blocking", replace(stalled, position=1001), BEFORE).passed


def test_a_lag_that_stays_is_no_alarm() -> None:
    """A transaction's marker behind the last record is no record."""
    assert check_progress("blocking", replace(BEFORE, at=160.0), BEFORE).passed


def test_a_first_reading_and_one_too_soon_after_it_pass() -> None:
    """A transaction may take a while."""
    assert check_progress("blocking", BEFORE, None).passed
    early = replace(BEFORE, at=105.0, lag=9)
    assert check_progress("blocking", early, BEFORE).passed


def test_a_clock_that_was_set_back_starts_the_comparison_over() -> None:
    """Until it has caught up, a stalled filter would pass."""
    lag = SimpleNamespace(total=9, offsets={("goods", 0): 1000})
    offsets = SimpleNamespace(group_lag=lambda *_: lag)
    services: Any = SimpleNamespace(counts=lambda _: {})
    kafka: Any = SimpleNamespace(offsets=lambda _: offsets)
    readings: Readings = {}
    before = {"blocking": replace(BEFORE, at=5000.0)}

    evaluate_progress(services, kafka, 1000.0, before, readings)
    blocking, _, _ = evaluate_progress(services, kafka, 1060.0, readings, readings)

    assert readings["blocking"].at == 1060.0
    assert blocking.passed
    lag.total = 10
    blocking, _, _ = evaluate_progress(services, kafka, 1120.0, readings, readings)
    assert not blocking.passed


def test_a_sink_that_waits_for_hdfs_is_stuck() -> None:
    """Its tasks run, and no file is there: no other check would say so."""
    at = ("source.goods-filtered", 0)
    lag = SimpleNamespace(total=1, offsets={at: 1000}, lag={at: 1})
    offsets = SimpleNamespace(group_lag=lambda *_: lag)
    kafka: Any = SimpleNamespace(offsets=lambda _: offsets)
    readings: Readings = {}
    (first,) = evaluate_sink_progress(kafka, 1000.0, {}, readings)
    # A marker waited, and these may have come just now.
    lag.total = 9
    (burst,) = evaluate_sink_progress(kafka, 1060.0, readings, readings)
    lag.total = 10
    (stalled,) = evaluate_sink_progress(kafka, 1120.0, readings, readings)
    lag.total = 11
    (down_over_night,) = evaluate_sink_progress(kafka, 50_000.0, dict(readings), {})
    lag.offsets = {at: 1001}
    (resumed,) = evaluate_sink_progress(kafka, 1180.0, readings, readings)
    passed = [each.passed for each in (first, burst, stalled, down_over_night, resumed)]
    assert passed == [True, True, False, True, True]
    assert "goodsflow logs kafka-connect" in stalled.description


def test_the_rate_is_told_after_a_restart_too() -> None:
    """Counts begin at 0 then: the difference would be far below it."""
    now = replace(BEFORE, at=160.0, done=1600, position=1600)
    facts = check_progress("blocking", now, BEFORE).metadata
    assert facts["records per second"] == 10.0
    facts = check_progress("blocking", replace(now, done=120), BEFORE).metadata
    assert facts["records per second"] == 2.0


def test_a_card_that_was_not_delivered_fails_the_shop() -> None:
    """Its log has a line; nobody reads it."""
    now = replace(BEFORE, at=160.0, bad=12)
    found = check_progress("shop_api", now, BEFORE)
    assert not found.passed
    assert found.description == "2 cards not delivered within 60 s."
    assert check_progress("blocking", now, BEFORE).passed


def test_many_dead_letters_are_a_warning() -> None:
    """One in twenty is more than a slip of a single shop."""
    now = replace(BEFORE, at=160.0, done=1100, bad=16)
    found = check_dead_letters(now, BEFORE)
    assert not found.passed
    assert found.description.startswith("6 of the last 100 records are dead letters.")
    assert check_dead_letters(replace(now, bad=15), BEFORE).passed
    assert check_dead_letters(replace(now, done=1019), BEFORE).passed


def test_readings_are_stored_whole() -> None:
    """The cursor is all that the next tick knows."""
    assert from_stored(to_stored({"blocking": BEFORE})) == {"blocking": BEFORE}
