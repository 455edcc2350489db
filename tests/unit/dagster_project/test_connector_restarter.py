"""What is done about a failed connector, and what is reported."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg
import pytest

from dagster_project.checks.connectors import RESTART_CHECKS, connector_checks
from dagster_project.definitions import build_definitions
from dagster_project.resources import PlatformResource
from dagster_project.sensors.connector_restarter import (
    Cursor,
    attend_to_all,
    build_connector_restarter,
    tick,
)
from dagster_project.sensors.evaluations import Reported
from goodsflow.clients.connect import (
    ConnectError,
    ConnectorStatus,
    ConnectRebalancingError,
    ConnectUnavailableError,
    TaskStatus,
)
from goodsflow.clients.connect.restarts import History, RestartSettings
from tests.unit.dagster_project.instances import add_bootstrap

SENSOR = build_connector_restarter(dg.DefaultSensorStatus.STOPPED)

TRACE = "\n".join(
    ["boom", *(f"\tat line {n}" for n in range(40)), "Caused by: disk", "\tat last"]
)
SETTINGS = RestartSettings(first_delay_seconds=10, factor=2, max_restarts=2)


class FakeConnect:
    """The resource and the client; tasks of ``failed`` have failed."""

    def __init__(
        self, *failed: str, fault: ConnectError | None = None, refuses: bool = False
    ) -> None:
        """Fail every question with ``fault``; refuse restarts."""
        self.failed, self.fault, self.refuses = set(failed), fault, refuses
        self.is_late = False
        self.asked: list[str] = []
        self.restarted: list[str] = []

    @contextmanager
    def watching_client(self) -> Iterator["FakeConnect"]:
        """Be the client."""
        yield self

    def status(self, connector: str) -> ConnectorStatus:
        """Answer, or fail."""
        self.asked.append(connector)
        if self.fault:
            raise self.fault
        failed = connector in self.failed
        task = TaskStatus(
            0, "FAILED" if failed else "RUNNING", "w", TRACE if failed else None
        )
        return ConnectorStatus(connector, "RUNNING", "w", None, (task,))

    def restart_failed(self, connector: str) -> None:
        """Remember it, or refuse."""
        if self.refuses:
            raise ConnectRebalancingError("the workers share out their tasks")
        self.restarted.append(connector)
        if self.is_late:
            raise ConnectUnavailableError("no answer in time")


def evaluations_of(result: dg.SensorResult) -> dict[str, dg.AssetCheckEvaluation]:
    """Return the evaluations of a tick by asset."""
    reported = [
        e for e in result.asset_events if isinstance(e, dg.AssetCheckEvaluation)
    ]
    return {e.asset_key.to_user_string(): e for e in reported}


def run_tick(
    connect: FakeConnect, cursor: str | None, now: float
) -> tuple[dg.SensorResult, dict[str, dg.AssetCheckEvaluation]]:
    """Tick once; return the result and its evaluations by asset."""
    result = tick(PlatformResource(), connect, cursor, now)  # type: ignore[arg-type]
    return result, evaluations_of(result)


def ticks(
    connect: FakeConnect, times: Sequence[float]
) -> list[dict[str, dg.AssetCheckEvaluation]]:
    """Tick at these times, each with the cursor of the one before."""
    cursor, reported = None, []
    for now in times:
        result, found = run_tick(connect, cursor, now)
        cursor = result.cursor
        reported.append(found)
    return reported


def test_connectors_that_run_pass_and_are_left_alone() -> None:
    """A restart of what runs stops the flow for nothing."""
    connect = FakeConnect()
    resources: dict[str, Any] = {"platform": PlatformResource(), "connect": connect}
    with dg.DagsterInstance.ephemeral() as instance:
        add_bootstrap(instance)
        context = dg.build_sensor_context(instance=instance, resources=resources)
        result = SENSOR(context)
    assert isinstance(result, dg.SensorResult)
    reported = evaluations_of(result)
    assert reported.keys() == {"mm2_source", "hdfs_sink"}
    assert all(e.passed for e in reported.values())
    assert not connect.restarted
    assert "hdfs_sink: Nothing to restart: connector 'hdfs-sink' RUNNING" in str(
        result.skip_reason
    )


def test_the_limit_is_reached_over_many_ticks_and_the_check_fails_with_the_trace() -> (
    None
):
    """Counted in memory, restarts would start from 0 at each tick."""
    connect = FakeConnect("hdfs-sink")
    reported = ticks(connect, [1000.0 + 15 * n for n in range(60)])
    assert connect.restarted == ["hdfs-sink"] * 6
    changes = [found["hdfs_sink"] for found in reported if "hdfs_sink" in found]
    assert all(e.passed for e in changes[:-3])
    assert {e.severity for e in changes[:12]} == {dg.AssetCheckSeverity.WARN}
    last = changes[-1]
    assert not last.passed
    assert last.severity == dg.AssetCheckSeverity.ERROR
    text = str(last.description)
    assert text.startswith("Gave up after 6 restarts: connector 'hdfs-sink' RUNNING")
    assert "`goodsflow connector restart hdfs-sink`" in text
    assert "at line 18" in text
    assert "at line 20" not in text
    assert text.endswith("Caused by: disk")


def test_a_connector_that_comes_back_passes_again() -> None:
    """After a repair nobody should have to reset the check."""
    connect = FakeConnect("hdfs-sink")
    cursor = Cursor({"hdfs-sink": History(6, 900.0, None, True)}).to_stored()
    result, reported = run_tick(connect, cursor, 1000.0)
    assert not reported["hdfs_sink"].passed
    connect.failed.clear()
    result, reported = run_tick(connect, result.cursor, 1015.0)
    assert reported["hdfs_sink"].passed
    assert Cursor.from_stored(result.cursor).histories["hdfs-sink"] == History()


def test_what_has_not_changed_is_not_reported_again() -> None:
    """Each event is kept for ever, and a tick comes four times a minute."""
    reported = ticks(FakeConnect(), [1000.0 + 15 * n for n in range(21)])
    assert [bool(found) for found in reported] == [True, *[False] * 19, True]


def test_a_restart_that_was_refused_does_not_count() -> None:
    """While the workers rebalance, all tries would be gone without one made."""
    connect = FakeConnect("a", refuses=True)
    histories = {"a": History(failed_at=0.0)}
    results, after = attend_to_all(connect, ["a"], histories, 60.0, SETTINGS)  # type: ignore[arg-type]
    assert after == histories
    assert "share out their tasks" in results[0].description
    connect.refuses = False
    results, after = attend_to_all(connect, ["a"], after, 75.0, SETTINGS)  # type: ignore[arg-type]
    assert connect.restarted == ["a"]
    assert after["a"].restarts == 1


def test_a_restart_whose_answer_is_late_counts() -> None:
    """The worker makes it all the same: each tick would restart once more, for ever."""
    connect = FakeConnect("a")
    connect.is_late = True
    histories = {"a": History(failed_at=0.0)}
    results, after = attend_to_all(connect, ["a", "b"], histories, 60.0, SETTINGS)  # type: ignore[arg-type]
    assert not any(result.passed for result in results)
    assert "no answer in time" in results[0].description
    assert after["a"] == History(restarts=1, failed_at=60.0)
    assert connect.asked == ["a"]
    _, after = attend_to_all(connect, ["a"], after, 75.0, SETTINGS)  # type: ignore[arg-type]
    assert connect.restarted == ["a"]


def test_a_silent_worker_is_asked_once_and_no_history_is_lost() -> None:
    """A tick that waits for each connector is ended by Dagster, and remembers none."""
    connect = FakeConnect(fault=ConnectUnavailableError("no answer"))
    cursor = Cursor({"hdfs-sink": History(restarts=2)}).to_stored()
    result, reported = run_tick(connect, cursor, 1000.0)
    assert len(connect.asked) == 1
    assert not any(e.passed for e in reported.values())
    assert all("no answer" in str(e.description) for e in reported.values())
    assert Cursor.from_stored(result.cursor).histories["hdfs-sink"].restarts == 2


def test_one_connector_that_cannot_be_read_does_not_hide_the_others() -> None:
    """One that was deleted by hand would keep the rest from being restarted."""
    connect = FakeConnect("b")
    ask = connect.status

    def status(name: str) -> ConnectorStatus:
        if name == "a":
            raise ConnectError("unknown connector")
        return ask(name)

    connect.status = status  # type: ignore[method-assign]
    histories = {"b": History(failed_at=0.0)}
    attend_to_all(connect, ["a", "b"], histories, 60.0, SETTINGS)  # type: ignore[arg-type]
    assert connect.restarted == ["b"]


def test_the_cursor_survives_a_restart() -> None:
    """A cursor that cannot be read back fails every tick from then on."""
    remembered = Cursor(
        {"a": History(2, 5.0, None, False)}, Reported({"a/b": "c"}, 5.0)
    )
    assert Cursor.from_stored(remembered.to_stored()) == remembered
    assert Cursor.from_stored(None) == Cursor({}, Reported({}, 0.0))


@pytest.mark.parametrize("failed", [(), ("hdfs-sink",)])
def test_the_check_run_by_hand_calls_no_failure_a_lesser_one(
    failed: tuple[str, ...],
) -> None:
    """It knows no restarts: as a mere warning it would cover that all were in vain."""
    overrides = {"platform": PlatformResource(), "connect": FakeConnect(*failed)}
    definitions = build_definitions(resource_overrides=overrides)
    keys = {dg.AssetCheckKey(dg.AssetKey(a), name) for a, name in RESTART_CHECKS}
    assert keys <= set(connector_checks.check_keys)
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_implicit_global_asset_job_def()
        result = job.get_subset(
            asset_selection=set(), asset_check_selection=keys
        ).execute_in_process(instance=instance)
    found = {
        e.asset_key.to_user_string(): e for e in result.get_asset_check_evaluations()
    }
    assert found["mm2_source"].passed
    assert found["hdfs_sink"].passed == (not failed)
    if failed:
        assert found["hdfs_sink"].severity == dg.AssetCheckSeverity.ERROR
        assert "connector_restarter" in str(found["hdfs_sink"].description)
