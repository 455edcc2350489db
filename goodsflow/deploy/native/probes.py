"""Readiness probes. Each asks the part itself; an open port proves nothing."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, TypeVar

import httpx2

from goodsflow.model.endpoints import ClusterName, Endpoints, EndpointsError

_T = TypeVar("_T")
PROBE_SECONDS = 4.0
"""How long one request may take."""


class NotReadyError(Exception):
    """A part is not ready; the text is the reason."""


def zookeeper(host: str, port: int) -> None:
    """Check that ZooKeeper serves requests (its answer to ``srvr`` has its mode).

    Raises:
        NotReadyError: It does not.
    """
    try:
        with socket.create_connection(
            (host, port), timeout=PROBE_SECONDS
        ) as connection:
            connection.sendall(b"srvr")
            answer = b""
            while chunk := connection.recv(4096):
                answer += chunk
    except OSError as error:
        raise NotReadyError(f"does not answer on {host}:{port}: {error}") from error
    if b"Mode: " not in answer:
        raise NotReadyError(f"does not serve yet: {answer.decode(errors='replace')!r}")


def broker(
    endpoints: Endpoints, cluster: ClusterName, address: str, broker_id: int
) -> Callable[[], None]:
    """Return a check that a broker accepts the admin's login and is in the cluster."""

    def check() -> None:
        from goodsflow.clients.kafka.config import client_config
        from goodsflow.clients.kafka.login import try_login

        try:
            config = client_config(endpoints, cluster, "admin")
        except EndpointsError as error:
            raise NotReadyError(str(error)) from error
        result = try_login(config | {"bootstrap.servers": address}, PROBE_SECONDS)
        if result.error:
            raise NotReadyError(result.error)
        if broker_id not in result.broker_ids:
            raise NotReadyError(f"broker {broker_id} has not joined the cluster yet")

    return check


def http_ok(url: str) -> None:
    """Check that a health URL answers with status 200.

    Raises:
        NotReadyError: It does not.
    """
    _get(url)


def namenode(webhdfs_url: str) -> None:
    """Check that the NameNode is active and out of safe mode.

    Raises:
        NotReadyError: It is not.
    """
    state = _bean(webhdfs_url, "Hadoop:service=NameNode,name=NameNodeStatus")
    if state.get("State") != "active":
        raise NotReadyError(f"is not active but {state.get('State')}")
    info = _bean(webhdfs_url, "Hadoop:service=NameNode,name=NameNodeInfo")
    if info.get("Safemode"):
        raise NotReadyError(f"is in safe mode: {info['Safemode']}")


def datanode(webhdfs_url: str, address: str) -> None:
    """Check that the NameNode lists this DataNode as live.

    Raises:
        NotReadyError: It does not.
    """
    import json

    info = _bean(webhdfs_url, "Hadoop:service=NameNode,name=NameNodeInfo")
    living = json.loads(info.get("LiveNodes", "{}")).values()
    node = next((n for n in living if n["xferaddr"] == address), None)
    if node is None:
        raise NotReadyError("the NameNode does not list it as live")
    if node["lastContact"] > _MAX_SILENCE_SECONDS:
        raise NotReadyError(f"its last heartbeat was {node['lastContact']} s ago")


_MAX_SILENCE_SECONDS = 12
"""The time of four heartbeats: a DataNode sends one every 3 s."""


def spark_master(ui_url: str) -> None:
    """Check that the master is alive.

    Raises:
        NotReadyError: It is not.
    """
    status = _read(f"{ui_url}/json/", lambda answer: answer["status"])
    if status != "ALIVE":
        raise NotReadyError(f"is {status}")


def spark_worker(master_ui_url: str, port: int) -> None:
    """Check that the master lists this worker as alive.

    Raises:
        NotReadyError: It does not.
    """
    alive = _read(
        f"{master_ui_url}/json/",
        lambda answer: [w["port"] for w in answer["workers"] if w["state"] == "ALIVE"],
    )
    if port not in alive:
        raise NotReadyError("the master does not list it as alive")


def spark_connect(master_ui_url: str, address: str) -> None:
    """Check that the server accepts calls and its application has an executor.

    Raises:
        NotReadyError: One of the two is missing.
    """
    import grpc

    with grpc.insecure_channel(address) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=PROBE_SECONDS)
        except grpc.FutureTimeoutError as error:
            raise NotReadyError(f"does not accept calls on {address}") from error
    states = _read(
        f"{master_ui_url}/json/",
        lambda answer: [
            app["state"]
            for app in answer["activeapps"]
            if app["name"] == _SPARK_APPLICATION
        ],
    )
    if "RUNNING" not in states:
        raise NotReadyError(
            f"its application is {states[0] if states else 'not registered'}"
        )


_SPARK_APPLICATION = "goodsflow-connect"
"""The name that ``containers/spark/run.sh`` gives the server's application."""


def connect_worker(url: str) -> None:
    """Check that the worker serves its REST API, has its plugins and is in its group.

    Raises:
        NotReadyError: It does not.
    """
    plugins = _read(
        f"{url}/connector-plugins",
        lambda answer: {plugin["class"].rpartition(".")[2] for plugin in answer},
    )
    missing = {"MirrorSourceConnector", "HdfsSinkConnector"} - plugins
    if missing:
        raise NotReadyError(f"has not loaded {', '.join(sorted(missing))}")
    _get(f"{url}/connectors")


def dagster_webserver(url: str) -> None:
    """Check that the webserver has loaded the project.

    Raises:
        NotReadyError: It has not.
    """
    from goodsflow.clients.dagster.client import DagsterClient, DagsterError

    try:
        DagsterClient(url, PROBE_SECONDS).check_loaded()
    except DagsterError as error:
        raise NotReadyError(str(error)) from error


def dagster_daemon(url: str) -> None:
    """Check that every required daemon has sent a heartbeat recently.

    Raises:
        NotReadyError: One has not.
    """
    from goodsflow.clients.dagster.client import DagsterClient, DagsterError

    try:
        unhealthy = DagsterClient(url, PROBE_SECONDS).unhealthy_daemons()
    except DagsterError as error:
        raise NotReadyError(f"its state is unknown: {error}") from error
    if unhealthy:
        raise NotReadyError(f"no heartbeat from {', '.join(unhealthy)}")


def _get(url: str) -> httpx2.Response:
    try:
        response = httpx2.get(url, timeout=PROBE_SECONDS, trust_env=False)
    except httpx2.HTTPError as error:
        raise NotReadyError(f"does not answer on {url}: {error}") from error
    if response.status_code != httpx2.codes.OK:
        text = " ".join(response.text.split())[:200]
        raise NotReadyError(f"{url} answers {response.status_code}: {text}")
    return response


def _bean(webhdfs_url: str, query: str) -> dict[str, Any]:
    beans: list[dict[str, Any]] = _read(
        f"{webhdfs_url}/jmx?qry={query}", lambda answer: answer["beans"]
    )
    if not beans:
        raise NotReadyError("has not published its state yet")
    return beans[0]


def _read(url: str, pick: Callable[[Any], _T]) -> _T:
    """Pick a value from a JSON answer; another program may be using the port."""
    response = _get(url)
    try:
        return pick(response.json())
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise NotReadyError(
            f"unexpected answer from {url}: does another program use the port?"
        ) from error
