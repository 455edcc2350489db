"""Applying connectors and waiting until they run, with a fake worker."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from goodsflow.clients.connect import (
    ConnectClient,
    ConnectExistsError,
    ConnectInvalidConfigError,
    ConnectNotFoundError,
    ConnectorStatus,
    ConnectRebalancingError,
    ConnectUnavailableError,
    InitialState,
    TaskStatus,
    Validation,
    WorkerInfo,
)
from goodsflow.common.errors import GoodsflowError
from goodsflow.desired_state.planning import Change, ConnectorState
from goodsflow.desired_state.planning.plan import Action
from goodsflow.desired_state.providers.connectors import (
    ConnectorsProvider,
    await_running,
    await_worker,
)
from goodsflow.desired_state.providers.declared_files import load_connectors
from goodsflow.desired_state.providers.errors import (
    ConnectorFailedError,
    DeclaredFileError,
    NotReadyInTimeError,
)
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.model.spec import load_platform

CONFIG = {"connector.class": "org.example.Sink"}
SINK = ConnectorState(CONFIG, "running")


def status(name: str, *task_states: str, state: str = "RUNNING") -> ConnectorStatus:
    """Return the status of a connector whose tasks are in these states."""
    tasks = tuple(
        TaskStatus(i, s, "worker", "boom\nat Sink" if s == "FAILED" else None)
        for i, s in enumerate(task_states)
    )
    return ConnectorStatus(name, state, "worker", None, tasks)


class FakeConnect(ConnectClient):
    """A worker that stores configurations and returns given statuses."""

    def __init__(self, *answers: ConnectorStatus | GoodsflowError) -> None:
        """Set the statuses to return; the last one is repeated."""
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
        """Return the stored names."""
        return sorted(self.configs)

    def config(self, connector: str) -> dict[str, str]:
        """Return the stored configuration."""
        return self.configs[connector]

    def close(self) -> None:
        """Stay open."""

    def validate(self, config: Mapping[str, str]) -> Validation:
        """Accept it, with a default filled in."""
        self.calls.append("validate")
        return Validation((), {"tasks.max": "1", **config})

    def create(
        self, connector: str, config: Mapping[str, str], state: InitialState = "RUNNING"
    ) -> None:
        """Fail, or store it."""
        self._maybe_fail()
        self.calls.append(f"create {connector} {state}")
        self.configs[connector] = {**config, "name": connector}

    def delete(self, connector: str) -> None:
        """Fail, or delete it."""
        self._maybe_fail()
        self.calls.append(f"delete {connector}")
        del self.configs[connector]

    def put_config(self, connector: str, config: Mapping[str, str]) -> None:
        """Fail, or store it."""
        self._maybe_fail()
        self.calls.append(f"put {connector}")
        self.configs[connector] = dict(config)

    def status(self, connector: str) -> ConnectorStatus:  # noqa: ARG002
        """Return the next status."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, GoodsflowError):
            raise answer
        return answer

    def restart_failed(self, connector: str) -> None:
        """Note the call."""
        self.calls.append(f"restart {connector}")


def provider(worker: FakeConnect) -> ConnectorsProvider:
    """Return the provider of the one declared connector."""
    return ConnectorsProvider(
        lambda: worker,
        {"sink": SINK},
        (),
        ready_timeout_seconds=1,
        running_timeout_seconds=1,
    )


def apply(worker: FakeConnect) -> list[GoodsflowError | None]:
    """Apply the plan, and return each change's error."""
    provides = provider(worker)
    return [r.error for r in provides.apply(provides.plan().changes)]


def test_a_second_run_asks_and_puts_nothing() -> None:
    """An update restarts every task, changed or not."""
    worker = FakeConnect(status("sink", "RUNNING"))

    assert apply(worker) == [None]
    calls = list(worker.calls)
    assert apply(worker) == []

    assert calls == ["validate", "create sink RUNNING"]
    assert worker.calls == calls


def test_a_default_that_is_spelt_out_is_no_difference() -> None:
    """Otherwise its tasks would restart for nothing."""
    worker = FakeConnect(status("sink", "RUNNING"))
    worker.configs = {"sink": {**CONFIG, "name": "sink", "tasks.max": "1"}}
    assert provider(worker).plan().is_empty

    worker.configs["sink"]["tasks.max"] = "2"
    (change,) = provider(worker).plan().changes
    assert change.what == "update connector sink: tasks.max: 2 -> removed"


