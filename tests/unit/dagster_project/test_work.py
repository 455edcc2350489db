"""Whether services go on, judged by two looks."""

from dataclasses import replace

from dagster_project.checks.work import (
    Reading,
    from_stored,
    judge_dead_letters,
    judge_progress,
    to_stored,
)

BEFORE = Reading(at=100.0, done=1000, bad=10, lag=5, position=1000)


def test_a_filter_that_stands_while_more_waits_is_stuck() -> None:
    """Its process is up and its health may be fine: only the offsets tell."""
    stands = replace(BEFORE, at=160.0, lag=9)
    found = judge_progress("blocking", stands, BEFORE)
    assert not found.passed
    assert "done nothing for 60 s, while 9 records wait" in found.text
    assert judge_progress("blocking", replace(stands, position=1001), BEFORE).passed


def test_a_lag_that_stays_is_no_alarm() -> None:
    """A transaction's marker behind the last record is no record."""
    assert judge_progress("blocking", replace(BEFORE, at=160.0), BEFORE).passed


def test_a_first_look_and_a_hasty_one_judge_nothing() -> None:
    """A transaction may take a while."""
    assert judge_progress("blocking", BEFORE, None).passed
    hasty = replace(BEFORE, at=105.0, lag=9)
    assert judge_progress("blocking", hasty, BEFORE).passed


def test_the_rate_is_told_after_a_restart_too() -> None:
    """Counts begin at 0 then: the difference would be far below it."""
    now = replace(BEFORE, at=160.0, done=1600, position=1600)
    facts = judge_progress("blocking", now, BEFORE).facts
    assert facts["records per second"] == 10.0
    facts = judge_progress("blocking", replace(now, done=120), BEFORE).facts
    assert facts["records per second"] == 2.0


def test_a_card_that_was_not_delivered_fails_the_shop() -> None:
    """Its log has a line; nobody reads it."""
    now = replace(BEFORE, at=160.0, bad=12)
    found = judge_progress("shop_api", now, BEFORE)
    assert not found.passed
    assert found.text == "2 cards were not delivered within 60 s."
    assert judge_progress("blocking", now, BEFORE).passed


def test_many_dead_letters_are_a_warning() -> None:
    """One in twenty is more than a slip of a single shop."""
    now = replace(BEFORE, at=160.0, done=1100, bad=16)
    found = judge_dead_letters(now, BEFORE)
    assert not found.passed
    assert found.text.startswith("6 of the last 100 records are dead letters.")
    assert judge_dead_letters(replace(now, bad=15), BEFORE).passed
    assert judge_dead_letters(replace(now, done=1019), BEFORE).passed


def test_readings_are_stored_whole() -> None:
    """The cursor is all that the next tick knows."""
    assert from_stored(to_stored({"blocking": BEFORE})) == {"blocking": BEFORE}
