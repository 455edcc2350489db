"""What is reported of the platform, and what when it cannot be read."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest

from dagster_project.assets.flow import ASSET_PARTS
from dagster_project.checks import ALL_CHECKS
from dagster_project.checks.results import CheckResult, evaluate
from dagster_project.checks.services import service_checks
from dagster_project.definitions import build_definitions
from dagster_project.resources import PlatformResource, ServiceState
from dagster_project.resources.services import ServiceMetricsError
from dagster_project.sensors import build_sensors
from dagster_project.sensors.evaluations import (
    REPEAT_SECONDS,
    Reported,
    evaluate_all,
    select_changes,
)
from dagster_project.sensors.platform_observer import build_platform_observer
from goodsflow.clients.connect import (
    ConnectorStatus,
    ConnectUnavailableError,
    TaskStatus,
)
from goodsflow.clients.hdfs import FileStatus, HdfsUnavailableError
from goodsflow.clients.kafka.errors import ClusterUnavailableError
from goodsflow.clients.kafka.offsets import GroupLag, PartitionOffsets
from goodsflow.clients.ksqldb import (
    KsqlNotMaterializedError,
    KsqlUnavailableError,
    QueryResult,
)
from goodsflow.common.errors import GoodsflowError
from goodsflow.deploy.native.errors import SupervisorError
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.model.spec import load_platform
from goodsflow.pipeline.recommender.backlog import Backlog
from goodsflow.pipeline.recommender.gaps import Gap, GapReport
from goodsflow.pipeline.recommender.product_lookup import ProductLookup
from tests.unit.dagster_project.instances import add_bootstrap

SENSOR = build_platform_observer(dg.DefaultSensorStatus.STOPPED)

UP = ServiceState("shop-api", "RUNNING", 1, 60.0, 0, "")
PLATFORM = load_platform(PROJECT_ROOT / "platform.yaml")


class Fakes:
    """Every system in one; ``fault`` makes all of them unreadable."""

    def __init__(self, fault: bool = False, **states: ServiceState) -> None:
        """Answer that all is healthy, with these states of services."""
        self.fault = fault
        self.has_ksqldb, self.unread, self.unwritten = True, False, 0
        names = ["shop-api", "blocking", *itertools.chain(*ASSET_PARTS.values())]
        self.services_states = {name: replace(UP, name=name) for name in names} | {
            state.name: state for state in states.values()
        }

    def _maybe_fail(self, error: type[GoodsflowError]) -> None:
        if self.fault:
            raise error("it does not answer")

    # services
    def states(self) -> list[ServiceState]:
        """Answer, or fail as the supervisor."""
        self._maybe_fail(SupervisorError)
        return list(self.services_states.values())

    def counts(self, name: str) -> dict[tuple[str, str], float]:  # noqa: ARG002
        """Return ten records that passed, or fail as a service."""
        self._maybe_fail(ServiceMetricsError)
        return {("goodsflow_blocking_records_total", "passed"): 10.0}

    # connect
    @contextmanager
    def watching_client(self) -> Iterator["Fakes"]:
        """Be the client."""
        yield self

    def status(self, connector: str) -> ConnectorStatus:
        """Answer, or fail as Connect."""
        self._maybe_fail(ConnectUnavailableError)
        task = TaskStatus(0, "RUNNING", "w", None)
        return ConnectorStatus(connector, "RUNNING", "w", None, (task,))

    # kafka
    def offsets(self, cluster: str) -> "Fakes":  # noqa: ARG002
        """Answer, or fail as a cluster."""
        self._maybe_fail(ClusterUnavailableError)
        return self

    def topic_offsets(self, topics: Any) -> dict[str, dict[int, PartitionOffsets]]:
        """Return five records in one partition, and none where none should be."""
        five, none = PartitionOffsets(0, 5), PartitionOffsets(7, 7 + self.unwritten)
        return {
            topic: {0: none if topic == "hdfs-sink-dead-letter" else five}
            for topic in topics
        }

    def group_lag(self, group: str, topics: list[str]) -> GroupLag:  # noqa: ARG002
        """Return a lag of two."""
        return GroupLag({(topics[0], 0): 3}, {(topics[0], 0): 2})

    # ksqldb
    def is_there(self) -> bool:
        """Say whether there is one."""
        return self.has_ksqldb

    def query(self, statement: str) -> QueryResult:  # noqa: ARG002
        """Return no rows, or fail as ksqlDB."""
        self._maybe_fail(KsqlUnavailableError)
        if self.unread:
            raise KsqlNotMaterializedError("has not read the table")
        return QueryResult((), [])

    # recommender
    lag_limit_seconds = 300.0

    def backlog(self) -> Backlog:
        """Return that nothing waits, or fail as a cluster."""
        self._maybe_fail(ClusterUnavailableError)
        return Backlog((), 0, 10, {}, {})

    def gaps(self) -> GapReport:
        """Return one gap with nothing in it, or fail as HDFS."""
        self._maybe_fail(HdfsUnavailableError)
        return GapReport(1, [Gap(0, 5, 5, "/a", "/b")], [])

    def product_lookup(self) -> ProductLookup:
        """Return that all are known, or fail as HDFS."""
        self._maybe_fail(HdfsUnavailableError)
        return ProductLookup(3, 1, (), ())

    # hdfs
    @contextmanager
    def client(self) -> Iterator["Fakes"]:
        """Be the client."""
        yield self

    def list_directory(self, path: str) -> list[FileStatus]:
        """Return one file in one partition, or fail as HDFS."""
        self._maybe_fail(HdfsUnavailableError)
        now = datetime(2026, 1, 1, tzinfo=UTC)
        if "partition=" in path:
            name = "source.goods-filtered+0+0000000000+0000000004.json"
            return [FileStatus(f"{path}/{name}", False, 7, now, "c", "g", "644")]
        return [FileStatus(f"{path}/partition=0", True, 0, now, "c", "g", "755")]


def resources(fakes: Fakes) -> dict[str, Any]:
    """Return the fakes as all resources."""
    names = (
        "kafka",
        "connect",
        "hdfs",
        "ksqldb",
        "recommender",
        "services",
        "desired_state",
    )
    return {"platform": PlatformResource(), **dict.fromkeys(names, fakes)}


def observe(fakes: Fakes, cursor: str | None = None) -> dg.SensorResult:
    """Run the sensor's shell."""
    with dg.DagsterInstance.ephemeral() as instance:
        add_bootstrap(instance)
        context = dg.build_sensor_context(
            instance=instance, cursor=cursor, resources=resources(fakes)
        )
        result = SENSOR(context)
    assert isinstance(result, dg.SensorResult)
    return result


