"""Where a connector stands, as a person reads and sets it.

Connect alters the offsets of a stopped connector alone: it is stopped for that, and put
back into the state that it had.
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
    """Read ``TOPIC:PARTITION=OFFSET``; return None where the text is something else."""
    found = _SINK_OFFSET.fullmatch(text)
    if found is None:
        return None
    partition = {
        "kafka_topic": found["topic"],
        "kafka_partition": int(found["partition"]),
    }
    return partition, {"kafka_offset": int(found["offset"])}


def to_json(offsets: Iterable[Offset]) -> str:
    """Return offsets as JSON, in the form of Connect's REST API."""
    each = [{"partition": dict(key), "offset": dict(at)} for key, at in offsets]
    return json.dumps({"offsets": each}, ensure_ascii=False, indent=2)


def from_json(text: str, source: str) -> list[OffsetChange]:
    """Read offsets from JSON as ``to_json`` writes it; null forgets a partition.

    Args:
        text: The JSON.
        source: Where it comes from, for messages.

    Raises:
        ConnectInvalidOffsetsError: It has another form.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise _invalid(source, f"it is no JSON: {error}") from error
    each = document.get("offsets") if isinstance(document, dict) else None
    if not isinstance(each, list) or not each:
        raise _invalid(source, "it has no list 'offsets', or an empty one")
    changes: list[OffsetChange] = []
    for number, entry in enumerate(each, 1):
        if not isinstance(entry, dict) or entry.keys() != {"partition", "offset"}:
            raise _invalid(source, f"entry {number} is no partition with its offset")
        partition, offset = entry["partition"], entry["offset"]
        if not isinstance(partition, dict) or not isinstance(offset, dict | None):
            raise _invalid(source, f"entry {number} holds what is no object")
        changes.append((partition, offset))
    return changes


def partition_text(partition: Mapping[str, Any]) -> str:
    """Name a partition: ``topic:0`` of a sink, all that a source tells of its own."""
    if partition.keys() == {"kafka_topic", "kafka_partition"}:
        return f"{partition['kafka_topic']}:{partition['kafka_partition']}"
    return ",".join(f"{key}={partition[key]}" for key in sorted(partition))


def offset_text(offset: Mapping[str, Any] | None) -> str:
    """Say where a connector stands in a partition."""
    if offset is None:
        return "none"
    if len(offset) == 1:
        return str(next(iter(offset.values())))
    return ",".join(f"{key}={offset[key]}" for key in sorted(offset))


def compare(
    before: Iterable[Offset], after: Iterable[OffsetChange]
) -> list[tuple[str, str, str]]:
    """Return each partition with its offset before and after, all as texts."""
    old = {partition_text(key): offset_text(at) for key, at in before}
    new = {partition_text(key): offset_text(at) for key, at in after}
    names = sorted(old.keys() | new.keys())
    return [(name, old.get(name, "none"), new.get(name, "none")) for name in names]


def changed(
    before: Sequence[Offset], changes: Sequence[OffsetChange] | None
) -> list[OffsetChange]:
    """Return the offsets as they will be after changes; after a reset where None."""
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
    """Set where a connector goes on, and return its offsets as they are then.

    One that is not stopped is, and is put back into the state it had, also where its
    offsets could not be set.

    Args:
        client: The worker.
        connector: A connector that exists.
        changes: What to set; None to forget all of it.
        tell: Is told each step, in words for a person.
        timeout_seconds: For the connector to stop, and again for it to be put back.

    Raises:
        ConnectError: The offsets could not be set, or the connector could not be put
            back; the message says which.
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
    # One that has failed or is not assigned was meant to run, too.
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
                f"{f'{failure} And now: ' if failure else ''}{error} The connector "
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
        f"Cannot read offsets from {source}: {reason}. What `goodsflow connector "
        "offsets NAME --json` prints is the form."
    )