def test_a_put_is_tried_again_while_the_workers_rebalance() -> None:
    """A worker answers 409 for some seconds after its start."""
    worker = FakeConnect(status("sink", "RUNNING"))
    worker.faults = [ConnectRebalancingError("busy"), ConnectUnavailableError("late")]

    assert apply(worker) == [None]

    assert worker.calls[-1] == "create sink RUNNING"


@pytest.mark.parametrize(
    ("action", "again"),
    [("create", ConnectExistsError), ("delete", ConnectNotFoundError)],
)
def test_what_was_done_although_its_answer_was_late_is_done(
    action: Action, again: type[GoodsflowError]
) -> None:
    """Otherwise a slow worker would fail the bootstrap."""
    change = Change(ConnectorsProvider.target, action, "sink", desired=SINK)
    late, busy = ConnectUnavailableError("late"), ConnectRebalancingError("busy")
    worker = FakeConnect(status("sink", "RUNNING"))

    worker.faults = [late, busy, again("sink")]
    (result,) = provider(worker).apply([change])
    assert result.error is None

    # Nobody of ours can have done it.
    worker.faults = [busy, again("sink")]
    (result,) = provider(worker).apply([change])
    assert isinstance(result.error, again)


def test_an_invalid_configuration_is_not_tried_again() -> None:
    """Waiting would hide for a minute what the operator must fix."""
    worker = FakeConnect(status("sink", "RUNNING"))
    worker.faults = [ConnectInvalidConfigError("no such class")] * 2

    (error,) = apply(worker)

    assert "no such class" in str(error)
    assert len(worker.faults) == 1


def test_what_has_failed_before_is_restarted() -> None:
    """Otherwise a rerun after an outage would not repair it."""
    worker = FakeConnect(status("sink", "FAILED"), status("sink", "RUNNING"))
    worker.configs = {"sink": {**CONFIG, "name": "sink"}}

    (line,) = provider(worker).settle()

    assert worker.calls == ["restart sink"]
    assert line == "connector 'sink' RUNNING, task 0 RUNNING"


def test_waiting_ends_once_everything_runs() -> None:
    """At first a connector is unknown, has no tasks, or an unassigned one."""
    worker = FakeConnect(
        ConnectNotFoundError("not yet"),
        status("sink"),
        status("sink", "UNASSIGNED"),
        status("sink", "RUNNING"),
    )
    (last,) = await_running(worker, ["sink"], timeout_seconds=10)
    assert last.is_running


def test_a_failed_task_ends_the_wait_with_its_trace() -> None:
    """Waiting two minutes for a failed task helps nobody."""
    worker = FakeConnect(status("sink", "RUNNING", "FAILED"))

    with pytest.raises(ConnectorFailedError, match="task 1: boom\nat Sink"):
        await_running(worker, ["sink"], timeout_seconds=10, settle_seconds=0)


def test_a_paused_connector_is_named_as_such() -> None:
    """It would never run."""
    worker = FakeConnect(status("sink", "PAUSED", state="PAUSED"))

    with pytest.raises(ConnectorFailedError, match="Somebody has paused or stopped it"):
        await_running(worker, ["sink"], timeout_seconds=10, settle_seconds=0)


def test_a_worker_that_never_answers_is_given_up_with_the_reason() -> None:
    """A wait without a deadline hangs the whole bootstrap."""
    worker = FakeConnect(status("sink"))
    worker.faults = [ConnectUnavailableError("nobody there")] * 100

    with pytest.raises(NotReadyInTimeError, match="to be ready: nobody there"):
        await_worker(worker, timeout_seconds=0)


def test_the_declared_files_are_flat_texts() -> None:
    """Connect returns strings: a number would always be a difference."""
    platform = load_platform(PROJECT_ROOT / "platform.yaml")
    states = load_connectors(platform, PROJECT_ROOT)
    assert set(states) == set(platform.connectors)
    assert all(isinstance(v, str) for s in states.values() for v in s.config.values())


def test_a_nested_file_is_refused(tmp_path: Path) -> None:
    """Connect's other form, with name and config, would be sent as it is."""
    platform = load_platform(PROJECT_ROOT / "platform.yaml")
    (tmp_path / "connect-config").mkdir()
    for connector in platform.connectors.values():
        (tmp_path / connector.file).write_text('{"name": "x", "config": {"a": 1}}')
    with pytest.raises(
        DeclaredFileError,
        match="expected plain values, found objects or lists in config",
    ):
        load_connectors(platform, tmp_path)
