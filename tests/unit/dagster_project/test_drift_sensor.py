"""The drift sensor: what it decides, and what it does with the plans."""

from __future__ import annotations

from typing import Any

import dagster as dg

from dagster_project.assets.declared import ASSET_OF
from dagster_project.sensors.drift import (
    FIRST_RETRY_SECONDS,
    Repair,
    build_drift_sensor,
    decide_repairs,
)
from goodsflow.clients.kafka.errors import ClusterUnavailableError
from goodsflow.common.errors import GoodsflowError
from goodsflow.desired_state.planning import Change, Plan, Target
from goodsflow.desired_state.providers.reconciler import PlanResults
from tests.unit.dagster_project.instances import add_bootstrap

SENSOR = build_drift_sensor(dg.DefaultSensorStatus.STOPPED)

TOPICS, ACLS = Target("topics", "inbound"), Target("acls", "inbound")
SAFE = Change(TOPICS, "create", "goods")
COSTLY = Change(ACLS, "delete", "x may read topic 'y'", permission="delete-acls")


class FakeDesiredState:
    """The resource and its reconciler in one."""

    def __init__(self, planned: PlanResults | GoodsflowError) -> None:
        """Answer so."""
        self.answer = planned

    def watching_reconciler(self) -> FakeDesiredState:
        """Fail, or be the reconciler."""
        if isinstance(self.answer, GoodsflowError):
            raise self.answer
        return self

    def __enter__(self) -> FakeDesiredState:
        """Be itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing."""

    def targets(self) -> tuple[Target, ...]:
        """Name all."""
        return tuple(ASSET_OF)

    def plan_all(self, targets: Any) -> PlanResults:  # noqa: ARG002
        """Answer."""
        assert isinstance(self.answer, PlanResults)
        return self.answer


def planned(*changes: Change, **failures: GoodsflowError) -> PlanResults:
    """Return what was found: these changes, and nothing of those that failed."""
    failed = {t: e for t in ASSET_OF for k, e in failures.items() if str(t).endswith(k)}
    plans = {
        target: Plan(tuple(c for c in changes if c.target == target))
        for target in ASSET_OF
        if target not in failed
    }
    return PlanResults(plans, failed)


def tick(
    found: PlanResults | GoodsflowError,
    cursor: str | None = None,
    instance: dg.DagsterInstance | None = None,
) -> dg.SensorResult:
    """Run the sensor's shell once."""
    with instance or dg.DagsterInstance.ephemeral() as used:
        add_bootstrap(used)
        context = dg.build_sensor_context(
            instance=used,
            cursor=cursor,
            resources={"desired_state": FakeDesiredState(found)},
        )
        result = SENSOR(context)
    assert isinstance(result, dg.SensorResult)
    return result


def evaluations(result: dg.SensorResult) -> dict[str, dg.AssetCheckEvaluation]:
    """Return the evaluations by asset."""
    return {
        event.asset_key.to_user_string(): event
        for event in result.asset_events
        if isinstance(event, dg.AssetCheckEvaluation)
    }


def test_a_safe_drift_fails_its_check_and_is_repaired() -> None:
    """A check alone would leave the repair to next week."""
    result = tick(planned(SAFE))

    (request,) = result.run_requests or []
    assert request.asset_selection == [dg.AssetKey("inbound_topics")]
    found = evaluations(result)
    assert found.keys() == set(ASSET_OF.values())
    assert [key for key, e in found.items() if not e.passed] == ["inbound_topics"]
    assert "create inbound topic goods" in str(found["inbound_topics"].description)


def test_what_needs_permission_is_told_and_never_started() -> None:
    """A sensor acts without anybody watching."""
    result = tick(planned(COSTLY))
    assert not result.run_requests
    assert "needs delete-acls" in str(evaluations(result)["inbound_acls"].description)


def test_the_same_drift_is_not_asked_for_at_every_tick() -> None:
    """A repair that does not help would be started every minute."""
    first = tick(planned(SAFE))
    second = tick(planned(SAFE), first.cursor)
    assert first.run_requests
    assert not second.run_requests


def test_drift_that_comes_back_is_repaired_again() -> None:
    """A run key is remembered for ever."""
    first = tick(planned(SAFE))
    mended = tick(planned(), first.cursor)
    again = tick(planned(SAFE), mended.cursor)
    assert not mended.run_requests
    assert again.run_requests


def test_what_cannot_be_read_for_once_keeps_its_back_off() -> None:
    """Each hiccup of a broker would repeat a repair that does not help."""
    first = tick(planned(SAFE))
    unread = tick(planned(topics=ClusterUnavailableError("away")), first.cursor)
    again = tick(planned(SAFE), unread.cursor)
    assert first.run_requests
    assert not again.run_requests


def test_what_cannot_be_read_is_a_failed_check_and_no_drift() -> None:
    """An outage would start runs that find nothing to do, or no system."""
    away = ClusterUnavailableError("nobody there")
    found = evaluations(result := tick(planned(SAFE, topics=away)))
    assert not result.run_requests
    assert "nobody there" in str(found["inbound_topics"].description)
    assert not found["inbound_topics"].passed
    assert found["schemas"].passed

    every = evaluations(tick(GoodsflowError("platform.yaml has 1 problem")))
    assert every.keys() == set(ASSET_OF.values())
    assert not any(evaluation.passed for evaluation in every.values())


def test_nothing_is_started_beside_a_run_that_is_under_way() -> None:
    """It may be repairing just that; what is left shows at the next tick."""
    with dg.DagsterInstance.ephemeral() as instance:
        add_bootstrap(instance)
        add_bootstrap(instance, dg.DagsterRunStatus.STARTED)
        context = dg.build_sensor_context(
            instance=instance,
            resources={"desired_state": FakeDesiredState(planned(SAFE))},
        )
        result = SENSOR(context)
    assert isinstance(result, dg.SensorResult)
    assert not result.run_requests


def test_tries_come_ever_more_rarely_and_have_keys_of_their_own() -> None:
    """Where a repair cannot help, the runs must not pile up."""
    repairs: dict[str, Repair] = {}
    now, asked = 0.0, []
    while now < 20 * FIRST_RETRY_SECONDS:
        due, repairs = decide_repairs({"a": "digest"}, repairs, now)
        asked += [now] * len(due)
        now += 60.0
    assert asked == [0.0, 120.0, 360.0, 840.0, 1800.0]


def test_another_drift_of_the_same_asset_is_repaired_at_once() -> None:
    """It is not the one whose repair did not help."""
    _, repairs = decide_repairs({"a": "one"}, {}, 0.0)
    due, repairs = decide_repairs({"a": "two"}, repairs, 1.0)
    assert due == ["a"]
    assert repairs["a"].attempt == 1


def test_a_clock_that_was_set_back_holds_no_repair_up() -> None:
    """It would wait until the clock has caught up."""
    _, repairs = decide_repairs({"a": "digest"}, {}, 5000.0)
    due, repairs = decide_repairs({"a": "digest"}, repairs, 1000.0)
    assert due == ["a"]
    assert repairs["a"] == Repair("digest", 2, 1000.0)
