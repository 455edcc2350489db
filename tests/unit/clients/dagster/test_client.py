"""The GraphQL client against a small web server that answers as Dagster does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from goodsflow.clients.dagster.client import (
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
        "hdfs: failed without giving a reason",
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
    with pytest.raises(DagsterError, match="Dagster has no run r1"):
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
