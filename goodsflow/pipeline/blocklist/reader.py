"""Reading the block list: once as a whole, or continuously."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Event

from goodsflow.clients.kafka.detached_calls import run_detached
from goodsflow.clients.kafka.errors import ClusterUnavailableError
from goodsflow.clients.kafka.topic_inspector import TopicInspector
from goodsflow.clients.kafka.topic_reader import Batch, TopicReader
from goodsflow.common.counting import counted
from goodsflow.model.blocklist import TOPIC, BlockListError, BlockRules, Entry, Rule
from goodsflow.model.endpoints import ClusterName, Endpoints
from goodsflow.model.records import Record

CLUSTER: ClusterName = "inbound"

_LOGGER = logging.getLogger(__name__)
_PAUSE_SECONDS = 1.0
_LOAD_SECONDS = 120.0


def read_block_list(
    endpoints: Endpoints, principal: str, *, timeout_seconds: float = 30.0
) -> dict[Rule, Entry]:
    """Return the entries in force at the topic's current end.

    Args:
        endpoints: Of the platform.
        principal: May read the topic.
        timeout_seconds: For the whole read.

    Raises:
        KafkaError: The cluster refused, didn't answer in time, or has no such topic.
        EndpointsError: The principal has no password file.
    """
    entries: dict[Rule, Entry] = {}
    with TopicReader(
        endpoints,
        CLUSTER,
        principal,
        f"{principal}-block-list",
        TOPIC,
        timeout_seconds=timeout_seconds,
    ) as reader:
        for batch in _read(reader, timeout_seconds):
            for record in batch.records:
                rule = _rule_of(record)
                if rule is None:
                    continue
                if record.value is None:
                    entries.pop(rule, None)
                else:
                    entries[rule] = Entry.from_record(rule, record.value)
    return entries


def _read(reader: TopicReader, timeout_seconds: float) -> Iterable[Batch]:
    starts = {number: ends.first for number, ends in reader.watermarks().items()}
    if set(starts) != {0}:
        raise BlockListError(
            f"Topic '{TOPIC}' has {len(starts)} partitions. It needs exactly one, "
            "because the order of changes matters. Recreate it as platform.yaml "
            "declares it."
        )
    return reader.read_to_end(starts, timeout_seconds=timeout_seconds)


def _rule_of(record: Record) -> Rule | None:
    try:
        return Rule.from_key(record.key)
    except BlockListError as error:
        # No warning for a tombstone: it removes the malformed record.
        if record.value is not None:
            place = f"offset {record.offset} of topic '{TOPIC}'"
            _LOGGER.warning("Ignoring the record at %s: %s", place, error)
        return None


@dataclass(frozen=True)
class Position:
    """How far the list was read.

    Attributes:
        topic_id: Kafka's ID of the topic. A recreated topic starts at offset 0 again.
        next_offset: The offset of the first record that wasn't read.
    """

    topic_id: str
    next_offset: int

    def __str__(self) -> str:
        """Format it for the metadata of a committed offset."""
        return f"{self.topic_id}@{self.next_offset}"

    @classmethod
    def parse(cls, text: str | None) -> Position | None:
        """Parse what ``str`` returned; return None for anything else."""
        topic_id, _, offset = (text or "").rpartition("@")
        if not topic_id or not offset.isdecimal():
            return None
        return cls(topic_id, int(offset))


class BlockListFollower:
    """Keeps the rules up to date with the topic, in a thread of its own.

    During an outage it keeps the rules that it has. If the topic or a right is missing,
    it ends, and ``raise_if_failed`` raises the error.

    Args:
        endpoints: Of the platform.
        principal: May read the topic.
    """

    def __init__(self, endpoints: Endpoints, principal: str) -> None:
        self._endpoints = endpoints
        self._principal = principal
        self._work: Future[None] | None = None
        self._position: Position | None = None
        self.rules = BlockRules()

    @property
    def position(self) -> Position | None:
        """How far the list was read; None until it was read to its end once.

        The rules include everything before this position, and possibly more.
        """
        return self._position

    def start(self, stop: Event) -> None:
        """Start the thread.

        Args:
            stop: Ends the thread.
        """
        self._work = run_detached(lambda: self._run(stop), "block-list")

    def raise_if_failed(self) -> None:
        """Raise the error that ended the thread, if any.

        Raises:
            GoodsflowError: The cluster keeps refusing, or the topic is unusable.
        """
        if self._work is not None and self._work.done():
            self._work.result()

    def _run(self, stop: Event) -> None:
        while not stop.is_set():
            try:
                with TopicReader(
                    self._endpoints,
                    CLUSTER,
                    self._principal,
                    f"{self._principal}-block-list",
                    TOPIC,
                ) as reader:
                    self._follow(reader, stop)
            except ClusterUnavailableError as error:
                _LOGGER.warning("Cannot update the block list at the moment: %s", error)
                stop.wait(_PAUSE_SECONDS)

    def _follow(self, reader: TopicReader, stop: Event) -> None:
        """Read the whole list, then follow it; return if the topic was recreated."""
        topic_id = TopicInspector(
            self._endpoints, CLUSTER, self._principal, TOPIC
        ).topic_id()
        rules, next_offset = BlockRules(), 0
        for batch in _read(reader, _LOAD_SECONDS):
            for record in batch.records:
                _apply(record, rules)
            next_offset = batch.next_offsets[0]
        self.rules = rules
        self._position = Position(topic_id, next_offset)
        _LOGGER.info("The block list has %s", counted(len(rules), "rule"))
        for found in reader.follow({0: next_offset}):
            if stop.is_set():
                return
            if found is None:
                continue
            if found.offset < next_offset:
                _LOGGER.warning("Topic '%s' was recreated", TOPIC)
                return
            _apply(found, rules)
            next_offset = found.offset + 1
            self._position = Position(topic_id, next_offset)


def _apply(record: Record, rules: BlockRules) -> None:
    rule = _rule_of(record)
    if rule is None:
        return
    if record.value is None:
        rules.remove(rule)
    else:
        rules.add(rule, record.offset)
