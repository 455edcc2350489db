"""A client of Dagster's GraphQL API, and the configuration of its instance.

The launcher starts the bootstrap through it, so that the run shows in the UI.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from goodsflow.common.atomic_file import write_whole
from goodsflow.common.errors import GoodsflowError

BOOTSTRAP_JOB = "bootstrap"

DAGSTER_YAML = """\
# Written by the launcher at each start.
telemetry:
  enabled: false
nux:
  enabled: false
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config:
    dequeue_interval_seconds: 1
concurrency:
  runs:
    max_concurrent_runs: 4
  pools:
    granularity: run
    default_limit: 1
run_launcher:
  module: dagster_project.launcher
  class: ProcessRunLauncher
run_monitoring:
  enabled: true
  # Each round asks the launcher whether the runs' processes are still alive.
  poll_interval_seconds: 10
  # An interrupted run is not resumed: its sensor starts the next one.
  max_resume_run_attempts: 0
  # Only this timeout detects a run that dies before it has begun.
  start_timeout_seconds: 90
  # Only this timeout detects a run that is killed before it can report that it was
  # cancelled. Until then it counts as running, and the next one waits.
  cancel_timeout_seconds: 40
  # For runs that are started from an asset's page, to which no job's limit applies:
  # as long as the longest job may take.
  max_runtime_seconds: 21600
retention:
  sensor:
    purge_after_days: {skipped: 2, failure: 14, success: -1}
  schedule:
    purge_after_days: {skipped: 2, failure: 14, success: -1}
"""


class DagsterError(GoodsflowError):
    """Dagster did not answer, or refused."""


@dataclass(frozen=True)
class RunResult:
    """How a run stands: Dagster's status, and the errors of its failed steps."""

    status: str
    errors: tuple[str, ...]

    @property
    def is_finished(self) -> bool:
        """Whether the run has come to its end."""
        return self.status in {"SUCCESS", "FAILURE", "CANCELED"}


def write_instance_config(dagster_home: Path) -> None:
    """Write ``dagster.yaml`` of the platform's Dagster instance."""
    # Runs that start meanwhile read it.
    write_whole(dagster_home / "dagster.yaml", DAGSTER_YAML.encode())


class DagsterClient:
    """A client of one webserver. Constructing one connects nowhere."""

    def __init__(self, url: str, timeout_seconds: float = 20) -> None:
        """Remember the address."""
        self._url = f"{url}/graphql"
        self._timeout_seconds = timeout_seconds

    def check_loaded(self) -> None:
        """Check that the project's definitions are loaded.

        Raises:
            DagsterError: The webserver does not answer, or the project does not load.
        """
        self._location()

    def unhealthy_daemons(self) -> list[str]:
        """List the daemons that should run and have not been heard of lately.

        Raises:
            DagsterError: The webserver does not answer.
        """
        query = """{ instance { daemonHealth { allDaemonStatuses {
            daemonType required healthy } } } }"""
        statuses = self._ask(query)["instance"]["daemonHealth"]["allDaemonStatuses"]
        return [s["daemonType"] for s in statuses if s["required"] and not s["healthy"]]

    def launch(self, job: str) -> str:
        """Launch a job.

        Returns:
            The run's ID.

        Raises:
            DagsterError: It could not be launched.
        """
        query = """mutation($selector: JobOrPipelineSelector!) {
          launchRun(executionParams: {selector: $selector, runConfigData: {}}) {
            __typename
            ... on LaunchRunSuccess { run { runId } }
            ... on PythonError { message }
            ... on InvalidSubsetError { message }
            ... on PipelineNotFoundError { message }
            ... on RunConfigValidationInvalid { errors { message } } } }"""
        selector = {**self._location(), "jobName": job}
        answer = self._ask(query, {"selector": selector})["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise DagsterError(f"Dagster did not launch the job '{job}': {answer}")
        run_id: str = answer["run"]["runId"]
        return run_id

    def run_result(self, run_id: str) -> RunResult:
        """Return how a run stands.

        Raises:
            DagsterError: There is no such run, or no answer.
        """
        query = """query($run: ID!) { runOrError(runId: $run) { __typename
          ... on Run { status eventConnection(limit: 1000) { events { __typename
            ... on ExecutionStepFailureEvent { stepKey error { message causes {
              message } } }
            ... on EngineEvent { message error { message causes { message } } }
            ... on RunFailureEvent { message } } } } } }"""
        run = self._ask(query, {"run": run_id})["runOrError"]
        if run["__typename"] != "Run":
            raise DagsterError(f"Dagster has no run {run_id}.")
        events = run["eventConnection"]["events"]
        failures = [
            f"{event['stepKey']}: {_innermost(event['error'])}"
            for event in events
            if event["__typename"] == "ExecutionStepFailureEvent"
        ]
        # A run whose process died, or never began, has no failed step.
        failures = failures or [
            f"{event['message']}: {_innermost(event['error'])}"
            for event in events
            if event["__typename"] == "EngineEvent" and event["error"]
        ]
        failures = failures or [
            event["message"]
            for event in events
            if event["__typename"] == "RunFailureEvent"
        ]
        return RunResult(run["status"], tuple(failures))

    def terminate(self, run_id: str) -> None:
        """Ask for a run's end.

        Raises:
            DagsterError: No answer.
        """
        query = """mutation($run: String!) { terminateRun(runId: $run,
          terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) { __typename } }"""
        self._ask(query, {"run": run_id})

    def _location(self) -> dict[str, str]:
        query = """{ workspaceOrError { __typename
          ... on PythonError { message }
          ... on Workspace { locationEntries { name locationOrLoadError { __typename
            ... on PythonError { message }
            ... on RepositoryLocation { name repositories { name } } } } } } }"""
        workspace = self._ask(query)["workspaceOrError"]
        if workspace["__typename"] != "Workspace":
            raise DagsterError(f"The project does not load: {workspace['message']}")
        for entry in workspace["locationEntries"]:
            loaded = entry["locationOrLoadError"]
            if loaded and loaded["__typename"] == "RepositoryLocation":
                if not loaded["repositories"]:
                    raise DagsterError("The project loads, but defines nothing.")
                return {
                    "repositoryLocationName": loaded["name"],
                    "repositoryName": loaded["repositories"][0]["name"],
                }
            if loaded:
                raise DagsterError(f"The project does not load: {loaded['message']}")
        raise DagsterError("The webserver has not loaded the project yet.")

    def _ask(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        try:
            response = httpx2.post(
                self._url,
                json={"query": query, "variables": variables or {}},
                timeout=self._timeout_seconds,
                trust_env=False,
            )
            response.raise_for_status()
            answer = response.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise DagsterError(f"{self._url} does not answer: {error}") from error
        if not isinstance(answer, dict) or not answer.get("data"):
            errors = answer.get("errors") if isinstance(answer, dict) else answer
            raise DagsterError(f"Dagster refused a query: {str(errors)[:1000]}")
        return answer["data"]


def _innermost(error: dict[str, Any] | None) -> str:
    if error is None:
        return "failed without giving a reason"
    causes = error.get("causes") or []
    message = causes[-1]["message"] if causes else error["message"]
    return str(message).strip()
