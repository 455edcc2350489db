"""A batch: the records that were read, sorted by the decisions about them."""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Sequence

from confluent_kafka import Message

from goodsflow.clients.kafka.topic_reader import (
    position_of,
    readable_headers,
    whole_record,
)
from goodsflow.model.blocklist import Scope
from goodsflow.model.dead_letters import dead_letter
from goodsflow.model.records import Header, OutgoingRecord, size_of
from goodsflow.pipeline.filter.filtering import (
    HEADERLESS,
    MAX_BYTES,
    PASSED,
    Decide,
    Kind,
    Verdict,
    too_large,
)
from goodsflow.pipeline.filter.topics import SOURCE


class Batch:
    """Records that were read, sorted by the decisions about them.

    Args:
        decide: Decides about a record.

    Attributes:
        passed: Records that pass, in their order.
        letters: Dead letters to write.
        causes: The number of all other records, by cause.
        first_letter: The origin and the error of the first dead letter; empty if there
            is none.
    """

    def __init__(self, decide: Decide) -> None:
        self._decide = decide
        self._firsts: dict[int | None, Message] = {}
        self._lasts: dict[int | None, Message] = {}
        self.passed: list[Message] = []
        self.letters: list[OutgoingRecord] = []
        self.causes: Counts[Scope | Kind] = Counts()
        self.first_letter = ""

    def __bool__(self) -> bool:
        """Whether there are records."""
        return bool(self._lasts)

    def add(self, messages: Sequence[Message]) -> None:
        """Add records that follow the previous ones, and decide about them.

        Raises:
            RegistryError: A card's schema can't be looked up at the moment. The batch
                knows its first offsets, but must not be used any more.
        """
        self._note_places(messages)
        decide, keep = self._decide, self.passed.append
        for message in messages:
            verdict = decide(message.key(), message.value())
            if verdict is not PASSED:
                self._hold_back(message, verdict)
                continue
            headers = readable_headers(message)
            if headers is None:
                self._keep_letter(message, HEADERLESS, ())
            elif headers and (size := _size(message, headers)) > MAX_BYTES:
                self._keep_letter(message, too_large(size), headers)
            else:
                keep(message)

    @property
    def first_offsets(self) -> dict[int, int]:
        """The first offset of the batch in each of its partitions."""
        return dict(map(position_of, self._firsts.values()))

    @property
    def next_offsets(self) -> dict[int, int]:
        """The offset after the batch in each of its partitions."""
        lasts = map(position_of, self._lasts.values())
        return {partition: offset + 1 for partition, offset in lasts}

    def _note_places(self, messages: Sequence[Message]) -> None:
        firsts, lasts = self._firsts, self._lasts
        for message in messages:
            partition = message.partition()
            if partition not in firsts:
                firsts[partition] = message
            lasts[partition] = message

    def _hold_back(self, message: Message, verdict: Verdict) -> None:
        if verdict.outcome == "undecodable":
            self._keep_letter(message, verdict, readable_headers(message) or ())
        elif verdict.cause is not None:
            self.causes[verdict.cause] += 1

    def _keep_letter(
        self, message: Message, verdict: Verdict, headers: Sequence[Header]
    ) -> None:
        if verdict.cause is not None:
            self.causes[verdict.cause] += 1
        record = whole_record(message, headers)
        self.letters.append(
            dead_letter(
                record,
                origin_topic=SOURCE,
                kind=verdict.cause or "",
                error=verdict.reason,
            )
        )
        if not self.first_letter:
            place = f"{SOURCE}-{record.partition}@{record.offset}"
            self.first_letter = f"from {place}: {verdict.summary}"


def _size(message: Message, headers: Sequence[Header]) -> int:
    return len(message.key() or b"") + len(message.value() or b"") + size_of(headers)
