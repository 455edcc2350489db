"""The recommender's position: offsets of both topics, and the matching state.

Both are committed by the consumer group: the name of the state's snapshot is the
metadata of the offsets, so offsets and state change in one step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cursor:
    """The position at which a run starts or ends.

    Attributes:
        offsets: By partition of the cards' topic, the first offset to process. For a
            partition without an entry, nothing was processed.
        event_offsets: The same for the events' topic.
        snapshot: The name of the state that belongs to these offsets. None if nothing
            was processed yet, or if somebody changed the offsets.
    """

    offsets: Mapping[int, int] = field(default_factory=dict)
    event_offsets: Mapping[int, int] = field(default_factory=dict)
    snapshot: str | None = None
