"""Services as Dagster sees them, on a real platform."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from dagster_project.definitions import build_definitions
from dagster_project.resources import PlatformResource, ServicesResource
from tests.support import await_condition, status_of

# Dagster's own, where a resource has another one within.
pytestmark = pytest.mark.filterwarnings(
    "ignore:InitResourceContext.dagster_run is deprecated:DeprecationWarning"
)


def run_restart(home: Path, service: str) -> dg.ExecuteInProcessResult:
    """Run the job as its launchpad does."""
    definitions = build_definitions(
        resource_overrides={"platform": PlatformResource(home=str(home))}
    )
    job = definitions.get_job_def("restart_service")
    return job.execute_in_process(
        run_config={"ops": {"restart": {"config": {"service": service}}}},
        raise_on_error=False,
    )


def test_the_services_tell_their_counts(platform_home: Path) -> None:
    """Rates and shares of the checks come from them."""
    services = ServicesResource(platform=PlatformResource(home=str(platform_home)))
    blocking = services.counts("blocking")
    for outcome in ("passed", "blocked", "undecodable"):
        assert ("goodsflow_blocking_records_total", outcome) in blocking
    delivered = services.counts("shop-api")[
        "goodsflow_shop_api_cards_delivered_total", ""
    ]
    assert delivered > 0


def test_a_service_is_started_anew_by_the_job(platform_home: Path) -> None:
    """Who sees a stuck service in the UI wants to do something about it there."""
    before = status_of(platform_home, "shop-api")["pid"]
    assert run_restart(platform_home, "shop-api").success
    after = await_condition(
        lambda: status_of(platform_home, "shop-api"), "shop-api is listed", 10
    )
    assert after["state"] == "ready"
    assert after["pid"] != before


@pytest.mark.parametrize("service", ["", "kafka-0", "blockin"])
def test_what_is_no_service_is_not_restarted(platform_home: Path, service: str) -> None:
    """A broker has an order of its own to stop in."""
    result = run_restart(platform_home, service)
    assert not result.success
    (failure,) = [e for e in result.all_events if e.is_step_failure]
    assert "There is no service" in str(failure.step_failure_data.user_failure_data)
