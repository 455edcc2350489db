"""Withdrawals: tombstones for cards that passed before a rule blocked them.

The copy that reads a partition of the source topic also withdraws cards from the same
partition of the output topic, so no copy passes a card that another has just withdrawn.
A product is withdrawn by its key. For a brand, a store or a category, the output topic
is searched for matching cards.

The position in the block list up to which a partition is done is committed as metadata
of the partition's offset, in the same transaction as the tombstones, so a kill loses no
withdrawal. (A second tombstone for the same card is harmless.)
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

import orjson
from aiokafka.partitioner import murmur2

from goodsflow.clients.kafka.detached_calls import run_detached
from goodsflow.clients.kafka.errors import ClusterUnavailableError
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.common.errors import GoodsflowError
from goodsflow.common.waiting import Deadline
from goodsflow.model.blocklist import FIELDS, BlockRules, Rule
from goodsflow.model.cards.wire_format import HEADER_BYTES
from goodsflow.model.endpoints import Endpoints
from goodsflow.model.records import OutgoingRecord, Record
from goodsflow.pipeline.blocklist.reader import Position
from goodsflow.pipeline.filter.topics import PASSED_ON

_LOGGER = logging.getLogger(__name__)
_READ_SECONDS = 600.0
_MARKER_SECONDS = 0.1
"""The pause between two checks for the end of a transaction."""

Withdrawal = tuple[Rule, bytes]
"""A rule, and the key of a card that it withdraws."""

Find = Callable[[int, Sequence[Rule]], list[Withdrawal]]
"""Finds the cards in a partition of the output topic that rules match."""


@dataclass
class _Partition:
    """The progress of withdrawals in a partition.

    Attributes:
        done: The block-list position up to which it is done; None if nothing is.
        next_offset: The committed offset; None if there is none yet.
        is_new: There is nothing to withdraw yet.
        target: The position that is being worked towards; None between two targets.
        pending: The withdrawals that remain for the target.
        found: A running search for cards.
    """

    done: Position | None
    next_offset: int | None
    is_new: bool = False
    target: Position | None = None
    pending: deque[Withdrawal] = field(default_factory=deque)
    found: Future[list[Withdrawal]] | None = None


@dataclass(frozen=True)
class Committed:
    """What the group has committed for a partition.

    Attributes:
        next_offset: The offset; None if there is none yet.
        metadata: The offset's metadata.
        never_written: Whether this partition of the output topic was never written to.
    """

    next_offset: int | None
    metadata: str | None
    never_written: bool = False


class Withdrawals:
    """Determines the tombstones to write, and tracks the progress.

    Args:
        find: Searches for cards; called in a thread of its own.
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._count = 1
        self._states: dict[int, _Partition] = {}

    def missing(self, assigned: Iterable[int]) -> list[int]:
        """Return the partitions that need ``load``; drop those no longer assigned."""
        wanted = set(assigned)
        for number in self._states.keys() - wanted:
            del self._states[number]
        return sorted(wanted - self._states.keys())

    def load(self, committed: Mapping[int, Committed], partitions: int) -> None:
        """Load what the group has committed for newly assigned partitions.

        Args:
            committed: By partition.
            partitions: The number of partitions of the output topic.
        """
        self._count = partitions
        for number, each in committed.items():
            self._states[number] = _Partition(
                Position.parse(each.metadata), each.next_offset, each.never_written
            )

    def reset(self) -> None:
        """Drop all progress after a transaction was aborted; ``load`` restores it."""
        self._states.clear()

    def next_tombstones(
        self, rules: BlockRules, position: Position, limit: int
    ) -> tuple[OutgoingRecord, ...]:
        """Return the tombstones to write now.

        Args:
            rules: The rules in force.
            position: The block-list position that they include at least.
            limit: The maximum number of tombstones; the next call returns the rest.
        """
        taken: list[OutgoingRecord] = []
        for number, state in self._states.items():
            if state.is_new:
                state.done, state.is_new = position, False
            if state.target is None and state.done != position:
                self._begin(number, state, rules, position)
            self._collect(state)
            while state.pending and len(taken) < limit:
                rule, key = state.pending.popleft()
                # The rule may have been removed since.
                if rule in rules:
                    taken.append(OutgoingRecord(PASSED_ON, key))
            if state.target and state.found is None and not state.pending:
                state.done, state.target = state.target, None
        return tuple(taken)

    def metadata(self, partition: int) -> str:
        """Return the metadata to commit with a partition's offset."""
        state = self._states.get(partition)
        return str(state.done) if state and state.done else ""

    def position(self, partition: int) -> int | None:
        """Return a partition's committed offset; None if there is none."""
        state = self._states.get(partition)
        return None if state is None else state.next_offset

    def note_committed(self, next_offsets: Mapping[int, int]) -> None:
        """Note the offsets of a committed transaction."""
        for number, offset in next_offsets.items():
            if number in self._states:
                self._states[number].next_offset = offset

    def _begin(
        self, number: int, state: _Partition, rules: BlockRules, position: Position
    ) -> None:
        done = state.done
        is_same = done is not None and done.topic_id == position.topic_id
        state.target = position
        others = []
        # One by one: only this partition's share of a long list is kept.
        for rule in rules.since(done.next_offset if done and is_same else 0):
            if rule.scope != "product":
                others.append(rule)
                continue
            key = rule.text.encode()
            if partition_of(key, self._count) == number:
                state.pending.append((rule, key))
        if others:
            state.found = run_detached(
                lambda: self._find(number, others), "withdrawals"
            )

    def _collect(self, state: _Partition) -> None:
        if state.found is None or not state.found.done():
            return
        found, state.found = state.found, None
        try:
            state.pending.extend(found.result())
        except GoodsflowError as error:
            _LOGGER.warning("Repeating the search for cards to withdraw: %s", error)
            # Start over; drop what was found so far.
            state.target = None
            state.pending.clear()


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition that Java's and faust's producers choose for a key."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


