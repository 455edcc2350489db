"""Offsets as text, and a connector's state while they change."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from goodsflow.clients.connect import (
    ConnectError,
    ConnectInvalidOffsetsError,
    ConnectNotStoppedError,
    ConnectorStatus,
    ConnectRefusedError,
    ConnectUnavailableError,
    Offset,
    OffsetChange,
)
from goodsflow.clients.connect.offsets import (
    change_offsets,
    changed,
    compare,
    from_json,
    sink_offset,
    to_json,
)


def of_sink(partition: int, offset: int) -> Offset:
    """Return a sink's offset in a partition of ``goods``."""
    key = {"kafka_topic": "goods", "kafka_partition": partition}
    return key, {"kafka_offset": offset}


MIRRORED: Offset = (
    {"cluster": "source", "partition": 1, "topic": "goods"},
    {"offset": 31},
)


class FakeConnect:
    """A worker with one connector; ``errors`` make its next calls fail."""

    def __init__(
        self, state: str, errors: Mapping[str, Sequence[ConnectError]] | None = None
    ) -> None:
        """Start in this state."""
        self.state, self.done = state, list[str]()
        self.errors = {name: list(each) for name, each in (errors or {}).items()}

    def _do(self, what: str, state: str | None = None) -> None:
        if self.errors.get(what):
            raise self.errors[what].pop(0)
        self.done.append(what)
        self.state = state or self.state

    def status(self, connector: str) -> ConnectorStatus:
        """Return the state."""
        return ConnectorStatus(connector, self.state, "w", None, ())

    def offsets(self, _: str) -> list[Offset]:
        """Return one offset."""
        return [of_sink(0, 5)]

    def stop(self, _: str) -> None:
        """Stop, or fail."""
        self._do("stop", "STOPPED")

    def pause(self, _: str) -> None:
        """Pause, or fail."""
        self._do("pause", "PAUSED")

    def resume(self, _: str) -> None:
        """Resume, or fail."""
        self._do("resume", "RUNNING")

    def alter_offsets(self, _: str, changes: Any) -> None:  # noqa: ARG002
        """Alter, or fail."""
        assert self.state == "STOPPED"
        self._do("alter")

    def reset_offsets(self, _: str) -> None:
        """Reset, or fail."""
        assert self.state == "STOPPED"
        self._do("reset")


def change(
    connect: FakeConnect, changes: list[OffsetChange] | None, timeout: float = 5
) -> list[str]:
    """Change the offsets; return the messages."""
    told: list[str] = []
    change_offsets(
        connect,  # type: ignore[arg-type]
        "sink",
        changes,
        tell=told.append,
        timeout_seconds=timeout,
    )
    return told


@pytest.mark.parametrize(
    ("state", "done"),
    [
        ("RUNNING", ["stop", "alter", "resume"]),
        ("FAILED", ["stop", "alter", "resume"]),
        ("PAUSED", ["stop", "alter", "pause"]),
        ("STOPPED", ["alter"]),
    ],
)
def test_a_connector_returns_to_its_state(state: str, done: list[str]) -> None:
    """A paused connector must not run afterwards, nor a running one stop."""
    connect = FakeConnect(state)
    told = change(connect, [of_sink(0, 5)])
    assert connect.done == done
    assert bool(told) == (state != "STOPPED")


def test_it_returns_to_its_state_after_a_refused_change() -> None:
    """Otherwise a wrong offset would stop the flow for good."""
    connect = FakeConnect("PAUSED", {"reset": [ConnectRefusedError("no right")]})
    with pytest.raises(ConnectRefusedError, match=r"^no right$"):
        change(connect, None)
    assert connect.done == ["stop", "pause"]


def test_tasks_that_take_their_time_to_stop_are_waited_for() -> None:
    """The worker answers the stop before the tasks have ended."""
    errors = [ConnectNotStoppedError("not yet"), ConnectNotStoppedError("not yet")]
    connect = FakeConnect("RUNNING", {"alter": errors})
    change(connect, [of_sink(0, 5)])
    assert connect.done == ["stop", "alter", "resume"]


def test_a_connector_that_never_stops_is_resumed() -> None:
    """A wait without an end would leave the connector stopped."""
    connect = FakeConnect("RUNNING", {"reset": [ConnectNotStoppedError("it runs")]})
    with pytest.raises(ConnectNotStoppedError):
        change(connect, None, timeout=0)
    assert connect.done == ["stop", "resume"]


@pytest.mark.parametrize("first", [[], [ConnectRefusedError("no right.")]])
def test_an_error_of_resuming_says_what_to_do(
    first: list[ConnectError],
) -> None:
    """The flow is stopped: the user must see that and the first error."""
    lost = [ConnectUnavailableError("no answer.")]
    connect = FakeConnect("RUNNING", {"reset": first, "resume": lost})
    with pytest.raises(ConnectUnavailableError) as caught:
        change(connect, None, timeout=0)
    text = str(caught.value)
    assert "stays stopped" in text
    assert "`goodsflow connector resume sink`" in text
    assert ("no right." in text) == bool(first)


@pytest.mark.parametrize("offsets", [[of_sink(0, 5), of_sink(1, 0)], [MIRRORED]])
def test_what_is_printed_can_be_set_again(offsets: list[Offset]) -> None:
    """A repair prints offsets, edits them and sets them."""
    assert from_json(to_json(offsets), "x") == offsets


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "it is not JSON"),
        ("[]", "expected a list 'offsets' that is not empty"),
        ('{"offsets": []}', "expected a list 'offsets' that is not empty"),
        ('{"offsets": [{"partition": {}}]}', "entry 1 must have exactly"),
        (
            '{"offsets": [{"partition": 1, "offset": {}}]}',
            "in entry 1, expected JSON objects",
        ),
        (
            '{"offsets": [{"partition": {}, "offset": 3}]}',
            "in entry 1, expected JSON objects",
        ),
    ],
)
def test_invalid_offsets_are_refused_before_anything_stops(
    text: str, reason: str
) -> None:
    """If only the worker noticed, the flow would have stopped for nothing."""
    with pytest.raises(ConnectInvalidOffsetsError, match=f"from x.json: {reason}"):
        from_json(text, "x.json")


def test_a_partition_can_be_forgotten() -> None:
    """Otherwise an entry of a deleted topic would stay forever."""
    text = '{"offsets": [{"partition": {"topic": "a"}, "offset": null}]}'
    assert from_json(text, "x") == [({"topic": "a"}, None)]


@pytest.mark.parametrize(
    "text", ["-", "a.json", "goods:0", "goods:0=-1", "goods:x=1", "./goods:0=1", ":0=1"]
)
def test_a_file_is_not_taken_for_an_offset(text: str) -> None:
    """A file name read as an offset would change another partition."""
    assert sink_offset(text) is None


def test_an_offset_of_a_sink_has_a_short_form() -> None:
    """Nobody wants to write JSON to move one partition."""
    assert sink_offset("goods:1=7") == of_sink(1, 7)


def test_before_and_after_name_every_partition_once() -> None:
    """The operator decides by this comparison."""
    before = [of_sink(0, 5), of_sink(1, 7)]
    after = changed(before, [of_sink(1, 2), of_sink(2, 0)])
    assert compare(before, after) == [
        ("goods:0", "5", "5"),
        ("goods:1", "7", "2"),
        ("goods:2", "none", "0"),
    ]
    assert compare([MIRRORED], changed([MIRRORED], None)) == [
        ("cluster=source,partition=1,topic=goods", "31", "none")
    ]