def evaluations(result: dg.SensorResult) -> dict[str, dg.AssetCheckEvaluation]:
    """Return the checks' evaluations by the names of asset and check."""
    return {
        f"{e.asset_key.to_user_string()}/{e.check_name}": e
        for e in result.asset_events
        if isinstance(e, dg.AssetCheckEvaluation)
    }


def observations(result: dg.SensorResult) -> dict[str, dict[str, Any]]:
    """Return what was observed, by asset. The UI would show the last of two."""
    found = [e for e in result.asset_events if isinstance(e, dg.AssetObservation)]
    seen = {
        e.asset_key.to_user_string(): {k: v.value for k, v in e.metadata.items()}
        for e in found
    }
    assert len(seen) == len(found)
    return seen


def test_a_healthy_platform_is_reported_whole() -> None:
    """What the observer forgets keeps its last state for ever."""
    result = observe(Fakes())

    declared = {
        f"{key.asset_key.to_user_string()}/{key.name}"
        for checks in ALL_CHECKS
        for key in checks.check_keys
        # Those are connector_restarter's and drift_sensor's.
        if key.name not in {"restarts", "as_declared"}
    }
    found = evaluations(result)
    assert found.keys() == declared
    assert all(evaluation.passed for evaluation in found.values())
    assert "checks passing" in str(result.skip_reason)

    seen = observations(result)
    assert seen["goods"] == {"end offset of partition 0": 5}
    assert seen["blocking"].items() >= {"lag of partition 0": 2, "restarts": 0}.items()
    assert seen["blocking"].keys() >= {"state", "hours up", "lag"}
    assert seen["goods_files"]["files"] == 1
    assert seen["mm2_source"]["tasks running"] == 1


