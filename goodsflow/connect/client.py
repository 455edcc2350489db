"""A plain client of Kafka Connect's REST API.

https://kafka.apache.org/39/documentation.html#connect_rest
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from goodsflow.closing import Closing
from goodsflow.connect.errors import (
    ConnectError,
    ConnectInvalidConfigError,
    ConnectNotFoundError,
    ConnectRebalancingError,
    ConnectRefusedError,
    ConnectUnavailableError,
)

_ERRORS: dict[int, type[ConnectError]] = {
    400: ConnectInvalidConfigError,
    404: ConnectNotFoundError,
    409: ConnectRebalancingError,
    502: ConnectUnavailableError,
    503: ConnectUnavailableError,
    504: ConnectUnavailableError,
}


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker says about itself."""

    version: str
    kafka_cluster_id: str


@dataclass(frozen=True)
class TaskStatus:
    """One task: UNASSIGNED, RUNNING, PAUSED, FAILED, RESTARTING or STOPPED."""

    id: int
    state: str
    worker: str
    trace: str | None


@dataclass(frozen=True)
class ConnectorStatus:
    """A connector and its tasks, as the workers last reported them."""

    name: str
    state: str
    worker: str
    trace: str | None
    tasks: tuple[TaskStatus, ...]

    @property
    def is_running(self) -> bool:
        """Whether the connector, and at least one task, and every task runs."""
        return (
            self.state == "RUNNING"
            and bool(self.tasks)
            and all(task.state == "RUNNING" for task in self.tasks)
        )

    @property
    def failures(self) -> tuple[str, ...]:
        """The failed ones of connector and tasks, each with its stack trace."""
        parts = [("connector", self.state, self.trace)]
        parts += [(f"task {task.id}", task.state, task.trace) for task in self.tasks]
        return tuple(
            f"{what}: {trace or 'no trace given'}"
            for what, state, trace in parts
            if state == "FAILED"
        )

    def __str__(self) -> str:
        """Say the states in one line."""
        tasks = ", ".join(f"task {task.id} {task.state}" for task in self.tasks)
        return f"connector '{self.name}' {self.state}, {tasks or 'no tasks'}"


