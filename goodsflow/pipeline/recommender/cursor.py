"""Where the recommender stands: offsets of both topics, and the state that fits them.

All of it is what the consumer group has committed: the name of the state's snapshot is
the metadata of its offsets, so that offsets and state move in one step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cursor:
    """Where a run starts, or ends.

    Attributes:
        offsets: By partition of the cards' topic, the first offset that is not done. A
            partition that is not in it has nothing done.
        event_offsets: The same for the events' topic.
        snapshot: The name of the state that belongs to these offsets. None where there
            is none: nothing has been done yet, or somebody moved the offsets.
    """

    offsets: Mapping[int, int] = field(default_factory=dict)
    event_offsets: Mapping[int, int] = field(default_factory=dict)
    snapshot: str | None = None
