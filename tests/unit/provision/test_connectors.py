"""Putting connectors and waiting until they run, on a hand-written worker."""

from pathlib import Path

import pytest

from goodsflow.bootstrap import (
    ConnectorFailedError,
    NotReadyInTimeError,
    await_running,
    await_worker,
    load_connector_configs,
    make_connectors,
)
from goodsflow.bootstrap.errors import DeclaredFileError
from goodsflow.connect import (
    ConnectClient,
    ConnectInvalidConfigError,
    ConnectNotFoundError,
    ConnectorStatus,
    ConnectRebalancingError,
    ConnectUnavailableError,
    TaskStatus,
    WorkerInfo,
)
from goodsflow.endpoints import PROJECT_ROOT
from goodsflow.errors import GoodsflowError
from goodsflow.spec import load_platform

CONFIG = {"connector.class": "org.example.Sink"}


def status(name: str, *task_states: str, state: str = "RUNNING") -> ConnectorStatus:
    """Return the status of a connector whose tasks are in these states."""
    tasks = tuple(
        TaskStatus(i, s, "worker", "boom\nat Sink" if s == "FAILED" else None)
        for i, s in enumerate(task_states)
    )
    return ConnectorStatus(name, state, "worker", None, tasks)


class FakeConnect(ConnectClient):
    """A worker that keeps configurations, and answers statuses in turn."""

    def __init__(self, *answers: ConnectorStatus | GoodsflowError) -> None:
        """Remember the statuses to answer; the last one is answered for ever."""
        self.configs: dict[str, dict[str, str]] = {}
        self.calls: list[str] = []
        self.faults: list[GoodsflowError] = []
        self.answers = list(answers)

    def _maybe_fail(self) -> None:
        if self.faults:
            raise self.faults.pop(0)

    def worker(self) -> WorkerInfo:
        """Fail, or answer."""
        self._maybe_fail()
        return WorkerInfo("3.9.2", "id")

    def connectors(self) -> list[str]:
        """Name what is kept."""
        return sorted(self.configs)

    def config(self, connector: str) -> dict[str, str]:
        """Return what is kept."""
        return self.configs[connector]

    def put_config(self, connector: str, config: object) -> None:
        """Fail, or keep it."""
        self._maybe_fail()
        assert isinstance(config, dict)
        self.calls.append(f"put {connector}")
        self.configs[connector] = dict(config)

    def status(self, connector: str) -> ConnectorStatus:  # noqa: ARG002
        """Answer the next status."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, GoodsflowError):
            raise answer
        return answer

    def restart_failed(self, connector: str) -> None:
        """Note the call."""
        self.calls.append(f"restart {connector}")


def test_a_second_run_puts_nothing() -> None:
    """A put restarts every task, changed or not."""
    worker = FakeConnect(status("sink", "RUNNING"))

    first = make_connectors(worker, {"sink": CONFIG})
    second = make_connectors(worker, {"sink": CONFIG})

    assert [str(change) for change in first.changes] == [
        "create connector 'sink' (Sink)"
    ]
    assert not second.changes
    assert worker.calls == ["put sink"]


def test_a_put_is_tried_again_while_the_workers_rebalance() -> None:
    """A worker answers 409 for some seconds after it has started."""
    worker = FakeConnect(status("sink", "RUNNING"))
    worker.faults = [ConnectRebalancingError("busy"), ConnectUnavailableError("late")]

    make_connectors(worker, {"sink": CONFIG})

    assert worker.calls == ["put sink"]


def test_an_invalid_configuration_is_not_tried_again() -> None:
    """Waiting would hide for a minute what only a person can put right."""
    worker = FakeConnect(status("sink", "RUNNING"))
    worker.faults = [ConnectInvalidConfigError("no such class")] * 2

    with pytest.raises(ConnectInvalidConfigError, match="no such class"):
        make_connectors(worker, {"sink": CONFIG})

    assert len(worker.faults) == 1


def test_what_has_failed_before_is_restarted() -> None:
    """Otherwise a rerun after an outage would need somebody at the REST API."""
    worker = FakeConnect(status("sink", "FAILED"))
    worker.configs = {"sink": {**CONFIG, "name": "sink"}}

    outcome = make_connectors(worker, {"sink": CONFIG})

    assert worker.calls == ["restart sink"]
    assert [str(change) for change in outcome.changes] == [
        "restart what has failed of connector 'sink'"
    ]


def test_waiting_ends_once_everything_runs() -> None:
    """A connector is unknown, then has no tasks, then one that is not assigned."""
    worker = FakeConnect(
        ConnectNotFoundError("not yet"),
        status("sink"),
        status("sink", "UNASSIGNED"),
        status("sink", "RUNNING"),
    )
    (last,) = await_running(worker, ["sink"], timeout_seconds=10)
    assert last.is_running


def test_a_failed_task_ends_the_wait_with_its_trace() -> None:
    """Waiting two minutes for a task that is dead helps nobody."""
    worker = FakeConnect(status("sink", "RUNNING", "FAILED"))

    with pytest.raises(ConnectorFailedError, match="task 1: boom\nat Sink"):
        await_running(worker, ["sink"], timeout_seconds=10, settle_seconds=0)


def test_a_halted_connector_is_named_as_such() -> None:
    """It would never run, however long one waits."""
    worker = FakeConnect(status("sink", "PAUSED", state="PAUSED"))

    with pytest.raises(ConnectorFailedError, match="Somebody has halted it"):
        await_running(worker, ["sink"], timeout_seconds=10, settle_seconds=0)


def test_a_worker_that_never_answers_is_given_up_with_the_reason() -> None:
    """A wait without a deadline hangs the whole bootstrap."""
    worker = FakeConnect(status("sink"))
    worker.faults = [ConnectUnavailableError("nobody there")] * 100

    with pytest.raises(NotReadyInTimeError, match="to be ready: nobody there"):
        await_worker(worker, timeout_seconds=0)


def test_the_declared_files_are_flat_texts() -> None:
    """Connect returns texts: a number would differ from itself at each run."""
    platform = load_platform(PROJECT_ROOT / "platform.yaml")
    configs = load_connector_configs(platform, PROJECT_ROOT)
    assert set(configs) == set(platform.connectors)
    assert all(isinstance(v, str) for c in configs.values() for v in c.values())


def test_a_nested_file_is_refused(tmp_path: Path) -> None:
    """Connect's other form, with name and config, would be put as it is."""
    platform = load_platform(PROJECT_ROOT / "platform.yaml")
    (tmp_path / "connect-config").mkdir()
    for connector in platform.connectors.values():
        (tmp_path / connector.file).write_text('{"name": "x", "config": {"a": 1}}')
    with pytest.raises(DeclaredFileError, match="config is no plain value"):
        load_connector_configs(platform, tmp_path)
