"""The connectors of Kafka Connect, until they run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from goodsflow.bootstrap.errors import ConnectorFailedError, DeclaredFileError
from goodsflow.bootstrap.outcome import Outcome
from goodsflow.bootstrap.waiting import wait_for
from goodsflow.connect import (
    ConnectClient,
    ConnectNotFoundError,
    ConnectorStatus,
    ConnectRebalancingError,
    ConnectUnavailableError,
)
from goodsflow.reconcile import Change, plan_connectors
from goodsflow.spec import Platform

_NOT_YET = (ConnectUnavailableError, ConnectRebalancingError)
_TRACE_LINES = 5
_HALTED = {"PAUSED", "STOPPED"}


def load_connector_configs(
    platform: Platform, folder: Path
) -> dict[str, dict[str, str]]:
    """Read the declared connectors' configurations from their files.

    Args:
        platform: The declaration.
        folder: Where ``platform.yaml`` is.

    Raises:
        DeclaredFileError: A file cannot be read, or is no flat JSON object.
    """
    return {
        name: _load(name, folder / connector.file)
        for name, connector in platform.connectors.items()
    }


def _load(name: str, path: Path) -> dict[str, str]:
    what = f"Cannot use {path} as the configuration of connector '{name}'"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DeclaredFileError(f"{what}: {error}") from error
    nested = [key for key, value in document.items() if isinstance(value, dict | list)]
    if nested:
        raise DeclaredFileError(
            f"{what}: {', '.join(nested)} is no plain value. The file holds the "
            "configuration itself, as PUT /connectors/<name>/config takes it."
        )
    # Connect keeps texts: what it returns is compared with them.
    return {key: _text(value) for key, value in document.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def await_worker(client: ConnectClient, timeout_seconds: float) -> None:
    """Wait until the worker answers and has joined its group.

    Raises:
        NotReadyInTimeError: It has not by then.
        ConnectError: It refused.
    """

    def ask() -> None:
        client.worker()
        client.connectors()

    wait_for(
        ask,
        "the Kafka Connect worker to be ready",
        timeout_seconds=timeout_seconds,
        # While it starts, it does not know its own paths yet.
        retry_on=(*_NOT_YET, ConnectNotFoundError),
    )


def make_connectors(
    client: ConnectClient,
    desired: Mapping[str, Mapping[str, str]],
    timeout_seconds: float = 60,
) -> Outcome:
    """Put the configurations that differ; restart what has failed of the others.

    A connector whose configuration is as declared, and that has not failed, is not
    touched.

    Args:
        client: A worker that is ready.
        desired: Configurations by the connectors' names.
        timeout_seconds: How long to try again while the workers rebalance.

    Raises:
        NotReadyInTimeError: The workers did not take a request in time.
        ConnectError: They refused.
    """

    def patiently(ask: Callable[[], Any]) -> Any:
        return wait_for(
            ask,
            "Kafka Connect to take a request",
            timeout_seconds=timeout_seconds,
            retry_on=_NOT_YET,
        )

    there = [name for name in patiently(client.connectors) if name in desired]
    actual = {name: patiently(partial(client.config, name)) for name in there}
    plan = plan_connectors(desired, actual)
    changes: list[Change[Any]] = list(plan.changes)
    for change in plan.changes:
        patiently(partial(client.put_config, change.name, change.desired))
    changed = {change.name for change in changes}
    for name in [name for name in there if name not in changed]:
        if patiently(partial(_has_failed, client, name)):
            patiently(partial(client.restart_failed, name))
            text = f"restart what has failed of connector '{name}'"
            changes.append(Change("connector", "update", name, desired[name], text))
    return Outcome({"connectors": len(desired)}, tuple(changes))


def _has_failed(client: ConnectClient, name: str) -> bool:
    try:
        return bool(client.status(name).failures)
    except ConnectNotFoundError:
        # Created a moment ago: it has not reported yet.
        return False


def await_running(
    client: ConnectClient,
    names: Iterable[str],
    timeout_seconds: float,
    *,
    settle_seconds: float = 5.0,
) -> list[ConnectorStatus]:
    """Wait until each connector and all its tasks run; return their states.

    Args:
        client: A worker that is ready.
        names: The connectors.
        timeout_seconds: For all of them together.
        settle_seconds: How long a failure from before a restart may still be shown.

    Raises:
        ConnectorFailedError: One has failed or is paused.
        NotReadyInTimeError: One does not run by then.
        ConnectError: The worker refused.
    """
    started = time.monotonic()

    def unmet(status: ConnectorStatus) -> str | None:
        is_settled = time.monotonic() - started > settle_seconds
        if status.failures and is_settled:
            raise ConnectorFailedError(
                f"{_first_lines(status)}\nThe whole trace is in the worker's log. Once "
                "the cause is gone, materialize the connectors again: that restarts "
                "what has failed."
            )
        if is_settled and _is_halted(status):
            raise ConnectorFailedError(
                f"{status}. Somebody has halted it: resume it with PUT "
                f"/connectors/{status.name}/resume."
            )
        return None if status.is_running else str(status)

    return [
        wait_for(
            partial(client.status, name),
            f"connector '{name}' to run",
            timeout_seconds=max(0, timeout_seconds - (time.monotonic() - started)),
            retry_on=(*_NOT_YET, ConnectNotFoundError),
            unmet=unmet,
        )
        for name in names
    ]


def _is_halted(status: ConnectorStatus) -> bool:
    return bool(_HALTED & {status.state, *(task.state for task in status.tasks)})


def _first_lines(status: ConnectorStatus) -> str:
    traces = ["\n".join(trace.splitlines()[:_TRACE_LINES]) for trace in status.failures]
    return f"Connector '{status.name}' has failed. " + "\n".join(traces)