def test_what_cannot_be_read_is_a_failed_check_with_the_reason() -> None:
    """Silence would leave every check as green as it was before the outage."""
    result = observe(Fakes(fault=True))

    found = evaluations(result)
    assert found.keys() == evaluations(observe(Fakes())).keys()
    assert not any(evaluation.passed for evaluation in found.values())
    assert all("it does not answer" in str(e.description) for e in found.values())
    assert not observations(result)


def test_a_view_that_is_not_read_yet_is_named() -> None:
    """A search would wait, and must not look as if there were no cards."""
    fakes = Fakes()
    fakes.unread = True
    result = observe(fakes)
    assert "checks failing: search_views answer." in str(result.skip_reason)


def test_a_platform_without_ksqldb_is_told_nothing_of_its_views() -> None:
    """A check that fails for what is not meant to be hides those that matter."""
    fakes = Fakes()
    fakes.has_ksqldb = False
    result = observe(fakes)
    assert "checks passing" in str(result.skip_reason)
    assert not [key for key in evaluations(result) if "search_views" in key]


def test_what_the_sink_could_not_write_is_a_warning() -> None:
    """Nobody reads a topic that gets a record once a year."""
    fakes = Fakes()
    fakes.unwritten = 2
    check = evaluations(observe(fakes))["hdfs_sink_dead_letter/empty"]
    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.WARN
    assert "could not write 2 records" in str(check.description)


def test_sensors_say_what_they_do() -> None:
    """The UI shows a sensor's description, and never its docstring."""
    for sensor in build_sensors(dg.DefaultSensorStatus.STOPPED):
        assert sensor.description


def test_a_service_that_is_down_is_named() -> None:
    """The one line of the tick should do for somebody who is woken up."""
    down = ServiceState("shop-api", "BACKOFF", None, None, 4, "Exited too quickly")

    result = observe(Fakes(down=down))

    assert "checks failing: shop_api up." in str(result.skip_reason)
    check = evaluations(result)["shop_api/up"]
    assert not check.passed
    assert check.description == "'shop-api' is not up: BACKOFF, Exited too quickly"


def test_what_has_not_changed_is_not_reported_again() -> None:
    """Each event is kept for ever: 50 a minute would fill the disk by themselves."""
    first = observe(Fakes())
    second = observe(Fakes(), cursor=first.cursor)
    down = ServiceState("shop-api", "FATAL", None, None, 9, "gone")
    third = observe(Fakes(down=down), cursor=second.cursor)

    assert not second.asset_events
    assert evaluations(third).keys() == {"shop_api/up"}
    (seen,) = observations(third).items()
    assert seen[0] == "shop_api"
    assert seen[1].items() >= {"state": "FATAL", "lag": 0}.items()


def test_everything_is_reported_again_from_time_to_time() -> None:
    """A check run by hand in between may have said something else since."""
    result = CheckResult("goods", "observed", True, "fine", {"end": 1})
    changed, memory = select_changes([result], Reported({}, 0.0), 1000.0)
    assert changed == [result]
    assert select_changes([result], memory, 1000.0 + REPEAT_SECONDS - 1)[0] == []
    assert select_changes([result], memory, 1000.0 + REPEAT_SECONDS)[0] == [result]
    # The clock was set back.
    changed, memory = select_changes([result], memory, 400.0)
    assert (changed, memory.complete_at) == ([result], 400.0)


