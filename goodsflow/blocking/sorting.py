"""What becomes of the records of a batch, and where the batch begins and ends."""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Iterable

from confluent_kafka import Message

from goodsflow.blocking.filtering import PASSED, Decide, Kind, Verdict
from goodsflow.blocking.records import SOURCE, Outgoing, dead_letter
from goodsflow.blocklist import Scope
from goodsflow.kafka.reading import place_of, whole_record


class Sorted:
    """Records, by what becomes of them.

    Args:
        decide: Says what does.

    Attributes:
        passed: In their order.
        letters: Of what is no card.
        because: By what records were blocked, or what they failed at.
        first_letter: Where the first letter came from, and why; empty: there is none.
    """

    def __init__(self, decide: Decide) -> None:
        self._decide = decide
        self.passed: list[Message] = []
        self.letters: list[Outgoing] = []
        self.because: Counts[Scope | Kind] = Counts()
        self.first_letter = ""

    def add(self, messages: Iterable[Message]) -> None:
        """Decide about records that follow those before.

        Raises:
            RegistryError: A card's schema cannot be looked up at the moment.
        """
        decide, keep = self._decide, self.passed.append
        for message in messages:
            verdict = decide(message.key(), message.value())
            if verdict is PASSED:
                keep(message)
            else:
                self._hold_back(message, verdict)

    def _hold_back(self, message: Message, verdict: Verdict) -> None:
        if verdict.because is not None:
            self.because[verdict.because] += 1
        if verdict.outcome != "undecodable":
            return
        record = whole_record(message)
        self.letters.append(dead_letter(record, verdict))
        if not self.first_letter:
            place = f"{SOURCE}-{record.partition}@{record.offset}"
            self.first_letter = f"from {place}: {verdict.reason}"


def first_offsets(batch: Iterable[Message]) -> dict[int, int]:
    """Return the first offset of the batch in each of its partitions."""
    firsts: dict[int, int] = {}
    for message in batch:
        partition, offset = place_of(message)
        firsts.setdefault(partition, offset)
    return firsts


def next_offsets(batch: Iterable[Message]) -> dict[int, int]:
    """Return the offset after the batch in each of its partitions."""
    lasts = dict(map(place_of, batch))
    return {partition: offset + 1 for partition, offset in lasts.items()}
