"""The embedded back end: reads new records of the topic, then queries a local index.

Each search first reads the topic from the index's offsets to its end, so it finds the
newest cards. One process at a time uses the index; others wait.

The index is rebuilt if it can't be trusted: if its tables have another version, if its
file is broken, if the topic was recreated (its ID changed, or it ends before the
index's offset), or if the index wasn't updated for a long time. The reason for the
latter: compaction removes a tombstone some time after its card
(``delete.retention.ms``, a day by default), and an index that missed the tombstone
would keep the deleted card forever.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from goodsflow.clients.kafka.errors import ClusterUnavailableError
from goodsflow.clients.kafka.offsets import PartitionOffsets
from goodsflow.clients.kafka.topic_inspector import TopicInspector, TopicState
from goodsflow.common.clock import elapsed
from goodsflow.common.counting import counted
from goodsflow.common.file_lock import held
from goodsflow.common.waiting import Deadline
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.search.errors import IndexBrokenError, IndexBusyError
from goodsflow.pipeline.search.interface import FoundCard, SearchQuery

if TYPE_CHECKING:
    from goodsflow.pipeline.search.index import CardIndex, IndexState

TOPIC = "source.goods-filtered"
PRINCIPAL = "user"
GROUP_ID = "user-search"
MAX_AGE_SECONDS = 12 * 3600.0
"""Half of Kafka's default delete.retention.ms."""

_MARK_SECONDS = 60.0
"""How often the time is written even without new records. Closing an index without
writes doesn't wait for the disk."""

_BATCH_SIZE = 20_000
_LEAST_SECONDS = 1.0
_LOGGER = logging.getLogger(__name__)


