"""The connectors of Kafka Connect: apply changes, and wait until they run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from goodsflow.clients.connect import (
    ConnectClient,
    ConnectError,
    ConnectExistsError,
    ConnectNotFoundError,
    ConnectorStatus,
    ConnectRebalancingError,
    ConnectUnavailableError,
    InitialState,
)
from goodsflow.common.waiting import Deadline, wait_for
from goodsflow.desired_state.planning import (
    Change,
    ConfigValidations,
    ConnectorState,
    Plan,
    Target,
    plan_connectors,
)
from goodsflow.desired_state.planning.connectors import HIDDEN, RunState, masked
from goodsflow.desired_state.providers.errors import ConnectorFailedError, not_ready
from goodsflow.desired_state.providers.fragments import DeclarationFragment
from goodsflow.desired_state.providers.provider import Provider, Result, one_by_one

T = TypeVar("T")

_NOT_YET = (ConnectUnavailableError, ConnectRebalancingError)
_REBALANCE_SECONDS = 60.0
"""How long to retry while the workers rebalance."""
_TRACE_LINES = 5
_RUN_STATES: Mapping[str, RunState] = {"PAUSED": "paused", "STOPPED": "stopped"}


class ConnectorsProvider(Provider):
    """Sets configurations and run states, and waits until they are in effect.

    A connector whose configuration is equivalent to the declared one is not touched.

    Args:
        connect: Returns a client of the worker.
        desired: The declared connectors by name.
        scope: Patterns of names that are managed even if undeclared.
        ready_timeout_seconds: How long to wait for the worker.
        running_timeout_seconds: How long to wait until all connectors and tasks run.
    """

    target = Target("connectors")

    def __init__(
        self,
        connect: Callable[[], ConnectClient],
        desired: Mapping[str, ConnectorState],
        scope: Sequence[str],
        *,
        ready_timeout_seconds: float,
        running_timeout_seconds: float,
    ) -> None:
        self._connect = connect
        self._desired = desired
        self._scope = scope
        self._ready_timeout_seconds = ready_timeout_seconds
        self._running_timeout_seconds = running_timeout_seconds

    def await_ready(self) -> None:
        """Wait until the worker answers and has joined its group."""
        with self._connect() as client:
            await_worker(client, self._ready_timeout_seconds)

    def plan(self) -> Plan:
        """Compare the declared connectors with the worker's.

        Raises:
            ConnectError: The worker refused or did not answer.
        """
        with self._connect() as client:
            names = _while_rebalancing(client.connectors)
            found = {
                name: read_connector(client, name)
                for name in names
                if name in self._desired
            }
            return plan_connectors(
                self.target,
                self._desired,
                found,
                others=set(names) - self._desired.keys(),
                scope=self._scope,
                validations=self._validate(client, found),
            )

    def _validate(
        self, client: ConnectClient, found: Mapping[str, ConnectorState]
    ) -> ConfigValidations:
        """Have the worker validate the configurations that differ."""
        problems: dict[str, tuple[str, ...]] = {}
        equivalent = []
        for name, desired in self._desired.items():
            config = {**desired.config, "name": name}
            there = found.get(name)
            if there is not None and dict(there.config) == config:
                continue
            declared = client.validate(config)
            if declared.errors:
                problems[name] = declared.errors
            elif there is not None:
                current = client.validate(there.config)
                if not current.errors and declared.effective == current.effective:
                    equivalent.append(name)
        return ConfigValidations(problems, equivalent)

    def adopt(self) -> DeclarationFragment:
        """Return every connector, with its configuration as a file."""
        declared: dict[str, dict[str, str]] = {}
        files: dict[str, str] = {}
        secret: set[str] = set()
        with self._connect() as client:
            for name in _while_rebalancing(client.connectors):
                state = read_connector(client, name)
                path = f"connect-config/{quote(name, safe='')}.json"
                config = {k: v for k, v in state.config.items() if k != "name"}
                declared[name] = {"file": path, "state": state.run_state}
                text = json.dumps(config, ensure_ascii=False, indent=2)
                files[path] = text + "\n"
                if any(masked(key, value) == HIDDEN for key, value in config.items()):
                    secret.add(path)
        return DeclarationFragment({"connectors": declared}, files, frozenset(secret))

    def apply(self, changes: Sequence[Change]) -> Iterator[Result]:
        """Apply each change; retry while the workers rebalance."""
        with self._connect() as client:
            yield from one_by_one(changes, partial(_apply_patiently, client))

    def settle(self) -> Sequence[str]:
        """Restart what has failed, and wait until each connector is as declared.

        Raises:
            ConnectorFailedError: A connector failed, or is not in its declared state.
            NotReadyInTimeError: A connector does not run in time.
            ConnectError: The worker refused.
        """
        with self._connect() as client:
            there = set(_patiently(client.connectors))
            names = [name for name in self._desired if name in there]
            for name in names:
                if _patiently(partial(_has_failed, client, name)):
                    _patiently(partial(client.restart_failed, name))
            running = [n for n in names if self._desired[n].run_state == "running"]
            statuses = await_running(client, running, self._running_timeout_seconds)
            idle = [n for n in names if n not in running]
            return [
                *map(str, statuses),
                *(str(self._await_idle(client, name)) for name in idle),
            ]

    def _await_idle(self, client: ConnectClient, name: str) -> ConnectorStatus:
        run_state = self._desired[name].run_state
        return wait_for(
            partial(client.status, name),
            not_ready(f"connector '{name}' to be {run_state}"),
            timeout_seconds=self._running_timeout_seconds,
            # Just created, it has not reported its status yet.
            retry_on=(*_NOT_YET, ConnectNotFoundError),
            unmet=lambda status: (
                None if _RUN_STATES.get(status.state) == run_state else str(status)
            ),
        )


def _while_rebalancing(ask: Callable[[], T]) -> T:
    """Retry while the workers rebalance; fail if a worker does not answer."""
    return wait_for(
        ask,
        not_ready("Kafka Connect to finish rebalancing"),
        timeout_seconds=_REBALANCE_SECONDS,
        retry_on=(ConnectRebalancingError,),
    )


def _patiently(ask: Callable[[], T]) -> T:
    return wait_for(
        ask,
        not_ready("Kafka Connect to accept a request"),
        timeout_seconds=_REBALANCE_SECONDS,
        retry_on=_NOT_YET,
    )


def read_connector(client: ConnectClient, name: str) -> ConnectorState:
    """Return a connector's actual state.

    Raises:
        ConnectError: The worker refused or did not answer.
    """
    config = _while_rebalancing(partial(client.config, name))
    try:
        state = _while_rebalancing(partial(client.status, name)).state
    except ConnectNotFoundError:
        # Just created, it has not reported its status yet.
        state = "RUNNING"
    return ConnectorState(config, _RUN_STATES.get(state, "running"))


def _apply_patiently(client: ConnectClient, change: Change) -> None:
    done = _ALREADY_DONE.get(change.action, ())
    is_in_doubt = False

    def ask() -> None:
        nonlocal is_in_doubt
        try:
            _apply(client, change)
        except ConnectUnavailableError:
            is_in_doubt = True
            raise
        except done:
            # An earlier request, whose answer was lost, did it.
            if not is_in_doubt:
                raise

    _patiently(ask)


_ALREADY_DONE: Mapping[str, tuple[type[ConnectError], ...]] = {
    "create": (ConnectExistsError,),
    "delete": (ConnectNotFoundError,),
}
"""How a worker answers a request that it has carried out already, by action."""


def _apply(client: ConnectClient, change: Change) -> None:
    if change.action == "delete":
        client.delete(change.name)
        return
    desired: ConnectorState = change.desired
    if change.action == "create":
        client.create(change.name, desired.config, _INITIAL_STATES[desired.run_state])
    elif any(difference.field == "state" for difference in change.differences):
        _SET_RUN_STATE[desired.run_state](client, change.name)
    else:
        client.put_config(change.name, desired.config)


_INITIAL_STATES: Mapping[RunState, InitialState] = {
    "running": "RUNNING",
    "paused": "PAUSED",
    "stopped": "STOPPED",
}
_SET_RUN_STATE: Mapping[RunState, Callable[[ConnectClient, str], None]] = {
    "running": ConnectClient.resume,
    "paused": ConnectClient.pause,
    "stopped": ConnectClient.stop,
}


def _has_failed(client: ConnectClient, name: str) -> bool:
    try:
        return bool(client.status(name).failures)
    except ConnectNotFoundError:
        return False


def await_worker(client: ConnectClient, timeout_seconds: float) -> None:
    """Wait until the worker answers and has joined its group.

    Raises:
        NotReadyInTimeError: It has not within the time limit.
        ConnectError: It refused.
    """

    def ask() -> None:
        client.worker()
        client.connectors()

    wait_for(
        ask,
        not_ready("the Kafka Connect worker to be ready"),
        timeout_seconds=timeout_seconds,
        # A starting worker answers 404 to everything.
        retry_on=(*_NOT_YET, ConnectNotFoundError),
    )


def await_running(
    client: ConnectClient,
    names: Iterable[str],
    timeout_seconds: float,
    *,
    settle_seconds: float = 5.0,
) -> list[ConnectorStatus]:
    """Wait until each connector and all its tasks run; return their statuses.

    Args:
        client: A worker that is ready.
        names: The connectors.
        timeout_seconds: The time limit for all of them together.
        settle_seconds: How long a failure from before a restart may still show.

    Raises:
        ConnectorFailedError: A connector has failed or is paused.
        NotReadyInTimeError: A connector does not run in time.
        ConnectError: The worker refused.
    """
    deadline, settled = Deadline(timeout_seconds), Deadline(settle_seconds)

    def unmet(status: ConnectorStatus) -> str | None:
        if status.failures and settled.is_over:
            raise ConnectorFailedError(
                f"{_first_lines(status)}\nThe whole trace is in the worker's log. Fix "
                "the cause, then run `goodsflow apply` or materialize the connectors "
                "again: both restart what has failed."
            )
        if settled.is_over and _is_halted(status):
            raise ConnectorFailedError(
                f"{status}. Somebody has paused or stopped it. Resume it with "
                "`goodsflow apply`, or declare its state."
            )
        return None if status.is_running else str(status)

    return [
        wait_for(
            partial(client.status, name),
            not_ready(f"connector '{name}' to run"),
            timeout_seconds=deadline.remaining,
            retry_on=(*_NOT_YET, ConnectNotFoundError),
            unmet=unmet,
        )
        for name in names
    ]


def _is_halted(status: ConnectorStatus) -> bool:
    return bool(
        _RUN_STATES.keys() & {status.state, *(task.state for task in status.tasks)}
    )


def _first_lines(status: ConnectorStatus) -> str:
    traces = ["\n".join(trace.splitlines()[:_TRACE_LINES]) for trace in status.failures]
    return f"Connector '{status.name}' has failed. " + "\n".join(traces)