class ConnectClient(Closing):
    """A client of one worker. Constructing one connects nowhere.

    Args:
        url: Address of the worker's REST API.
        timeout_seconds: For each request; a worker itself gives up after 90 s.
    """

    def __init__(self, url: str, timeout_seconds: float = 30) -> None:
        self._url = url
        # The platform is beside us: a proxy from the environment cannot reach it.
        self._http = httpx.Client(
            base_url=url, timeout=timeout_seconds, trust_env=False
        )

    def close(self) -> None:
        """Close the connections; the client cannot be used afterwards."""
        self._http.close()

    def worker(self) -> WorkerInfo:
        """Return the worker's version and its Kafka cluster.

        Raises:
            ConnectError: It refused or did not answer.
        """
        answer = self._ask("GET", "/", "ask the worker for its version")
        return WorkerInfo(answer["version"], answer["kafka_cluster_id"])

    def plugins(self) -> list[str]:
        """Return the class names of the connectors that the worker can run.

        Raises:
            ConnectError: It refused or did not answer.
        """
        answer = self._ask("GET", "/connector-plugins", "list connector plugins")
        return sorted(plugin["class"] for plugin in answer)

    def connectors(self) -> list[str]:
        """Return the names of the connectors.

        Raises:
            ConnectError: It refused or did not answer.
        """
        return sorted(self._ask("GET", "/connectors", "list connectors"))

    def config(self, connector: str) -> dict[str, str]:
        """Return a connector's configuration; references to secrets unresolved.

        Raises:
            ConnectNotFoundError: There is no such connector.
            ConnectError: It refused or did not answer.
        """
        config: dict[str, str] = self._ask(
            "GET",
            f"{_path(connector)}/config",
            f"read the configuration of connector '{connector}'",
        )
        return config

    def put_config(self, connector: str, config: Mapping[str, str]) -> None:
        """Create a connector, or give it a new configuration, which restarts it.

        Raises:
            ConnectInvalidConfigError: The configuration does not fit.
            ConnectRebalancingError: The workers are busy; try again.
            ConnectError: It refused or did not answer.
        """
        self._ask(
            "PUT",
            f"{_path(connector)}/config",
            f"put the configuration of connector '{connector}'",
            json=dict(config),
        )

    def status(self, connector: str) -> ConnectorStatus:
        """Return the state of a connector and its tasks.

        Raises:
            ConnectNotFoundError: There is none, or it has not reported yet.
            ConnectError: It refused or did not answer.
        """
        answer = self._ask(
            "GET",
            f"{_path(connector)}/status",
            f"read the status of connector '{connector}'",
        )
        tasks = tuple(
            TaskStatus(task["id"], task["state"], task["worker_id"], task.get("trace"))
            for task in answer["tasks"]
        )
        own = answer["connector"]
        return ConnectorStatus(
            connector, own["state"], own["worker_id"], own.get("trace"), tasks
        )

    def offsets(
        self, connector: str
    ) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Return where a connector stands: each partition with its offset.

        Both are the connector's own: a source names them as it likes.

        Raises:
            ConnectNotFoundError: There is no such connector.
            ConnectError: It refused or did not answer.
        """
        answer = self._ask(
            "GET",
            f"{_path(connector)}/offsets",
            f"read the offsets of connector '{connector}'",
        )
        return [(each["partition"], each["offset"]) for each in answer["offsets"]]

    def pause(self, connector: str) -> None:
        """Ask for a pause; the connector's tasks stop soon after.

        Raises:
            ConnectError: It refused or did not answer.
        """
        self._ask("PUT", f"{_path(connector)}/pause", f"pause connector '{connector}'")

    def resume(self, connector: str) -> None:
        """Ask a paused connector to go on.

        Raises:
            ConnectError: It refused or did not answer.
        """
        self._ask(
            "PUT", f"{_path(connector)}/resume", f"resume connector '{connector}'"
        )

    def restart_failed(self, connector: str) -> None:
        """Restart what has failed of a connector and its tasks; the rest runs on.

        Raises:
            ConnectError: It refused or did not answer.
        """
        self._ask(
            "POST",
            f"{_path(connector)}/restart",
            f"restart the failed tasks of connector '{connector}'",
            params={"includeTasks": "true", "onlyFailed": "true"},
        )

    def delete(self, connector: str) -> None:
        """Remove a connector; its offsets stay.

        Raises:
            ConnectNotFoundError: There is no such connector.
            ConnectError: It refused or did not answer.
        """
        self._ask("DELETE", _path(connector), f"delete connector '{connector}'")

    def _ask(
        self,
        method: str,
        path: str,
        attempted: str,
        *,
        json: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Any:
        try:
            response = self._http.request(method, path, json=json, params=params)
        except httpx.HTTPError as error:
            raise ConnectUnavailableError(
                f"Cannot {attempted}: no answer from Kafka Connect at {self._url} "
                f"({type(error).__name__}). Is the worker up?"
            ) from error
        if response.is_success:
            return response.json() if response.content else None
        message = _message(response)
        kind = _ERRORS.get(response.status_code, ConnectRefusedError)
        # A worker that has not joined its group yet answers so.
        if response.status_code == httpx.codes.INTERNAL_SERVER_ERROR and (
            "timed out" in message.lower()
        ):
            kind = ConnectUnavailableError
        raise kind(
            f"Cannot {attempted}: Kafka Connect at {self._url} answers "
            f"{response.status_code}: {message}"
        )


def _path(connector: str) -> str:
    return f"/connectors/{quote(connector, safe='')}"


def _message(response: httpx.Response) -> str:
    """Return the worker's own message, or what it sent instead."""
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if isinstance(answer, dict) and answer.get("message"):
        return str(answer["message"])
    return " ".join(response.text.split())[:200] or "no reason given"
