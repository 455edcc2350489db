"""The GraphQL client against a small web server that answers as Dagster does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster_graphql.schema import create_schema

from goodsflow.clients.dagster.client import (
    SCHEDULES,
    SENSORS,
    DagsterClient,
    DagsterError,
    RunResult,
    write_instance_config,
)

LOCATION = {
    "__typename": "RepositoryLocation",
    "name": "definitions",
    "repositories": [{"name": "__repository__"}],
}
SELECTOR = {
    "repositoryLocationName": "definitions",
    "repositoryName": "__repository__",
}


def workspace(*loaded: object) -> dict[str, Any]:
    """Return a workspace with entries in these states."""
    entries = [{"name": "e", "locationOrLoadError": entry} for entry in loaded]
    return {"workspaceOrError": {"__typename": "Workspace", "locationEntries": entries}}


def answering(web: Any, **answers: object) -> DagsterClient:
    """Return a client of a server that gives each field of the query its answer."""

    def respond(_path: str, body: dict[str, Any]) -> tuple[int, object]:
        asked = {name: answers[name] for name in answers if name in body["query"]}
        return 200, {"data": asked}

    web.respond = respond
    return DagsterClient(web.url, timeout_seconds=5)


def run(status: str, *events: dict[str, Any]) -> dict[str, Any]:
    """Return a run as Dagster tells of it."""
    return {
        "__typename": "Run",
        "status": status,
        "eventConnection": {"events": [{"__typename": "RunStartEvent"}, *events]},
    }


def step_failure(step: str, error: object) -> dict[str, Any]:
    """Return the event of a failed step."""
    return {"__typename": "ExecutionStepFailureEvent", "stepKey": step, "error": error}


def test_a_launch_names_the_job_in_the_loaded_project(web: Any) -> None:
    """Dagster finds a job by location, repository and name."""
    client = answering(
        web,
        launchRun={"__typename": "LaunchRunSuccess", "run": {"runId": "r1"}},
        **workspace(None, LOCATION),
    )
    assert client.launch("bootstrap") == "r1"
    path, body = web.requests[-1]
    assert path == "/graphql"
    assert body["variables"] == {"selector": {**SELECTOR, "jobName": "bootstrap"}}


@pytest.mark.parametrize(
    "refusal",
    [
        {"__typename": "PipelineNotFoundError", "message": "no such job"},
        {
            "__typename": "RunConfigValidationInvalid",
            "errors": [{"message": "no such job"}],
        },
    ],
)
def test_a_refused_launch_says_why(web: Any, refusal: object) -> None:
    """All of them come as 200."""
    client = answering(web, launchRun=refusal, **workspace(LOCATION))
    with pytest.raises(DagsterError, match=r"launch the job 'lost'.*no such job"):
        client.launch("lost")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (workspace(), "has not loaded the project yet"),
        (workspace(None), "has not loaded the project yet"),
        (
            workspace({"__typename": "PythonError", "message": "ImportError: x"}),
            "does not load: ImportError: x",
        ),
        (workspace({**LOCATION, "repositories": []}), "defines nothing"),
        (
            {"workspaceOrError": {"__typename": "PythonError", "message": "broken"}},
            "does not load: broken",
        ),
    ],
)
def test_a_project_that_is_not_loaded_says_why(
    web: Any, answer: dict[str, Any], message: str
) -> None:
    """The webserver answers long before, and also when the code does not import."""
    client = answering(web, **answer)
    with pytest.raises(DagsterError, match=message):
        client.check_loaded()


def test_a_loaded_project_is_loaded(web: Any) -> None:
    """Nothing waits any longer."""
    answering(web, **workspace(LOCATION)).check_loaded()


def test_a_run_under_way_is_not_finished(web: Any) -> None:
    """A start would go on before the topics are there."""
    client = answering(web, runOrError=run("STARTED"))
    assert client.run_result("r1") == RunResult("STARTED", ())
    assert not client.run_result("r1").is_finished
    assert all(
        RunResult(status, ()).is_finished
        for status in ("SUCCESS", "FAILURE", "CANCELED")
    )


def test_a_failed_run_names_each_step_and_its_innermost_cause(web: Any) -> None:
    """Dagster's own wrapper says only that an op failed."""
    wrapped = {
        "message": "DagsterExecutionStepExecutionError: op failed\n",
        "causes": [{"message": "KafkaError: outer"}, {"message": " SslError: inner\n"}],
    }
    plain = {"message": "Failure: plain\n", "causes": []}
    client = answering(
        web,
        runOrError=run(
            "FAILURE",
            step_failure("topics", wrapped),
            step_failure("schemas", plain),
            step_failure("hdfs", None),
            {"__typename": "RunFailureEvent", "message": "Steps failed: topics"},
        ),
    )
    assert client.run_result("r1").errors == (
        "topics: SslError: inner",
        "schemas: Failure: plain",
        "hdfs: failed without saying why",
    )


