"""`goodsflow connector`: its output, its questions and its errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from goodsflow.cli import connector
from goodsflow.cli.main import cli
from goodsflow.clients.connect import (
    ConnectInvalidOffsetsError,
    ConnectNotFoundError,
    ConnectorStatus,
    Offset,
    OffsetChange,
    TaskStatus,
)

TRACE = "ConnectException: boom\n\tat a.B"


class FakeConnect:
    """A worker with one sink."""

    def __init__(self, *states: str) -> None:
        """Have tasks in these states."""
        self.states, self.done = states or ("RUNNING",), list[object]()
        self.offset, self.kind = 5, "sink"

    def __enter__(self) -> FakeConnect:
        """Be the client."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def connectors(self) -> list[str]:
        """Name it."""
        return ["sink"]

    def config(self, _: str) -> dict[str, str]:
        """Be the HDFS sink."""
        return {"connector.class": "org.goodsflow.connect.hdfs.HdfsSinkConnector"}

    def status(self, name: str) -> ConnectorStatus:
        """Tell the tasks' states."""
        tasks = [
            TaskStatus(n, state, "w", TRACE if state == "FAILED" else None)
            for n, state in enumerate(self.states)
        ]
        return ConnectorStatus(name, "RUNNING", "w", None, tuple(tasks), self.kind)

    def offsets(self, _: str) -> list[Offset]:
        """Tell one."""
        key = {"kafka_topic": "goods", "kafka_partition": 0}
        return [(key, {"kafka_offset": self.offset})]

    def stop(self, _: str) -> None:
        """Keep it."""
        self.done.append("stop")

    def resume(self, _: str) -> None:
        """Keep it."""
        self.done.append("resume")

    def alter_offsets(self, _: str, changes: list[OffsetChange]) -> None:
        """Keep the last one."""
        assert changes[-1][1] is not None
        self.offset = changes[-1][1]["kafka_offset"]

    def restart_failed(self, _: str) -> None:
        """Keep it."""
        self.done.append("restart failed")


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> FakeConnect:
    """The worker that is asked."""
    worker = FakeConnect("RUNNING", "FAILED")
    monkeypatch.setattr(connector, "_client", lambda _: worker)
    return worker


def run(*arguments: str, answer: str | None = None) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(cli, ["connector", *arguments], input=answer)


def test_the_list_shows_failures(worker: FakeConnect) -> None:
    """A connector is RUNNING even if one of its tasks has failed."""
    assert worker
    shown = run("list").stdout.splitlines()
    assert shown[1].split(maxsplit=2)[:2] == ["sink", "HdfsSinkConnector"]
    assert "1 RUNNING, 1 FAILED" in shown[1]
    assert "task 1: ConnectException: boom" in shown[1]


@pytest.mark.parametrize("command", ["offsets", "pause", "resume", "restart"])
def test_an_unknown_connector_is_reported_with_the_existing_ones(
    worker: FakeConnect, command: str
) -> None:
    """The name in Dagster has an underscore, the one here a hyphen."""
    result = run(command, "si_nk")
    assert isinstance(result.exception, ConnectNotFoundError)
    assert str(result.exception) == (
        "There is no connector 'si_nk'. Existing connectors: sink."
    )
    assert not worker.done


def test_offsets_are_shown_as_text_and_as_json(worker: FakeConnect) -> None:
    """The output of --json has to be valid input for --set."""
    assert worker
    assert run("offsets", "sink").stdout == "goods:0 -> 5\n"
    shown = json.loads(run("offsets", "sink", "--json").stdout)
    assert shown["offsets"][0]["offset"] == {"kafka_offset": 5}


def test_nothing_is_stopped_without_confirmation(worker: FakeConnect) -> None:
    """A mistyped number would take effect immediately."""
    result = run("offsets", "sink", "--set", "goods:0=2", answer="n\n")
    assert result.exit_code == 1
    assert "goods:0: 5 -> 2" in result.stderr
    assert "continues after its last file" in result.stderr
    assert not worker.done


@pytest.mark.parametrize("form", ["short", "file", "-"])
def test_offsets_are_set_and_shown(
    worker: FakeConnect, tmp_path: Path, form: str
) -> None:
    """Without output, users would repeat a repair, which does harm."""
    text = run("offsets", "sink", "--json").stdout.replace("5", "2")
    (tmp_path / "a.json").write_text(text)
    what = {"short": "goods:0=2", "file": str(tmp_path / "a.json"), "-": "-"}[form]
    result = run("offsets", "sink", "--set", what, "--yes", answer=text)
    assert result.exit_code == 0, result.output
    assert result.stdout == "goods:0: 5 -> 2\n"
    assert worker.done == ["stop", "resume"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--reset", "--set", "goods:0=2"], "not both"),
        (["--set", "-"], "cannot ask for confirmation"),
        (["--set", "goods:0=2", "--set", "goods:0"], "exactly one file, not 'goods:0'"),
    ],
)
def test_contradictory_options_are_usage_errors(
    worker: FakeConnect, arguments: list[str], message: str
) -> None:
    """Guessing the meaning could lose or duplicate records."""
    result = run("offsets", "sink", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not worker.done


def test_a_source_is_not_stopped_for_an_offset_of_a_sink(worker: FakeConnect) -> None:
    """MirrorMaker 2 has another format, and would be stopped in vain."""
    worker.kind = "source"
    result = run("offsets", "sink", "--set", "goods:0=2", "--yes")
    assert isinstance(result.exception, ConnectInvalidOffsetsError)
    assert "is a source" in str(result.exception)
    assert not worker.done


def test_a_missing_file_is_reported(worker: FakeConnect) -> None:
    """A mistyped TOPIC:PARTITION=OFFSET looks like a file name."""
    result = run("offsets", "sink", "--set", "goods=2", "--yes")
    assert isinstance(result.exception, ConnectInvalidOffsetsError)
    expected = "'goods=2' is neither TOPIC:PARTITION=OFFSET nor a readable file"
    assert expected in str(result.exception)
    assert not worker.done


def test_only_failed_connectors_are_restarted(worker: FakeConnect) -> None:
    """Running tasks would be stopped in vain."""
    assert run("restart", "sink").exit_code == 0
    worker.states = ("RUNNING",)
    assert "Neither connector 'sink' nor a task" in run("restart", "sink").stderr
    assert worker.done == ["restart failed"]
