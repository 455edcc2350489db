"""Offsets as a person reads and sets them, and what becomes of the connector."""

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
    """A worker with one connector; what ``errors`` holds fails the next calls."""

    def __init__(
        self, state: str, errors: Mapping[str, Sequence[ConnectError]] | None = None
    ) -> None:
        """Be in this state."""
        self.state, self.done = state, list[str]()
        self.errors = {name: list(each) for name, each in (errors or {}).items()}

    def _do(self, what: str, state: str | None = None) -> None:
        if self.errors.get(what):
            raise self.errors[what].pop(0)
        self.done.append(what)
        self.state = state or self.state

    def status(self, connector: str) -> ConnectorStatus:
        """Tell the state."""
        return ConnectorStatus(connector, self.state, "w", None, ())

    def offsets(self, _: str) -> list[Offset]:
        """Tell one."""
        return [of_sink(0, 5)]

    def stop(self, _: str) -> None:
        """Stop, or fail."""
        self._do("stop", "STOPPED")

    def pause(self, _: str) -> None:
        """Pause, or fail."""
        self._do("pause", "PAUSED")

    def resume(self, _: str) -> None:
        """Go on, or fail."""
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
    """Change the offsets; return what was told."""
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
def test_a_connector_is_put_back_into_its_state(state: str, done: list[str]) -> None:
    """One that somebody had halted must not run after, nor a running one stand."""
    connect = FakeConnect(state)
    told = change(connect, [of_sink(0, 5)])
    assert connect.done == done
    assert bool(told) == (state != "STOPPED")


def test_it_is_put_back_where_the_change_was_refused() -> None:
    """A wrong offset would stop the flow for good."""
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


def test_a_connector_that_never_stops_is_put_back() -> None:
    """A wait without an end would leave it stopped."""
    connect = FakeConnect("RUNNING", {"reset": [ConnectNotStoppedError("it runs")]})
    with pytest.raises(ConnectNotStoppedError):
        change(connect, None, timeout=0)
    assert connect.done == ["stop", "resume"]


@pytest.mark.parametrize("first", [[], [ConnectRefusedError("no right.")]])
def test_who_could_not_be_put_back_is_told_with_what_to_do(
    first: list[ConnectError],
) -> None:
    """The flow stands now: that must not hide behind the first error, nor hide it."""
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
    """A repair is: print, edit, set."""
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
def test_what_is_no_offsets_is_refused_before_anything_stops(
    text: str, reason: str
) -> None:
    """Found out by the worker, it would have stopped the flow for nothing."""
    with pytest.raises(ConnectInvalidOffsetsError, match=f"from x.json: {reason}"):
        from_json(text, "x.json")


def test_a_partition_can_be_forgotten() -> None:
    """An entry of a topic that is gone stays for ever otherwise."""
    text = '{"offsets": [{"partition": {"topic": "a"}, "offset": null}]}'
    assert from_json(text, "x") == [({"topic": "a"}, None)]


@pytest.mark.parametrize(
    "text", ["-", "a.json", "goods:0", "goods:0=-1", "goods:x=1", "./goods:0=1", ":0=1"]
)
def test_a_file_is_not_taken_for_an_offset(text: str) -> None:
    """Half of a name read as an offset would set another partition."""
    assert sink_offset(text) is None


def test_an_offset_of_a_sink_has_a_short_form() -> None:
    """To move one partition nobody wants to write JSON."""
    assert sink_offset("goods:1=7") == of_sink(1, 7)


def test_before_and_after_name_every_partition_once() -> None:
    """Somebody decides by what is shown."""
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
