"""Records as the pipeline moves them: what is sent on for what came in; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from goodsflow.blocking.filtering import Verdict

SOURCE = "goods"
PASSED_ON = "goods-filtered"
DEAD_LETTERS = "goods-dead-letter"

Header = tuple[str, str | bytes | None]

_MOST_DEAD_LETTER_BYTES = 900_000
"""The headers of a dead letter must not make it larger than the broker takes."""


@dataclass(frozen=True)
class Record:
    """A record of Kafka, whole.

    Attributes:
        topic: Where it is, or goes to.
        key: Chooses its partition.
        value: None: a tombstone.
        headers: In their order; a name may stand more than once.
        timestamp: Milliseconds since 1970; None where the record has none.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...] = ()
    timestamp: int | None = None


@dataclass(frozen=True)
class Origin:
    """Where a record was read."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """Write it as Kafka's own tools do."""
        return f"{self.topic}-{self.partition}@{self.offset}"


def outgoing(record: Record, origin: Origin, verdict: Verdict) -> Record | None:
    """Return what is sent on for a record; None where it ends here.

    What passes is the same key, value, headers and timestamp, byte by byte.
    """
    if verdict.outcome == "blocked":
        return None
    if verdict.outcome == "passed":
        return replace(record, topic=PASSED_ON)
    return _dead_letter(record, origin, verdict.reason)


def _dead_letter(record: Record, origin: Origin, reason: str) -> Record:
    value = record.value
    added: Sequence[Header] = (
        ("goodsflow.origin.topic", origin.topic.encode()),
        ("goodsflow.origin.partition", str(origin.partition).encode()),
        ("goodsflow.origin.offset", str(origin.offset).encode()),
        ("goodsflow.error", reason.encode(errors="replace")),
    )
    if value is not None and len(value) > _MOST_DEAD_LETTER_BYTES:
        added = (*added, ("goodsflow.truncated.from", str(len(value)).encode()))
        value = value[:_MOST_DEAD_LETTER_BYTES]
    return replace(
        record, topic=DEAD_LETTERS, value=value, headers=(*record.headers, *added)
    )
