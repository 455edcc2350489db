"""A Kafka record as the platform's parts hand it to each other: plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

Header: TypeAlias = tuple[str, str | bytes | None]


class Record(NamedTuple):
    """A record that was read from a topic. A value of None is a tombstone.

    Attributes:
        headers: In their order; empty if the reader wasn't asked for them.
        timestamp: Milliseconds since 1970; None if there is none, or if the reader
            wasn't asked for it.
    """

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...] = ()
    timestamp: int | None = None


@dataclass(frozen=True)
class OutgoingRecord:
    """A record to write.

    Attributes:
        topic: The topic it is written to.
        key: Determines its partition.
        value: None makes it a tombstone.
        headers: In their order; a name may occur more than once.
        timestamp: Milliseconds since 1970; None means the time of writing.
    """

    topic: str
    key: bytes | None
    value: bytes | None = None
    headers: tuple[Header, ...] = ()
    timestamp: int | None = None


def size_of(headers: Iterable[Header]) -> int:
    """Return roughly how many bytes headers take, with ten of overhead for each."""
    return sum(len(name.encode()) + len(value or b"") + 10 for name, value in headers)
