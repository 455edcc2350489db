"""Read, show and change connectors' offsets.

Connect changes only the offsets of a stopped connector. So a running one is stopped for
that, and then returned to its previous state.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from goodsflow.clients.connect.client import ConnectClient
from goodsflow.clients.connect.errors import (
    ConnectError,
    ConnectInvalidOffsetsError,
    ConnectNotStoppedError,
    ConnectRebalancingError,
    ConnectUnavailableError,
)
from goodsflow.clients.connect.model import Offset, OffsetChange
from goodsflow.common.waiting import Deadline

_SINK_OFFSET = re.compile(
    r"(?P<topic>[A-Za-z0-9._-]{1,249}):(?P<partition>\d{1,9})=(?P<offset>\d{1,18})"
)
_NOT_YET = (ConnectRebalancingError, ConnectUnavailableError)
_INTERVAL_SECONDS = 0.5


def sink_offset(text: str) -> OffsetChange | None:
    """Parse ``TOPIC:PARTITION=OFFSET``; return None if the text has another form."""
    found = _SINK_OFFSET.fullmatch(text)
    if found is None:
        return None
    partition = {
        "kafka_topic": found["topic"],
        "kafka_partition": int(found["partition"]),
    }
    return partition, {"kafka_offset": int(found["offset"])}


def to_json(offsets: Iterable[Offset]) -> str:
    """Return offsets as JSON, in the format of Connect's REST API."""
    each = [{"partition": dict(key), "offset": dict(at)} for key, at in offsets]
    return json.dumps({"offsets": each}, ensure_ascii=False, indent=2)


def from_json(text: str, source: str) -> list[OffsetChange]:
    """Parse offsets from the JSON of ``to_json``; null removes a partition's offset.

    Args:
        text: The JSON.
        source: Where the JSON comes from, for messages.

    Raises:
        ConnectInvalidOffsetsError: The JSON has another form.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise _invalid(source, f"it is not JSON: {error}") from error
    each = document.get("offsets") if isinstance(document, dict) else None
    if not isinstance(each, list) or not each:
        raise _invalid(source, "expected a list 'offsets' that is not empty")
    changes: list[OffsetChange] = []
    for number, entry in enumerate(each, 1):
        if not isinstance(entry, dict) or entry.keys() != {"partition", "offset"}:
            raise _invalid(
                source, f"entry {number} must have exactly 'partition' and 'offset'"
            )
        partition, offset = entry["partition"], entry["offset"]
        if not isinstance(partition, dict) or not isinstance(offset, dict | None):
            raise _invalid(source, f"in entry {number}, expected JSON objects")
        changes.append((partition, offset))
    return changes


def partition_text(partition: Mapping[str, Any]) -> str:
    """Return a partition's name: a sink's as ``topic:0``, a source's with all keys."""
    if partition.keys() == {"kafka_topic", "kafka_partition"}:
        return f"{partition['kafka_topic']}:{partition['kafka_partition']}"
    return ",".join(f"{key}={partition[key]}" for key in sorted(partition))


def offset_text(offset: Mapping[str, Any] | None) -> str:
    """Return an offset as text; ``none`` if there is none."""
    if offset is None:
        return "none"
    if len(offset) == 1:
        return str(next(iter(offset.values())))
    return ",".join(f"{key}={offset[key]}" for key in sorted(offset))


def compare(
    before: Iterable[Offset], after: Iterable[OffsetChange]
) -> list[tuple[str, str, str]]:
    """Return each partition with its offset before and after, all as text."""
    old = {partition_text(key): offset_text(at) for key, at in before}
    new = {partition_text(key): offset_text(at) for key, at in after}
    names = sorted(old.keys() | new.keys())
    return [(name, old.get(name, "none"), new.get(name, "none")) for name in names]


def changed(
    before: Sequence[Offset], changes: Sequence[OffsetChange] | None
) -> list[OffsetChange]:
    """Return the offsets after changes, or after a reset if there are none."""
    if changes is None:
        return []
    altered = {partition_text(key) for key, _ in changes}
    kept = [each for each in before if partition_text(each[0]) not in altered]
    return [*kept, *changes]


def change_offsets(
    client: ConnectClient,
    connector: str,
    changes: Sequence[OffsetChange] | None,
    *,
    tell: Callable[[str], None],
    timeout_seconds: float = 60.0,
) -> list[Offset]:
    """Change a connector's offsets, and return the new ones.

    A running or paused connector is stopped, and then returned to its previous state
    even if its offsets could not be changed.

    Args:
        client: A client of the worker.
        connector: A connector that exists.
        changes: The changes; None removes all offsets.
        tell: Called with a sentence for each step.
        timeout_seconds: The time limit for the stop, and again for the return to the
            previous state.

    Raises:
        ConnectError: The offsets could not be changed, or the connector could not be
            returned to its previous state; the message says which.
    """
    with _stopped(client, connector, tell, timeout_seconds):

        def change() -> None:
            if changes is None:
                client.reset_offsets(connector)
            else:
                client.alter_offsets(connector, changes)

        _patiently(change, timeout_seconds, (*_NOT_YET, ConnectNotStoppedError))
        return client.offsets(connector)


@contextmanager
def _stopped(
    client: ConnectClient,
    connector: str,
    tell: Callable[[str], None],
    timeout_seconds: float,
) -> Iterator[None]:
    before = client.status(connector).state
    if before == "STOPPED":
        yield
        return
    # A failed or unassigned connector was meant to run, too.
    back = client.pause if before == "PAUSED" else client.resume
    word = "paused" if before == "PAUSED" else "resumed"
    tell(f"Stopping connector '{connector}' ({before}).")
    failure: ConnectError | None = None
    try:
        _patiently(lambda: client.stop(connector), timeout_seconds, _NOT_YET)
        yield
    except ConnectError as error:
        failure = error
        raise
    finally:
        try:
            _patiently(lambda: back(connector), timeout_seconds, _NOT_YET)
        except ConnectError as error:
            raise type(error)(
                f"{f'{failure} Then: ' if failure else ''}{error} The connector "
                f"stays stopped until it is {word}: `goodsflow connector "
                f"{word.removesuffix('d')} {connector}`."
            ) from error
        tell(f"Connector '{connector}' is {word}.")


def _patiently(
    ask: Callable[[], None],
    timeout_seconds: float,
    not_yet: tuple[type[ConnectError], ...],
) -> None:
    deadline = Deadline(timeout_seconds, interval_seconds=_INTERVAL_SECONDS)
    while True:
        try:
            ask()
        except not_yet:
            if deadline.is_over:
                raise
        else:
            return
        deadline.pause()


def _invalid(source: str, reason: str) -> ConnectInvalidOffsetsError:
    return ConnectInvalidOffsetsError(
        f"Cannot read offsets from {source}: {reason}. Use the format that `goodsflow "
        "connector offsets NAME --json` prints."
    )
