"""Takes the time that cards need from a producer to readers of topics."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from threading import Event, Thread
from typing import TypeAlias

from confluent_kafka import Producer

from benchmarks.cards import Cards, under_another_id
from benchmarks.checks import CheckError, check
from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.model.endpoints import ClusterName, Endpoints

Places: TypeAlias = Mapping[str, tuple[ClusterName, str]]
"""Topics that are read, with their clusters, by the name in the table."""

_PATIENCE_SECONDS = 60.0


def measure_latencies(
    endpoints: Endpoints, cards: Cards, places: Places, keys: list[str], rate: float
) -> dict[str, list[float]]:
    """Send cards at a steady rate; return the seconds that each took to each reader.

    Args:
        endpoints: Of the platform.
        cards: What to send, in turns.
        places: Where readers wait.
        keys: A product ID for each card to send.
        rate: Cards a second.

    Raises:
        CheckError: Not every card came to every reader.
    """
    followers = {
        name: _Follower(endpoints, place, len(keys)) for name, place in places.items()
    }
    for follower in followers.values():
        follower.await_ready()
    producer = Producer(producer_config(endpoints, "inbound", "shop-api"))
    due = time.monotonic()
    for number, product_id in enumerate(keys):
        due += 1 / rate
        producer.poll(max(0.0, due - time.monotonic()))
        key, value = under_another_id(cards[number % len(cards)], product_id)
        now = time.monotonic()
        for follower in followers.values():
            follower.sent[key] = now
        producer.produce("goods", value, key)
    producer.flush()
    for follower in followers.values():
        follower.await_end()
    return {name: follower.taken for name, follower in followers.items()}


def percentiles(taken: list[float]) -> dict[str, object]:
    """Return columns of a table: how many cards, and the percentiles in milliseconds.

    Args:
        taken: The seconds of each card.
    """
    ordered = sorted(taken)
    return {
        "cards": len(ordered),
        "p50, ms": 1000 * statistics.median(ordered),
        "p95, ms": 1000 * ordered[int(0.95 * len(ordered))],
        "p99, ms": 1000 * ordered[int(0.99 * len(ordered))],
    }


class _Follower:
    """Notes when cards reach a reader of a topic, in a thread of its own."""

    def __init__(
        self, endpoints: Endpoints, place: tuple[ClusterName, str], count: int
    ) -> None:
        self.taken: list[float] = []
        self.sent: dict[bytes | None, float] = {}
        self._endpoints = endpoints
        self._cluster, self._topic = place
        self._count = count
        self._ready = Event()
        self._came_at = time.monotonic()
        self._thread = Thread(target=self._follow, daemon=True)
        self._thread.start()

    def await_ready(self) -> None:
        """Wait until the reader reads."""
        if not self._ready.wait(_PATIENCE_SECONDS):
            raise CheckError(f"The reader of '{self._topic}' did not start.")

    def await_end(self) -> None:
        """Wait until all cards have come, or none for a long while."""
        self._came_at = time.monotonic()
        while self._thread.is_alive():
            self._thread.join(1.0)
            if time.monotonic() - self._came_at > _PATIENCE_SECONDS:
                break
        check(
            len(self.taken) == self._count,
            f"{len(self.taken):,} of {self._count:,} cards came to '{self._topic}'.",
        )

    def _follow(self) -> None:
        with TopicReader(
            self._endpoints, self._cluster, "admin", "bench", self._topic
        ) as reader:
            ends = {number: each.end for number, each in reader.watermarks().items()}
            for record in reader.follow(ends):
                now = time.monotonic()
                self._ready.set()
                if record is not None and record.key in self.sent:
                    self.taken.append(now - self.sent[record.key])
                    self._came_at = now
                if len(self.taken) >= self._count:
                    return
