"""Cursors that an earlier version stored in Dagster."""

from dagster_project.sensors import connector_restarter, drift
from dagster_project.sensors.evaluations import Reported
from goodsflow.clients.connect.restarts import History


def test_what_the_observer_reported_survives_an_update() -> None:
    """If a cursor cannot be read, every tick fails."""
    stored = '{"digests": {"a/b": "c"}, "complete_at": 5, "readings": {"x": {"at": 1}}}'
    assert Reported.from_stored(stored) == Reported({"a/b": "c"}, 5.0, {"x": {"at": 1}})
    # The first versions had no readings.
    stored = '{"digests": {}, "complete_at": 5.5}'
    assert Reported.from_stored(stored) == Reported({}, 5.5)


def test_repairs_and_restarts_survive_an_update() -> None:
    """Otherwise repairs and restarts would start over after an update."""
    reported = '"reported": {"digests": {}, "complete_at": 5.0, "readings": {}}'
    repair = '{"digest": "d", "attempt": 2, "asked_at": 7.5}'
    assert drift.Cursor.from_stored(
        f'{{"repairs": {{"topics": {repair}}}, {reported}}}'
    ) == drift.Cursor({"topics": drift.Repair("d", 2, 7.5)}, Reported({}, 5.0))
    history = (
        '{"restarts": 3, "failed_at": 9.0, "well_since": null, "has_given_up": true}'
    )
    assert connector_restarter.Cursor.from_stored(
        f'{{"histories": {{"hdfs-sink": {history}}}, {reported}}}'
    ) == connector_restarter.Cursor(
        {"hdfs-sink": History(3, 9.0, None, True)}, Reported({}, 5.0)
    )


def test_a_cursor_reads_what_it_wrote() -> None:
    """What is lost would be done or reported twice."""
    cursor = drift.Cursor({"topics": drift.Repair("d", 2, 7.5)}, Reported({"a": "b"}))
    assert drift.Cursor.from_stored(cursor.to_stored()) == cursor
    assert drift.Cursor.from_stored("") == drift.Cursor()