def test_a_part_that_is_down_fails_what_rests_on_it() -> None:
    """A broker that is gone would show only once topics lack replicas."""
    down = ServiceState("kafka-1", "EXITED", None, None, 3, "ended with status 137")
    fakes = Fakes(down=down)
    del fakes.services_states["hdfs-dn-0"]
    found = evaluations(observe(fakes))
    failed = {key for key, evaluation in found.items() if not evaluation.passed}
    assert failed == {"inbound_topics/parts_up", "hdfs_directories/parts_up"}
    text = str(found["inbound_topics/parts_up"].description)
    assert text == "'kafka-1' is not up: EXITED, ended with status 137"
    gone = str(found["hdfs_directories/parts_up"].description)
    assert gone == "'hdfs-dn-0' is missing"


def test_the_cursor_survives_a_restart() -> None:
    """A cursor that cannot be read back fails every tick from then on."""
    memory = Reported({"a/b": "c"}, 5.0)
    assert Reported.from_stored(memory.to_stored()) == memory
    assert Reported.from_stored(None) == Reported({}, 0.0)


def test_an_evaluation_that_hangs_fails_alone() -> None:
    """One broker that hangs must not hold up all other results."""
    release = threading.Event()
    fine = CheckResult("a", "up", True, "fine")

    def hang() -> list[CheckResult]:
        release.wait(30)
        return []

    try:
        found = evaluate_all(
            [([("b", "up")], hang), ([("a", "up")], lambda: [fine])], 0.2
        )
    finally:
        release.set()

    assert found == [
        CheckResult("b", "up", False, "Could not be evaluated: no answer within 0 s"),
        fine,
    ]


def test_a_check_that_was_not_answered_has_failed() -> None:
    """A service that vanished from the supervisor's list is not a healthy one."""
    found = evaluate(
        [("a", "up"), ("b", "up")], lambda: [CheckResult("a", "up", True, "")]
    )
    assert found[1] == CheckResult(
        "b", "up", False, "Could not be evaluated: no result"
    )


@pytest.mark.parametrize(
    ("fault", "has_ksqldb"), [(False, True), (True, True), (False, False)]
)
def test_checks_run_by_hand_say_the_same(*, fault: bool, has_ksqldb: bool) -> None:
    """The sensor and the UI must not give two answers."""
    down = ServiceState("blocking", "RUNNING", 2, 60.0, 0, "/health answers 503")
    fakes = Fakes(fault=fault, down=down)
    fakes.has_ksqldb = has_ksqldb
    definitions = build_definitions(resource_overrides=resources(fakes))
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_implicit_global_asset_job_def()
        # What is declared is compared by drift_sensor.
        selection = {
            key
            for checks in ALL_CHECKS
            for key in checks.check_keys
            if key.name != "as_declared"
        }
        result = job.get_subset(
            asset_selection=set(), asset_check_selection=selection
        ).execute_in_process(instance=instance)

    assert result.success
    by_hand = {
        f"{e.asset_key.to_user_string()}/{e.check_name}": e.passed
        for e in result.get_asset_check_evaluations()
        if e.check_name != "restarts"
    }
    by_sensor = {
        key: evaluation.passed
        for key, evaluation in evaluations(observe(fakes)).items()
    }
    assert by_hand == by_sensor
    assert not by_hand["blocking/up"]


def test_one_check_can_be_run_alone() -> None:
    """Somebody waits for one service and asks for its check again and again."""
    key = dg.AssetCheckKey(dg.AssetKey("shop_api"), "up")
    assert key in service_checks.check_keys
    definitions = build_definitions(resource_overrides=resources(Fakes()))
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_implicit_global_asset_job_def()
        result = job.get_subset(
            asset_selection=set(), asset_check_selection={key}
        ).execute_in_process(instance=instance)
    assert [e.asset_check_key for e in result.get_asset_check_evaluations()] == [key]


def test_evaluations_without_a_run_reach_the_checks() -> None:
    """Where Dagster dropped them, the UI would show the checks as never run."""
    result = observe(Fakes(fault=True))
    key = dg.AssetCheckKey(dg.AssetKey("shop_api"), "up")
    with dg.DagsterInstance.ephemeral() as instance:
        for event in result.asset_events:
            instance.report_runless_asset_event(event)
        latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(
            [key]
        )
    assert latest[key].status.value == "FAILED"
