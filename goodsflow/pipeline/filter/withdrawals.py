"""Taking back what had passed before it was blocked.

Whoever reads a partition of the cards takes back what is in the same partition behind
the filter, so that no copy lets a card pass that another has just taken away. A product
is taken back by its key; for a brand, a store or a category the topic behind the filter
is read for the cards that have it.

How far the block list is worked off in a partition stands in the metadata of the
offset that the group has committed there, in the same transaction as the tombstones:
after a kill nothing is left out. (A tombstone twice does no harm.)
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
"""How long to wait before looking again for the end of a transaction."""

Withdrawal = tuple[Rule, bytes]
"""A rule, and the key of a card that it takes back."""

Find = Callable[[int, Sequence[Rule]], list[Withdrawal]]
"""Finds the cards of a partition that rules are about, behind the filter."""


@dataclass
class _Partition:
    """How far the list is worked off.

    Attributes:
        done: Up to where it is; None: nothing is.
        next_offset: What the group has committed; None: nothing yet.
        target: Up to where it is at work; None where it is not.
        waiting: What is to be taken back for that.
        found: What is being looked for.
        is_new: There is nothing to take back yet.
    """

    done: Position | None
    next_offset: int | None
    is_new: bool = False
    target: Position | None = None
    pending: deque[Withdrawal] = field(default_factory=deque)
    found: Future[list[Withdrawal]] | None = None


@dataclass(frozen=True)
class Committed:
    """What a group has committed for a partition.

    Attributes:
        next_offset: None: nothing yet.
        metadata: With it.
        never_written: Behind the filter, the partition has never held a record.
    """

    next_offset: int | None
    metadata: str | None
    never_written: bool = False


class Withdrawals:
    """Says what is to be taken back, and how far that is.

    Args:
        find: Looks for cards; called apart.
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._count = 1
        self._states: dict[int, _Partition] = {}

    def missing(self, assigned: Iterable[int]) -> list[int]:
        """Return the partitions that ``load`` has to be told of; forget others."""
        wanted = set(assigned)
        for number in self._states.keys() - wanted:
            del self._states[number]
        return sorted(wanted - self._states.keys())

    def load(self, committed: Mapping[int, Committed], partitions: int) -> None:
        """Take what the group has committed for partitions that are new here.

        Args:
            committed: By partition.
            partitions: How many the topic behind the filter has.
        """
        self._count = partitions
        for number, each in committed.items():
            self._states[number] = _Partition(
                Position.parse(each.metadata), each.next_offset, each.never_written
            )

    def reset(self) -> None:
        """Forget what is under way: a transaction was aborted."""
        self._states.clear()

    def next_tombstones(
        self, rules: BlockRules, position: Position, limit: int
    ) -> tuple[OutgoingRecord, ...]:
        """Return the tombstones to write now.

        Args:
            rules: That hold now.
            position: Up to where they are at least.
            limit: Tombstones at most; what remains comes with the next call.
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
                # It may have been taken off the list again.
                if rule in rules:
                    taken.append(OutgoingRecord(PASSED_ON, key))
            if state.target and state.found is None and not state.pending:
                state.done, state.target = state.target, None
        return tuple(taken)

    def metadata(self, partition: int) -> str:
        """Return what is to be committed with a partition's offset."""
        state = self._states.get(partition)
        return str(state.done) if state and state.done else ""

    def position(self, partition: int) -> int | None:
        """Return what was committed for a partition; None where nothing was."""
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
        # One by one: what is kept of a long list should be this partition's share.
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
            _LOGGER.warning("Looking again for what is to be withdrawn: %s", error)
            # From its beginning, with what was found of it dropped.
            state.target = None
            state.pending.clear()


def partition_of(key: bytes, partitions: int) -> int:
    """Return where Java's producers, faust and ``murmur2_random`` put a key."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


def find_cards(
    endpoints: Endpoints, principal: str, partition: int, rules: Sequence[Rule]
) -> list[Withdrawal]:
    """Read a partition behind the filter for the cards that rules are about.

    Only committed records count, since an aborted one changes nothing; but all of those
    that were written before: a transaction's marker reaches a partition a moment after
    its commit was answered, and until then it is waited for.

    Args:
        endpoints: Of the platform.
        principal: May read the topic.
        partition: Of it.
        rules: About brands, stores and categories.

    Raises:
        KafkaError: The cluster refused or did not answer.
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
        # The topic of cards may have more partitions than the one behind the filter.
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
                    f"A transaction on '{PASSED_ON}', partition {partition}, has not "
                    f"ended within {_READ_SECONDS:g} s."
                )
            deadline.pause()


def _note(
    records: Iterable[Record],
    wanted: Mapping[tuple[str, str], Rule],
    fields: set[str],
    found: dict[bytes, Rule],
) -> None:
    """Note by which rule each card is to be taken back now, if by any."""
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
        # Somebody else's record: no rule is about it.
        return None
    for name in fields:
        text = card.get(name)
        rule = wanted.get((name, text)) if isinstance(text, str) else None
        if rule is not None:
            return rule
    return None
