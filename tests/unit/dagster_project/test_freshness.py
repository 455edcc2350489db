"""When an asset of the flow counts as up to date."""

import dagster as dg
import pytest

from dagster_project.assets.archive import GOODS_ARCHIVE
from dagster_project.checks.progress import Reading, check_progress
from dagster_project.checks.results import CheckResult, not_evaluated
from dagster_project.definitions import build_definitions
from dagster_project.sensors.evaluations import to_events
from dagster_project.sensors.freshness import KEPT_UP_TO_DATE_BY, up_to_date

SINK = KEPT_UP_TO_DATE_BY["goods_files"]


def materialized(*results: CheckResult) -> list[str]:
    """Return the assets that these results materialize."""
    return [
        event.asset_key.to_user_string()
        for event in to_events(results, results)
        if isinstance(event, dg.AssetMaterialization)
    ]


def test_each_asset_that_must_be_fresh_can_become_so() -> None:
    """A policy on what nobody materializes shows nothing, now and for ever."""
    graph = build_definitions().resolve_asset_graph()
    fresh = {
        key.to_user_string()
        for key in graph.get_all_asset_keys()
        if graph.get(key).freshness_policy_or_from_metadata
    }
    assert fresh == {*KEPT_UP_TO_DATE_BY, GOODS_ARCHIVE}


def test_the_checks_behind_it_exist() -> None:
    """Renamed there alone, a check would leave its asset to turn red."""
    graph = build_definitions().resolve_asset_graph()
    checks = {
        (key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys
    }
    assert set(KEPT_UP_TO_DATE_BY.values()) <= checks


def test_an_idle_shop_leaves_its_assets_fresh() -> None:
    """Nothing arrives for a night, and nothing is late."""
    evening, morning = Reading(0.0, 100, 0, position=9), Reading(300.0, 100, 0, 0, 9)
    idle = check_progress("hdfs_sink", morning, evening, may_wait=2)
    assert materialized(idle) == ["goods_files"]


def test_what_stands_is_not_up_to_date() -> None:
    """Records wait, more and more, and none is written."""
    before, now = Reading(0.0, 100, 0, 7, 9), Reading(300.0, 100, 0, 90, 9)
    assert not materialized(check_progress("hdfs_sink", now, before, may_wait=2))


@pytest.mark.parametrize("check", KEPT_UP_TO_DATE_BY.values())
def test_what_nobody_could_read_is_not_up_to_date(check: tuple[str, str]) -> None:
    """The outage of what answers would pass for an idle shop."""
    assert not up_to_date([not_evaluated(check, "no answer")])
