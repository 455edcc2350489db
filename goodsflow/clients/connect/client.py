"""A plain client of Kafka Connect's REST API.

https://kafka.apache.org/39/documentation.html#connect_rest
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import httpx2

from goodsflow.clients.connect.error_responses import read_error_response
from goodsflow.clients.connect.errors import (
    ConnectInvalidConfigError,
    ConnectRefusedError,
    ConnectUnavailableError,
)
from goodsflow.clients.connect.model import (
    ConnectorStatus,
    InitialState,
    Offset,
    OffsetChange,
    TaskStatus,
    WorkerInfo,
)
from goodsflow.clients.connect.validation import (
    Validation,
    read_validation,
    without_values,
)
from goodsflow.common.closeable import Closeable


class ConnectClient(Closeable):
    """A client of one worker. Its constructor does not connect.

    Args:
        url: Address of the worker's REST API.
        timeout_seconds: The time limit of each request; a worker gives up after 90 s.
    """

    def __init__(self, url: str, timeout_seconds: float = 30) -> None:
        self._url = url
        # A proxy from the environment could not reach the platform on this host.
        self._http = httpx2.Client(
            base_url=url, timeout=timeout_seconds, trust_env=False
        )

    def close(self) -> None:
        """Close the connections; the client cannot be used afterwards."""
        self._http.close()

    def worker(self) -> WorkerInfo:
        """Return the worker's version and its Kafka cluster's ID.

        Raises:
            ConnectError: The worker refused or did not answer.
        """
        answer = self._ask("GET", "/", "ask the worker for its version")
        return WorkerInfo(answer["version"], answer["kafka_cluster_id"])

    def plugins(self) -> list[str]:
        """Return the class names of the connectors that the worker can run.

        Raises:
            ConnectError: The worker refused or did not answer.
        """
        answer = self._ask("GET", "/connector-plugins", "list connector plugins")
        return sorted(plugin["class"] for plugin in answer)

    def connectors(self) -> list[str]:
        """Return the names of the connectors.

        Raises:
            ConnectError: The worker refused or did not answer.
        """
        return sorted(self._ask("GET", "/connectors", "list connectors"))

    def config(self, connector: str) -> dict[str, str]:
        """Return a connector's configuration, with unresolved references to secrets.

        Raises:
            ConnectNotFoundError: There is no such connector.
            ConnectError: The worker refused or did not answer.
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
            ConnectInvalidConfigError: The configuration is invalid.
            ConnectRebalancingError: The workers are rebalancing; try again.
            ConnectError: The worker refused or did not answer.
        """
        self._ask(
            "PUT",
            f"{_path(connector)}/config",
            f"put the configuration of connector '{connector}'",
            json=dict(config),
        )

    def create(
        self, connector: str, config: Mapping[str, str], state: InitialState = "RUNNING"
    ) -> None:
        """Create a connector with an initial state.

        Args:
            connector: Its name.
            config: Its configuration.
            state: A STOPPED connector has no tasks, and its offsets can be set.

        Raises:
            ConnectExistsError: A connector of this name exists already.
            ConnectInvalidConfigError: The configuration is invalid.
            ConnectRebalancingError: The workers are rebalancing; try again.
            ConnectError: The worker refused or did not answer.
        """
        self._ask(
            "POST",
            "/connectors",
            f"create connector '{connector}'",
            json={"name": connector, "config": dict(config), "initial_state": state},
        )

    def validate(self, config: Mapping[str, str]) -> Validation:
        """Validate a configuration, and return its effective settings.

        Args:
            config: The configuration, with ``connector.class`` and ``name``.

        Raises:
            ConnectUnknownClassError: The worker has no such connector class.
            ConnectInvalidConfigError: ``connector.class`` is missing.
            ConnectError: The worker refused or did not answer.
        """
        kind = config.get("connector.class")
        if not kind:
            # Without it, a worker's error quotes the whole configuration, with secrets.
            raise ConnectInvalidConfigError(
                "Cannot validate a configuration without 'connector.class'. Add it."
            )
        answer = self._ask(
            "PUT",
            f"/connector-plugins/{quote(kind, safe='')}/config/validate",
            f"validate a configuration of class '{kind}'",
            json=dict(config),
        )
        return read_validation(config, answer)

    def status(self, connector: str) -> ConnectorStatus:
        """Return the state of a connector and its tasks.

        Raises:
            ConnectNotFoundError: There is none, or it has not reported its status yet.
            ConnectError: The worker refused or did not answer.
        """
        answer = self._ask(
            "GET",
            f"{_path(connector)}/status",
            f"read the status of connector '{connector}'",
        )
        tasks = tuple(
            TaskStatus(task["id"], task["state"], task["worker_id"], _trace(task))
            for task in answer["tasks"]
        )
        own = answer["connector"]
        return ConnectorStatus(
            connector,
            own["state"],
            own["worker_id"],
            _trace(own),
            tasks,
            answer.get("type", ""),
        )

    def offsets(self, connector: str) -> list[Offset]:
        """Return a connector's offsets, each with its partition.

        The form of both depends on the connector.

        Raises:
            ConnectNotFoundError: There is no such connector.
            ConnectError: The worker refused or did not answer.
        """
        answer = self._ask(
            "GET",
            f"{_path(connector)}/offsets",
            f"read the offsets of connector '{connector}'",
        )
        return [(each["partition"], each["offset"]) for each in answer["offsets"]]

    def alter_offsets(
        self,
        connector: str,
        offsets: Iterable[OffsetChange],
    ) -> None:
        """Set offsets of a stopped connector; other partitions keep theirs.

        Args:
            connector: A STOPPED connector whose tasks have ended.
            offsets: As ``offsets`` returns them. None removes a partition's offset.

        Raises:
            ConnectNotFoundError: There is no such connector.
            ConnectNotStoppedError: The connector is not stopped, or not yet.
            ConnectError: The worker refused or did not answer.
        """
        body = [{"partition": dict(key), "offset": value} for key, value in offsets]
        self._change_offsets("PATCH", connector, "alter", {"offsets": body})

    def reset_offsets(self, connector: str) -> None:
        """Remove all offsets of a stopped connector, so that it starts as a new one.

        Args:
            connector: A STOPPED connector whose tasks have ended.

        Raises:
            ConnectNotFoundError: There is no such connector.
            ConnectNotStoppedError: The connector is not stopped, or not yet.
            ConnectError: The worker refused or did not answer.
        """
        self._change_offsets("DELETE", connector, "reset", None)

    def _change_offsets(
        self, method: str, connector: str, verb: str, body: Mapping[str, Any] | None
    ) -> None:
        attempted = f"{verb} the offsets of connector '{connector}'"
        try:
            self._ask(method, f"{_path(connector)}/offsets", attempted, json=body)
        except (ConnectInvalidConfigError, ConnectRefusedError) as error:
            # Connect gives no reason, and answers 400 as for a bad configuration.
            raise ConnectRefusedError(
                f"{error}. Are these its partitions? See the worker's log for more."
            ) from error

    def pause(self, connector: str) -> None:
        """Pause a connector; its tasks pause soon afterwards.

        Raises:
            ConnectError: The worker refused or did not answer.
        """
        self._ask("PUT", f"{_path(connector)}/pause", f"pause connector '{connector}'")

    def stop(self, connector: str) -> None:
        """Stop a connector; its tasks end soon afterwards.

        Raises:
            ConnectError: The worker refused or did not answer.
        """
        self._ask("PUT", f"{_path(connector)}/stop", f"stop connector '{connector}'")

    def resume(self, connector: str) -> None:
        """Resume a paused or stopped connector.

        Raises:
            ConnectError: The worker refused or did not answer.
        """
        self._ask(
            "PUT", f"{_path(connector)}/resume", f"resume connector '{connector}'"
        )

    def restart_failed(self, connector: str) -> None:
        """Restart a connector's failed parts; its other tasks keep running.

        Raises:
            ConnectError: The worker refused or did not answer.
        """
        what = f"restart the failed tasks of connector '{connector}'"
        self._restart(connector, what, only_failed="true")

    def restart_all(self, connector: str) -> None:
        """Restart a connector and all of its tasks.

        Raises:
            ConnectError: The worker refused or did not answer.
        """
        what = f"restart connector '{connector}' with its tasks"
        self._restart(connector, what, only_failed="false")

    def _restart(self, connector: str, what: str, *, only_failed: str) -> None:
        self._ask(
            "POST",
            f"{_path(connector)}/restart",
            what,
            params={"includeTasks": "true", "onlyFailed": only_failed},
        )

    def delete(self, connector: str) -> None:
        """Delete a connector; its offsets are kept.

        Raises:
            ConnectNotFoundError: There is no such connector.
            ConnectError: The worker refused or did not answer.
        """
        self._ask("DELETE", _path(connector), f"delete connector '{connector}'")

    def _ask(
        self,
        method: str,
        path: str,
        attempted: str,
        *,
        json: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Any:
        try:
            response = self._http.request(method, path, json=json, params=params)
        except httpx2.HTTPError as error:
            raise ConnectUnavailableError(
                f"Cannot {attempted}: no answer from Kafka Connect at {self._url} "
                f"({type(error).__name__}). Is the worker up?"
            ) from error
        if response.is_success:
            return response.json() if response.content else None
        kind, message = read_error_response(response)
        raise kind(
            f"Cannot {attempted}: Kafka Connect at {self._url} answers "
            f"{response.status_code}: {message}"
        )


def _path(connector: str) -> str:
    return f"/connectors/{quote(connector, safe='')}"


def _trace(part: Mapping[str, Any]) -> str | None:
    return without_values(part["trace"]) if part.get("trace") else None
