"""Measures how long a card takes through the flow, to the filter's end and to a search.

usage: python -m benchmarks.latency [--seconds N]

It starts a platform of its own beside any that is up, with the filter and MirrorMaker 2
at work, and sends cards at a steady rate; a reader behind each hop takes the time.
"""

from __future__ import annotations

import argparse
import statistics
import time
from threading import Event, Thread

from confluent_kafka import Producer

from benchmarks.hops import framed_cards
from benchmarks.platform import HOME, platform
from benchmarks.report import Report
from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.clients.registry import RegistryClient
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.supervisor import SupervisorClient
from goodsflow.model.cards import encode_json, frame
from goodsflow.model.cards.model import Card
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import ClusterName, Endpoints
from goodsflow.pipeline.search.backends import open_backend
from goodsflow.pipeline.search.interface import SearchQuery

_RATE = 200
_SEARCHES = 25
_PATIENCE_SECONDS = 60.0

_HOPS: dict[str, tuple[ClusterName, str]] = {
    "sent: `goods`": ("inbound", "goods"),
    "filtered: `goods-filtered`": ("inbound", "goods-filtered"),
    "mirrored: `source.goods-filtered`": ("analytics", "source.goods-filtered"),
}


def main() -> None:
    """Measure, print a table, and write it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=30.0, help="of sending")
    seconds = parser.parse_args().seconds
    report = Report(
        "latency",
        "How long a card takes",
        "python -m benchmarks.latency",
        ("confluent-kafka", "duckdb"),
    )
    with platform() as endpoints:
        SupervisorClient(Home(HOME).socket).start("blocking")
        _search_once(endpoints, "warm-up")
        # The first time its JVMs still compile what they run.
        _measure_hops(endpoints, seconds, "warm-up")
        taken = _measure_hops(endpoints, seconds, "timed")
        taken["found: by a search that is asked over and over"] = [
            _search_once(endpoints, f"findable-{number}") for number in range(_SEARCHES)
        ]
        rows = [_row(name, each) for name, each in taken.items()]
        report.table(f"From the producer on, {_RATE} cards a second", rows)
        report.bars(
            {str(row["the card is"]): float(str(row["p50, ms"])) for row in rows},
            x="milliseconds, median",
            title="How long a card takes",
        )
    report.write()


class _Follower:
    """Takes the time at which cards reach a reader of a topic."""

    def __init__(
        self, endpoints: Endpoints, place: tuple[ClusterName, str], count: int
    ) -> None:
        self.taken: list[float] = []
        self.sent: dict[bytes | None, float] = {}
        self._endpoints = endpoints
        self._cluster, self._topic = place
        self._count = count
        self._ready = Event()
        self._thread = Thread(target=self._follow, daemon=True)
        self._thread.start()

    def await_ready(self) -> None:
        if not self._ready.wait(_PATIENCE_SECONDS):
            raise TimeoutError(f"The reader of '{self._topic}' did not begin.")

    def await_end(self) -> None:
        self._thread.join(_PATIENCE_SECONDS)
        if len(self.taken) < self._count:
            missing = self._count - len(self.taken)
            raise RuntimeError(f"{missing} cards did not reach '{self._topic}'.")

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
                if len(self.taken) >= self._count:
                    return


def _measure_hops(
    endpoints: Endpoints, seconds: float, prefix: str
) -> dict[str, list[float]]:
    """Send at a rate for a while; return how long each card took to each reader."""
    values = framed_cards(endpoints)
    count = int(_RATE * seconds)
    followers = {
        name: _Follower(endpoints, place, count) for name, place in _HOPS.items()
    }
    for follower in followers.values():
        follower.await_ready()
    producer = _producer(endpoints)
    due = time.monotonic()
    for number in range(count):
        due += 1 / _RATE
        producer.poll(max(0.0, due - time.monotonic()))
        key = f"{prefix}-{number}".encode()
        now = time.monotonic()
        for follower in followers.values():
            follower.sent[key] = now
        producer.produce("goods", values[number % len(values)][1], key)
    producer.flush()
    for follower in followers.values():
        follower.await_end()
    return {name: follower.taken for name, follower in followers.items()}


def _search_once(endpoints: Endpoints, product: str) -> float:
    """Send a card, ask for it until it is found, and return the seconds."""
    with RegistryClient(endpoints.schema_registry_url) as registry:
        schema_id = registry.latest("goods-value").schema_id
    card = Card.model_validate(
        sample_cards()[0].as_json() | {"product_id": product, "name": product}
    )
    value = frame(schema_id, encode_json(card.as_json()).encode())
    backend = open_backend(
        endpoints,
        "embedded",
        timeout_seconds=_PATIENCE_SECONDS,
        on_notice=lambda _: None,
    )
    producer = _producer(endpoints)
    producer.list_topics("goods", _PATIENCE_SECONDS)
    began = time.monotonic()
    producer.produce("goods", value, product.encode())
    producer.flush()
    while not backend.search(SearchQuery(name=product, limit=1)):
        if time.monotonic() - began > _PATIENCE_SECONDS:
            raise TimeoutError(f"Product '{product}' was not found.")
    return time.monotonic() - began


def _producer(endpoints: Endpoints) -> Producer:
    return Producer(producer_config(endpoints, "inbound", "shop-api"))


def _row(name: str, taken: list[float]) -> dict[str, object]:
    ordered = sorted(taken)
    return {
        "the card is": name,
        "cards": len(ordered),
        "p50, ms": 1000 * statistics.median(ordered),
        "p95, ms": 1000 * ordered[int(0.95 * len(ordered))],
        "p99, ms": 1000 * ordered[int(0.99 * len(ordered))],
    }


if __name__ == "__main__":
    main()