class EmbeddedSearch:
    """Searches a DuckDB index in the platform's state folder.

    Args:
        endpoints: Of the platform.
        topic: Holds the cards, on cluster ``analytics``.
        principal: May read it.
        timeout_seconds: For a whole search, including reading new records.
        on_notice: Called with messages for the user.
        on_progress: Called while new records are read, with the numbers of offsets done
            and in all.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        topic: str = TOPIC,
        principal: str = PRINCIPAL,
        timeout_seconds: float = 60.0,
        on_notice: Callable[[str], None] = _LOGGER.warning,
        on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> None:
        self._endpoints = endpoints
        self._topic = topic
        self._principal = principal
        self._path = endpoints.state_dir / "search.duckdb"
        self._timeout_seconds = timeout_seconds
        self._on_notice = on_notice
        self._on_progress = on_progress
        self._prepared: TopicInspector | None = None

    def prepare(self) -> None:
        """Start to connect.

        Raises:
            EndpointsError: The principal has no password file.
        """
        self._prepared = self._new_inspector(self._timeout_seconds)

    def _new_inspector(self, timeout_seconds: float) -> TopicInspector:
        return TopicInspector(
            self._endpoints,
            "analytics",
            self._principal,
            self._topic,
            timeout_seconds=max(_LEAST_SECONDS, timeout_seconds),
        )

    def search(self, query: SearchQuery) -> list[FoundCard]:
        """Return the cards that match a query, in its order.

        Raises:
            IndexBusyError: Another process used the index for too long.
            IndexBrokenError: The index is broken and can't be rebuilt.
            KafkaError: The topic couldn't be read to its end.
        """
        deadline = Deadline(self._timeout_seconds)
        with hold_lock(self._path.with_suffix(".lock"), self._timeout_seconds):
            topic_state = self._inspector(deadline).begin()
            # The import takes a while. Meanwhile, the inspector connects.
            from goodsflow.pipeline.search import duck

            ask = partial(self._search, query, topic_state, deadline)
            try:
                return ask()
            except duck.Error as error:
                self._on_notice(
                    f"The search index {self._path} is broken and will be rebuilt: "
                    f"{_first_line(error)}"
                )
            try:
                discard(self._path)
                return ask()
            except (duck.Error, OSError) as error:
                raise IndexBrokenError(
                    f"Cannot rebuild the search index {self._path}: "
                    f"{_first_line(error)}. Is the folder writable, and is there space "
                    "left?"
                ) from error

    def _inspector(self, deadline: Deadline) -> TopicInspector:
        """Return the prepared inspector, or a new one for a later search."""
        prepared, self._prepared = self._prepared, None
        return prepared or self._new_inspector(deadline.remaining)

    def _search(
        self,
        query: SearchQuery,
        topic_state: Callable[[], TopicState],
        deadline: Deadline,
    ) -> list[FoundCard]:
        from goodsflow.pipeline.search.index import CardIndex, IndexState

        index = CardIndex(self._path)
        try:
            now = time.time()
            state = index.state()
            topic_id, watermarks = topic_state()
            reason = reason_to_rebuild(state, topic_id, watermarks, now)
            if state is None or reason:
                if reason:
                    self._on_notice(f"Rebuilding the search index: {reason}.")
                index.close()
                discard(self._path)
                index = CardIndex(self._path)
                index.create(topic_id, now)
                state = IndexState(topic_id, now, {})
            is_new = not is_current(state, watermarks)
            if is_new:
                self._sync(index, state, watermarks, deadline)
            if is_new or now - state.synced_at > _MARK_SECONDS:
                index.mark_synced(now)
            return index.search(query)
        finally:
            index.close()

    def _sync(
        self,
        index: CardIndex,
        state: IndexState,
        watermarks: Mapping[int, PartitionOffsets],
        deadline: Deadline,
    ) -> None:
        offsets = starts(state, watermarks)
        total = sum(marks.end - offsets[n] for n, marks in watermarks.items())
        remaining = deadline.remaining
        if remaining <= 0:
            raise ClusterUnavailableError(
                f"Cannot search within {self._timeout_seconds:g} s: the time ran out "
                f"before '{self._topic}' was read. Try again with a longer --timeout."
            )
        from goodsflow.clients.kafka.topic_reader import TopicReader

        skipped = 0
        with TopicReader(
            self._endpoints,
            "analytics",
            self._principal,
            GROUP_ID,
            self._topic,
            timeout_seconds=max(_LEAST_SECONDS, remaining),
        ) as reader:
            for batch in reader.read_to_end(
                offsets, timeout_seconds=remaining, batch_size=_BATCH_SIZE
            ):
                skipped += index.apply(batch.records, batch.next_offsets)
                left = sum(
                    max(0, marks.end - batch.next_offsets[n])
                    for n, marks in watermarks.items()
                )
                self._on_progress(total - left, total)
        if skipped:
            what = "is not a card" if skipped == 1 else "are not cards"
            records = counted(skipped, "record")
            self._on_notice(f"Skipped {records} of '{self._topic}' that {what}.")


def reason_to_rebuild(
    state: IndexState | None,
    topic_id: str,
    watermarks: Mapping[int, PartitionOffsets],
    now: float,
) -> str | None:
    """Return why an index must be rebuilt; None if it needn't be, or is new.

    Args:
        state: The state of the index; None if there is no index.
        topic_id: Kafka's ID of the topic.
        watermarks: The current start and end of each partition.
        now: In seconds since 1970.
    """
    if state is None:
        return None
    if state.topic_id != topic_id:
        return "the topic was recreated"
    for partition, offset in state.next_offsets.items():
        if partition not in watermarks or offset > watermarks[partition].end:
            return f"partition {partition} ends before the index's offset"
    age = elapsed(state.synced_at, now)
    if age is None:
        return "the clock was set back since its last update"
    if age > MAX_AGE_SECONDS:
        return "its last update was too long ago to have seen every deletion"
    return None


def is_current(state: IndexState, watermarks: Mapping[int, PartitionOffsets]) -> bool:
    """Whether the topic has nothing new for the index, not even a marker."""
    return all(
        state.next_offsets.get(partition, 0) >= marks.end
        for partition, marks in watermarks.items()
    )


def starts(
    state: IndexState, watermarks: Mapping[int, PartitionOffsets]
) -> dict[int, int]:
    """Return the offset to continue reading at, for every current partition."""
    return {
        partition: max(marks.first, state.next_offsets.get(partition, 0))
        for partition, marks in watermarks.items()
    }


def discard(path: Path) -> None:
    """Remove an index and its write-ahead log.

    Raises:
        OSError: It can't be removed.
    """
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)


def hold_lock(path: Path, timeout_seconds: float) -> AbstractContextManager[None]:
    """Hold a file's lock exclusively. The end of the process releases it, too.

    Args:
        path: The lock file; created if it is missing.
        timeout_seconds: How long to wait for another process.

    Raises:
        IndexBusyError: Another process held it for too long.
        IndexBrokenError: The file can't be created.
    """
    return held(
        path,
        str(os.getpid()),
        busy=lambda _: IndexBusyError(
            f"Another search is using the index ({path}). Try again when it has "
            "finished, or with a longer --timeout."
        ),
        unusable=lambda reason: IndexBrokenError(
            f"Cannot open {path}: {reason}. Is the folder writable?"
        ),
        timeout_seconds=timeout_seconds,
        make_folder=True,
    )


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
