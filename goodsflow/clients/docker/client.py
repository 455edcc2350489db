"""A plain client of the Docker engine's API: it inspects and restarts containers.

https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx2

from goodsflow.clients.docker.errors import EngineRefusedError, EngineUnavailableError
from goodsflow.common.closeable import Closeable
from goodsflow.model.endpoints import ContainerEngine

_PROJECT = "com.docker.compose.project"
_SERVICE = "com.docker.compose.service"
_NUMBER = "com.docker.compose.container-number"
_ONE_OFF = "com.docker.compose.oneoff"

_TAIL = "stdout=1&stderr=1&tail=1000"
"""The proxy in front of the engine allows only this query."""

_RESTART_SECONDS = 60.0
"""The engine answers only once the container has stopped and started."""

_FRAME = struct.Struct(">BxxxI")


@dataclass(frozen=True)
class Container:
    """The state of a container.

    Attributes:
        service: Its service in the Compose file. If a service has several containers,
            all but the first have their number appended.
        status: created, running, paused, restarting, removing, exited or dead.
        health: starting, healthy or unhealthy; empty if it has no health check.
        health_output: The output of the last health check.
        pid: Its process ID on the engine's host; None if it is not running.
        started_at: When it last started, in seconds since the epoch; None if it is not
            running.
        restarts: How often the engine restarted it.
        is_one_shot: Whether it is meant to exit and not to be restarted.
    """

    service: str
    status: str
    health: str
    health_output: str
    pid: int | None
    started_at: float | None
    restarts: int
    exit_code: int
    out_of_memory: bool
    error: str
    is_one_shot: bool


class EngineClient(Closeable):
    """A client for one project's containers. Its constructor does not connect.

    Use it as a context manager, or close it.
    """

    def __init__(self, engine: ContainerEngine, timeout_seconds: float = 10) -> None:
        """Prepare the client; the engine's URL may be a socket."""
        socket = engine.url.removeprefix("unix://")
        is_socket = socket != engine.url
        self._url = engine.url
        self._project = engine.project
        self._timeout_seconds = timeout_seconds
        self._http = httpx2.Client(
            base_url="http://engine" if is_socket else engine.url,
            transport=httpx2.HTTPTransport(uds=socket) if is_socket else None,
            timeout=timeout_seconds,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def containers(self) -> list[Container]:
        """Return the containers of the project's services, without one-off containers.

        Raises:
            EngineUnavailableError: The engine gives no valid answer.
            EngineRefusedError: The engine or its proxy refused.
        """
        return list(self._containers())

    def log_tail(self, service: str) -> str:
        """Return the last log lines of a service's first container.

        Raises:
            EngineUnavailableError: The engine gives no valid answer.
            EngineRefusedError: The engine or its proxy refused.
        """
        response = self._ask("GET", f"{self._path(service)}/logs?{_TAIL}")
        return "" if response is None else _without_frames(response.content)

    def restart(self, service: str) -> None:
        """Restart a service's first container.

        Raises:
            EngineUnavailableError: The engine gives no valid answer.
            EngineRefusedError: There is no such container, or the engine or its proxy
                refused.
        """
        path = f"{self._path(service)}/restart"
        if self._ask("POST", path, timeout_seconds=_RESTART_SECONDS) is None:
            raise EngineRefusedError(
                f"The Docker engine at {self._url} has no container for {path}."
            )

    def _path(self, service: str) -> str:
        return f"/containers/{self._project}-{service}-1"

    def _containers(self) -> Iterator[Container]:
        label = f"{_PROJECT}={self._project}"
        filters = json.dumps({"label": [label]}, separators=(",", ":"))
        listed = self._get("/containers/json", {"all": "1", "filters": filters})
        for entry in listed:
            if entry["Labels"].get(_ONE_OFF) == "True" or not entry["Names"]:
                continue
            # If it is gone by now, the next call sees its successor.
            inspected = self._get(f"/containers{entry['Names'][0]}/json")
            if inspected is not None:
                yield _container(inspected)

    def _get(self, path: str, parameters: dict[str, str] | None = None) -> Any:
        response = self._ask("GET", path, parameters)
        try:
            return None if response is None else response.json()
        except ValueError as error:
            raise EngineUnavailableError(
                f"The Docker engine at {self._url} answers {path}, but not with JSON: "
                f"{error}"
            ) from error

    def _ask(
        self,
        method: str,
        path: str,
        parameters: dict[str, str] | None = None,
        timeout_seconds: float | None = None,
    ) -> httpx2.Response | None:
        """Return the response; None if there is nothing of that name."""
        seconds = timeout_seconds or self._timeout_seconds
        try:
            response = self._http.request(
                method, path, params=parameters, timeout=seconds
            )
            if response.status_code == httpx2.codes.NOT_FOUND:
                return None
            if response.is_client_error:
                raise EngineRefusedError(
                    f"The Docker engine at {self._url} refuses {method} {path}: "
                    f"{response.status_code} {response.text.strip()[:200]}"
                )
            return response.raise_for_status()
        except httpx2.HTTPError as error:
            raise EngineUnavailableError(
                f"The Docker engine at {self._url} does not answer: "
                f"{error or type(error).__name__}"
            ) from error


def _container(inspected: dict[str, Any]) -> Container:
    state = inspected["State"]
    labels = inspected["Config"]["Labels"]
    health = state.get("Health") or {}
    checks = health.get("Log") or []
    number = labels.get(_NUMBER, "1")
    service = labels.get(_SERVICE, inspected["Name"].lstrip("/"))
    runs = bool(state["Running"]) and not state["Restarting"]
    policy = inspected["HostConfig"].get("RestartPolicy", {}).get("Name", "")
    return Container(
        service=service if number == "1" else f"{service}-{number}",
        status=state["Status"],
        health=health.get("Status", "").replace("none", ""),
        health_output=checks[-1]["Output"].strip() if checks else "",
        pid=state["Pid"] if runs else None,
        started_at=(
            datetime.fromisoformat(state["StartedAt"]).timestamp() if runs else None
        ),
        restarts=inspected["RestartCount"],
        exit_code=state["ExitCode"],
        out_of_memory=state["OOMKilled"],
        error=state["Error"],
        is_one_shot=policy in {"", "no"},
    )


def _without_frames(stream: bytes) -> str:
    """Return the text of a container's output, which is split into frames.

    https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
    """
    texts, position = [], 0
    while position + _FRAME.size <= len(stream):
        _, length = _FRAME.unpack_from(stream, position)
        position += _FRAME.size
        texts.append(stream[position : position + length])
        position += length
    return b"".join(texts).decode(errors="replace")