def find_cards(
    endpoints: Endpoints, principal: str, partition: int, rules: Sequence[Rule]
) -> list[Withdrawal]:
    """Search a partition of the output topic for the cards that rules match.

    Only committed records count. The search waits for the end of transactions that were
    open at its start, because a transaction's marker reaches a partition a moment after
    the commit was confirmed.

    Args:
        endpoints: Of the platform.
        principal: May read the topic.
        partition: The partition to search.
        rules: Rules for brands, stores and categories.

    Raises:
        KafkaError: The cluster refused or didn't answer.
    """
    wanted = {(FIELDS[rule.scope], rule.text): rule for rule in rules}
    fields = {name for name, _ in wanted}
    found: dict[bytes, Rule] = {}
    open_reader = partial(
        TopicReader, endpoints, "inbound", principal, f"{principal}-withdrawals"
    )
    with open_reader(PASSED_ON, uncommitted=True) as reader:
        marks = reader.watermarks()
    if partition not in marks:
        # The source topic may have more partitions than the output topic.
        return []
    next_offset, end = marks[partition].first, marks[partition].end
    with open_reader(PASSED_ON) as reader:
        deadline = Deadline(_READ_SECONDS, interval_seconds=_MARKER_SECONDS)
        while True:
            for batch in reader.read_to_end(
                {partition: next_offset}, timeout_seconds=deadline.remaining
            ):
                _note(batch.records, wanted, fields, found)
                next_offset = batch.next_offsets[partition]
            if next_offset >= end:
                return [(rule, key) for key, rule in found.items()]
            if deadline.is_over:
                raise ClusterUnavailableError(
                    f"A transaction on topic '{PASSED_ON}', partition {partition}, "
                    f"didn't end within {_READ_SECONDS:g} s."
                )
            deadline.pause()


def _note(
    records: Iterable[Record],
    wanted: Mapping[tuple[str, str], Rule],
    fields: set[str],
    found: dict[bytes, Rule],
) -> None:
    """Note which rule, if any, withdraws each card."""
    for record in records:
        if record.key is None:
            continue
        found.pop(record.key, None)
        rule = _rule_for(record.value, wanted, fields)
        if rule is not None:
            found[record.key] = rule


def _rule_for(
    value: bytes | None, wanted: Mapping[tuple[str, str], Rule], fields: set[str]
) -> Rule | None:
    if value is None:
        return None
    try:
        card = orjson.loads(memoryview(value)[HEADER_BYTES:])
    except orjson.JSONDecodeError:
        card = None
    if not isinstance(card, dict):
        # Another producer's record: no rule can match it.
        return None
    for name in fields:
        text = card.get(name)
        rule = wanted.get((name, text)) if isinstance(text, str) else None
        if rule is not None:
            return rule
    return None