def test_a_run_that_failed_without_a_step_says_why_too(web: Any) -> None:
    """Its process was killed, or never began."""
    event = {"__typename": "RunFailureEvent", "message": "run worker exited"}
    client = answering(web, runOrError=run("FAILURE", event))
    assert client.run_result("r1") == RunResult("FAILURE", ("run worker exited",))


def test_a_run_that_could_not_be_launched_says_what_kept_it_from_that(
    web: Any,
) -> None:
    """'Failed from outside' sends its reader to three logs."""
    error = {"message": "APIError: 403", "causes": [{"message": "refused\n"}]}
    events = [
        {"__typename": "EngineEvent", "message": "Launching", "error": None},
        {"__typename": "EngineEvent", "message": "Not launched", "error": error},
        {"__typename": "RunFailureEvent", "message": "failed from outside"},
    ]
    client = answering(web, runOrError=run("FAILURE", *events))
    assert client.run_result("r1").errors == ("Not launched: refused",)


def test_an_unknown_run_is_named(web: Any) -> None:
    """Somebody may have wiped it in the UI."""
    client = answering(web, runOrError={"__typename": "RunNotFoundError"})
    with pytest.raises(DagsterError, match="knows no run r1"):
        client.run_result("r1")


def test_daemons_that_must_run_and_are_silent_are_listed(web: Any) -> None:
    """One that is not required may be silent for good."""
    statuses = [
        {"daemonType": kind, "required": required, "healthy": healthy}
        for kind, required, healthy in (
            ("SENSOR", True, False),
            ("SCHEDULER", True, True),
            ("BACKFILL", False, False),
            ("QUEUED_RUN_COORDINATOR", True, None),
        )
    ]
    client = answering(web, instance={"daemonHealth": {"allDaemonStatuses": statuses}})
    assert client.unhealthy_daemons() == ["SENSOR", "QUEUED_RUN_COORDINATOR"]


def test_a_sensor_is_started_by_its_name(web: Any) -> None:
    """One that is missing must not count as on."""
    client = answering(web, startSensor={"__typename": "Sensor"}, **workspace(LOCATION))
    client.start_sensor("s")
    assert web.requests[-1][1]["variables"] == {
        "selector": {**SELECTOR, "sensorName": "s"}
    }
    client = answering(
        web, startSensor={"__typename": "SensorNotFoundError"}, **workspace(LOCATION)
    )
    with pytest.raises(DagsterError, match="start the sensor 's'"):
        client.start_sensor("s")


def test_a_schedule_is_started_by_its_name(web: Any) -> None:
    """One that is missing must not count as on: files would pile up unseen."""
    started = {"__typename": "ScheduleStateResult"}
    client = answering(web, startSchedule=started, **workspace(LOCATION))
    client.start_schedule("s")
    assert web.requests[-1][1]["variables"] == {
        "selector": {**SELECTOR, "scheduleName": "s"}
    }
    client = answering(
        web,
        startSchedule={"__typename": "ScheduleNotFoundError"},
        **workspace(LOCATION),
    )
    with pytest.raises(DagsterError, match="start the schedule 's'"):
        client.start_schedule("s")


def listed(kind: str, *names: str) -> dict[str, Any]:
    """Return what Dagster lists, of which it remembers nothing."""
    results = [{"name": name, "canReset": False} for name in names]
    return {"__typename": kind, "results": results}


def test_what_somebody_has_turned_on_or_off_is_left_so(web: Any) -> None:
    """An update brings a sensor, and an operator has turned another off."""
    sensors = listed("Sensors", *SENSORS)
    sensors["results"][1]["canReset"] = True
    sensors["results"].append({"name": "somebody_elses", "canReset": False})
    client = answering(
        web,
        startSensor={"__typename": "Sensor"},
        startSchedule={"__typename": "ScheduleStateResult"},
        sensorsOrError=sensors,
        schedulesOrError=listed("Schedules", *SCHEDULES),
        **workspace(LOCATION),
    )
    turned_on = [name for name in SENSORS if name != SENSORS[1]]
    assert client.turn_on_new() == [*turned_on, *SCHEDULES]
    selectors = [body["variables"].get("selector", {}) for _, body in web.requests]
    assert [s["sensorName"] for s in selectors if "sensorName" in s] == turned_on
    assert [s["scheduleName"] for s in selectors if "scheduleName" in s] == [*SCHEDULES]


def test_what_the_running_dagster_does_not_know_yet_waits(web: Any) -> None:
    """A start after an update would stop again what it had started."""
    client = answering(
        web,
        sensorsOrError=listed("Sensors"),
        schedulesOrError=listed("Schedules"),
        **workspace(LOCATION),
    )
    assert client.turn_on_new() == []


