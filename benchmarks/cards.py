"""The cards that benchmarks put on topics, count there, and take away again."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from confluent_kafka import Producer

from benchmarks.meter import Figure, Stopwatch
from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.clients.registry import RegistryClient
from goodsflow.model.cards import encode_json, frame
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import ClusterName, Endpoints
from goodsflow.model.records import Record

Cards = list[tuple[bytes, bytes]]
"""Keys, which are product IDs, and framed cards."""

_PRODUCTS = 10_000
_LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
_READ_SECONDS = 600.0

MANY = 100_000
"""More cards may fill a segment of a partition, which is then compacted."""


def framed_cards(endpoints: Endpoints, prefix: str) -> Cards:
    """Return cards of 10,000 products: the samples, under product IDs of their own.

    Args:
        endpoints: Of the platform, whose schema ID the cards carry.
        prefix: What the product IDs start with.
    """
    with RegistryClient(endpoints.schema_registry_url) as registry:
        schema_id = registry.latest("goods-value").schema_id
    source = random.Random(7)  # noqa: S311 - prices, no secrets
    samples = [card.as_json() for card in sample_cards()]
    cards = []
    for number in range(_PRODUCTS):
        card = dict(samples[number % len(samples)])
        card["product_id"] = f"{prefix}-{number}"
        amount = round(source.uniform(500, 10_000), 2)
        card["price"] = {"amount": amount, "currency": "RUB"}
        # Real words would repeat from card to card and compress too well.
        card["description"] = "".join(
            source.choices(_LETTERS, k=len(card["description"]))
        )
        payload = encode_json(card).encode()
        cards.append((card["product_id"].encode(), frame(schema_id, payload)))
    return cards


def under_another_id(card: tuple[bytes, bytes], product_id: str) -> tuple[bytes, bytes]:
    """Return the same card as another product: its key and its value."""
    key, value = card
    new = product_id.encode()
    return new, value.replace(b'"%b"' % key, b'"%b"' % new)


def fill(
    endpoints: Endpoints, cards: Cards, count: int, broker_pids: list[int]
) -> Figure:
    """Put ready-made cards on ``goods``, and measure the producer and the brokers."""
    producer = Producer(producer_config(endpoints, "inbound", "shop-api"))
    watch = Stopwatch({"brokers": broker_pids}, count)
    delivered = 0

    def on_delivery(error: object, _: object) -> None:
        nonlocal delivered
        if error is not None:
            raise RuntimeError(f"A card was not delivered: {error}")
        delivered += 1
        watch.note(delivered)

    for number in range(count):
        key, value = cards[number % len(cards)]
        send(producer, "goods", key, value, on_delivery=on_delivery)
    producer.flush()
    if delivered != count:
        raise RuntimeError(f"Only {delivered:,} of {count:,} cards were delivered.")
    return watch.figure()


def send(
    producer: Producer,
    topic: str,
    key: str | bytes | None,
    value: bytes | None,
    **options: Any,
) -> None:
    """Hand a record to a producer, and wait while its queue is full."""
    while True:
        try:
            producer.produce(topic, value, key, **options)
        except BufferError:
            producer.poll(0.1)
        else:
            producer.poll(0)
            return


def withdraw(
    endpoints: Endpoints,
    cluster: ClusterName,
    topic: str,
    keys: Iterable[str | bytes],
) -> None:
    """Send a tombstone for each product, so that nothing is left of a benchmark."""
    producer = Producer(producer_config(endpoints, cluster, "admin"))
    for key in keys:
        send(producer, topic, key, None)
    if left := producer.flush(120):
        raise RuntimeError(f"{left:,} tombstones for '{topic}' were not delivered.")


def ends_of(endpoints: Endpoints, cluster: ClusterName, topic: str) -> dict[int, int]:
    """Return the end of each partition of a topic."""
    reader = OffsetReader.connect(endpoints, cluster, "admin")
    return {
        number: offsets.end
        for number, offsets in reader.topic_offsets([topic])[topic].items()
    }


def records_since(
    endpoints: Endpoints, cluster: ClusterName, topic: str, starts: Mapping[int, int]
) -> Iterator[Record]:
    """Yield the committed records from the offsets to the end of the topic."""
    with TopicReader(endpoints, cluster, "admin", "bench", topic, whole=True) as reader:
        for batch in reader.read_to_end(starts, timeout_seconds=_READ_SECONDS):
            yield from batch.records


def count_cards(
    endpoints: Endpoints,
    cluster: ClusterName,
    topic: str,
    starts: Mapping[int, int],
    *,
    prefix: str,
    expected: int,
) -> int:
    """Return how many cards of a benchmark came to a topic; tombstones do not count.

    Of many cards, compaction may have removed some already. Then it is the offsets that
    are counted, which markers of transactions take as well.
    """
    if expected >= MANY:
        ends = ends_of(endpoints, cluster, topic)
        return sum(ends.values()) - sum(starts.values())
    start = prefix.encode()
    return sum(
        record.value is not None and (record.key or b"").startswith(start)
        for record in records_since(endpoints, cluster, topic, starts)
    )
