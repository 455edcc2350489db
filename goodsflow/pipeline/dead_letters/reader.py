"""Reading dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.model.dead_letters import TOPIC, DeadLetter, DeadLetterError, Place
from goodsflow.model.endpoints import ClusterName, Endpoints

CLUSTER: ClusterName = "inbound"
GROUP_ID = "dead-letters"


def open_reader(endpoints: Endpoints, principal: str) -> TopicReader:
    """Return a reader of the dead letters' topic that includes headers.

    Raises:
        EndpointsError: The principal has no password file.
    """
    return TopicReader(endpoints, CLUSTER, principal, GROUP_ID, TOPIC, whole=True)


def read_letters(
    reader: TopicReader,
    starts: Mapping[int, int] | None = None,
    *,
    timeout_seconds: float = 60.0,
) -> Iterator[DeadLetter]:
    """Yield all dead letters, in order within each partition.

    Args:
        reader: From ``open_reader``.
        starts: By partition, the offset to start at; by default the beginning.
        timeout_seconds: For the whole read.

    Raises:
        KafkaError: The cluster refused or didn't answer in time.
    """
    marks = reader.watermarks()
    offsets = {
        number: max(ends.first, (starts or {}).get(number, 0))
        for number, ends in marks.items()
    }
    for batch in reader.read_to_end(offsets, timeout_seconds=timeout_seconds):
        yield from map(DeadLetter.from_record, batch.records)


def read_at(
    reader: TopicReader, places: Sequence[Place], *, timeout_seconds: float = 30.0
) -> list[DeadLetter]:
    """Return the dead letters at given places, in that order.

    Raises:
        DeadLetterError: One of the places has no dead letter.
        KafkaError: The cluster refused or didn't answer in time.
    """
    marks = reader.watermarks()
    found = []
    for place in places:
        ends = marks.get(place.partition)
        is_there = ends is not None and ends.first <= place.offset < ends.end
        records = (
            reader.read_range(
                place.partition,
                place.offset,
                place.offset,
                timeout_seconds=timeout_seconds,
            )
            if is_there
            else []
        )
        if not records:
            raise DeadLetterError(
                f"There is no dead letter at {place}. `goodsflow dead-letters list` "
                "shows all dead letters."
            )
        found.append(DeadLetter.from_record(records[0]))
    return found