def test_a_list_that_dagster_refuses_says_why(web: Any) -> None:
    """An empty list would pass for one where all is on."""
    client = answering(
        web,
        sensorsOrError={"__typename": "PythonError", "message": "no storage"},
        schedulesOrError=listed("Schedules"),
        **workspace(LOCATION),
    )
    with pytest.raises(DagsterError, match=r"list its sensors: .*no storage"):
        client.turn_on_new()


@pytest.fixture
def dagster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Any]]:
    """Dagster itself with our definitions, which a client asks without a web server."""
    origin = InProcessCodeLocationOrigin(
        LoadableTargetOrigin(
            executable_path=sys.executable, module_name="dagster_project.definitions"
        )
    )
    target = InProcessWorkspaceLoadTarget(origin)
    schema = create_schema()
    with (
        dg.DagsterInstance.local_temp(str(tmp_path)) as instance,
        WorkspaceProcessContext(instance, target) as workspace,
    ):

        def ask(_: object, query: str, variables: Any = None) -> Any:
            context = workspace.create_request_context()
            answer = schema.execute(query, variables=variables, context=context)
            assert not answer.errors
            return answer.data

        monkeypatch.setattr(DagsterClient, "_ask", ask)
        yield partial(ask, None)


# Dagster asks itself for what it has deprecated.
@pytest.mark.filterwarnings("ignore:.*environment_vars:DeprecationWarning")
def test_dagster_remembers_what_was_turned_on_and_off(
    dagster: Callable[..., Any],
) -> None:
    """What it says by `canReset` is nowhere promised."""
    client = DagsterClient("http://nowhere")
    assert client.turn_on_new() == [*SENSORS, *SCHEDULES]
    assert client.turn_on_new() == []
    states = """query($sensor: SensorSelector!, $schedule: ScheduleSelector!) {
      sensorOrError(sensorSelector: $sensor) { ... on Sensor {
        sensorState { id status } } }
      scheduleOrError(scheduleSelector: $schedule) { ... on Schedule {
        scheduleState { id status } } } }"""
    selectors = {
        "sensor": {**client._location(), "sensorName": SENSORS[0]},
        "schedule": {**client._location(), "scheduleName": SCHEDULES[0]},
    }
    on = dagster(states, selectors)
    dagster(
        """mutation($sensor: String!, $schedule: String!) {
          stopSensor(id: $sensor) { __typename }
          stopRunningSchedule(id: $schedule) { __typename } }""",
        {
            "sensor": on["sensorOrError"]["sensorState"]["id"],
            "schedule": on["scheduleOrError"]["scheduleState"]["id"],
        },
    )
    assert client.turn_on_new() == []
    off = dagster(states, selectors)
    assert off["sensorOrError"]["sensorState"]["status"] == "STOPPED"
    assert off["scheduleOrError"]["scheduleState"]["status"] == "STOPPED"


def test_a_run_is_ended_by_its_id(web: Any) -> None:
    """A start that was called off leaves no run behind."""
    client = answering(web, terminateRun={"__typename": "TerminateRunSuccess"})
    client.terminate("r1")
    assert web.requests[-1][1]["variables"] == {"run": "r1"}


@pytest.mark.parametrize(
    ("status", "content", "message"),
    [
        (500, "Internal Server Error", "does not answer: .*500"),
        (200, "<html>another program</html>", "does not answer"),
        (200, {"data": None, "errors": [{"message": "bad query"}]}, "bad query"),
        (200, {"errors": [{"message": "bad query"}]}, "bad query"),
        (200, ["not", "GraphQL"], "refused a query"),
        (200, {"status": "UP"}, "refused a query"),
    ],
)
def test_an_answer_that_is_none_is_an_error_of_ours(
    web: Any, status: int, content: object, message: str
) -> None:
    """A KeyError in the middle of a start says nothing to anybody."""
    web.always(content, status)
    with pytest.raises(DagsterError, match=message):
        DagsterClient(web.url, timeout_seconds=5).unhealthy_daemons()


def test_a_webserver_that_is_not_there_is_named() -> None:
    """It takes seconds to come up."""
    with pytest.raises(DagsterError, match=r"127\.0\.0\.1:1/graphql does not answer"):
        DagsterClient("http://127.0.0.1:1", timeout_seconds=2).check_loaded()


def test_the_instance_configuration_is_yaml(tmp_path: Path) -> None:
    """Dagster reads it before anything else."""
    write_instance_config(tmp_path)
    config = yaml.safe_load((tmp_path / "dagster.yaml").read_text())
    assert config["telemetry"] == {"enabled": False}
