"""Measures the shop API beside a producer that sends the same bytes, ready-made.

usage: python -m benchmarks.shop_api [--cards N] [--runs N]

It starts a platform of its own beside any that is up. Both send the offers of a
catalogue with the same seed, with the same client settings, and count deliveries.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import time
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any

from confluent_kafka import Producer

from benchmarks.meter import Figure, Stopwatch
from benchmarks.platform import Measured, in_a_process, platform
from benchmarks.report import Report
from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.registry import RegistryClient
from goodsflow.clients.registry.serializer import value_serializer
from goodsflow.model.cards.catalog import GeneratedCatalog
from goodsflow.model.cards.model import Card
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints, load_endpoints
from goodsflow.pipeline.shop_api.producer import TOPIC
from goodsflow.pipeline.shop_api.records import Outgoing, offers
from goodsflow.pipeline.shop_api.service import PRINCIPAL, THROUGHPUT, run
from goodsflow.pipeline.shop_api.settings import ShopApiSettings
from goodsflow.pipeline.shop_api.tally import Tally

_PRODUCTS = 10_000
_SEED = 7
_POLL_RECORDS = 200


def main() -> None:
    """Measure both, print a table, and write it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cards", type=int, default=1_000_000, help="to send")
    parser.add_argument("--runs", type=int, default=3, help="of each")
    arguments = parser.parse_args()
    cards, runs = arguments.cards, arguments.runs
    report = Report(
        "shop-api",
        "The shop API",
        "python -m benchmarks.shop_api",
        ("confluent-kafka",),
    )
    with platform() as endpoints:
        figures: dict[str, list[Figure]] = {name: [] for name in _ALL}
        for turn in range(runs):
            for name, work in _ALL.items():
                figure = in_a_process(work, cards, f"bench-{turn}")
                print(f"{name:40} {figure}", flush=True)
                figures[name].append(figure)
        rows = [_row(name, each) for name, each in figures.items()]
        size = statistics.mean(len(value) for _, value, _ in _offers(endpoints, cards))
        report.table(f"{cards:,} cards of {size:.0f} bytes, {runs} times each", rows)
        report.bars(
            {str(row["producer"]): float(str(row["cards/s"])) for row in rows},
            x="cards a second",
            title="Sending cards",
        )
        least, ready, ours = (
            _making(endpoints, cards),
            *(
                statistics.median(
                    each.cpu_seconds["sender"] / each.records for each in group
                )
                for group in figures.values()
            ),
        )
        report.text(
            f"Of a card the shop API's process takes {ours * 1e6:.1f} µs of a "
            f"processor, ready-made bytes {ready * 1e6:.1f} µs; making the bytes alone "
            f"takes {least * 1e6:.1f} µs."
        )
    report.write()


def ready_made(home: Path, cards: int, broker_pids: list[int], _name: str) -> Figure:
    """Send bytes that were made before."""
    endpoints = load_endpoints(home)
    records = _offers(endpoints, cards)
    producer = Producer(producer_config(endpoints, "inbound", PRINCIPAL) | THROUGHPUT)
    watch = _stopwatch(broker_pids)
    delivered = 0

    def on_delivery(error: object, _: Any) -> None:
        nonlocal delivered
        if error is not None:
            raise RuntimeError(str(error))
        delivered += 1

    for number, (key, value, _) in enumerate(records):
        while True:
            try:
                producer.produce(TOPIC, value, key, on_delivery=on_delivery)
            except BufferError:
                producer.poll(0.1)
            else:
                break
        if number % _POLL_RECORDS == 0:
            producer.poll(0)
            watch.note(delivered)
    producer.flush()
    watch.note(delivered)
    return watch.figure()


def shop_api(home: Path, cards: int, broker_pids: list[int], _: str) -> Figure:
    """Have the shop API make and send as many, as fast as it can."""
    settings = ShopApiSettings(
        count=cards, rate=1_000_000, catalog=_PRODUCTS, seed=_SEED
    )
    watch = _stopwatch(broker_pids)

    def report(tally: Tally) -> None:
        watch.note(tally.delivered)

    tally = run(settings, load_endpoints(home), stop=Event(), report=report)
    watch.note(tally.delivered)
    return watch.figure()


def _making(endpoints: Endpoints, cards: int) -> float:
    """Return the seconds of a processor that a card's bytes take."""
    began = time.process_time()
    _offers(endpoints, cards)
    return (time.process_time() - began) / cards


def _offers(endpoints: Endpoints, cards: int) -> list[Outgoing]:
    schema = (PROJECT_ROOT / "schemas" / "goods.json").read_text(encoding="utf-8")
    with RegistryClient(endpoints.schema_registry_url) as registry:
        write = value_serializer(registry, schema)

        def serialize(card: Card) -> bytes:
            return write(TOPIC, card.as_json())

        catalog = GeneratedCatalog(_PRODUCTS, _SEED)
        source = random.Random(_SEED)  # noqa: S311 - prices, no secrets
        return list(islice(offers(catalog, serialize, source), cards))


def _row(name: str, figures: list[Figure]) -> dict[str, object]:
    rates = [figure.rate for figure in figures]
    return {
        "producer": name,
        "cards/s": statistics.median(rates),
        "least": min(rates),
        "most": max(rates),
        "CPU-s per 100,000": statistics.median(
            each.cpu_seconds["sender"] * 100_000 / each.records for each in figures
        ),
        "of the brokers": statistics.median(
            each.cpu_seconds["brokers"] * 100_000 / each.records for each in figures
        ),
    }


def _stopwatch(broker_pids: list[int]) -> Stopwatch:
    return Stopwatch({"sender": [os.getpid()], "brokers": broker_pids})


_ALL: dict[str, Measured] = {
    "librdkafka, ready-made bytes": ready_made,
    "goodsflow shop-api": shop_api,
}


if __name__ == "__main__":
    main()
