"""The shop API beside a producer that sends the same bytes, ready-made.

Both send 1,000,000 offers of a catalogue with the same seed, with the same client
settings, three times in turns. Figures are cards a second, and CPU-seconds of the
sender and of the brokers for 100,000 cards. A full run takes about 4 minutes.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from itertools import islice
from threading import Event
from typing import Any

from confluent_kafka import Producer

from benchmarks.benchmark import Benchmark, Run
from benchmarks.cards import ends_of
from benchmarks.checks import check
from benchmarks.meter import Figure, Stopwatch
from benchmarks.platform import CONNECTORS, Measured, Work, in_a_process
from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.clients.registry import RegistryClient
from goodsflow.clients.registry.serializer import value_serializer
from goodsflow.model.cards import decode_card
from goodsflow.model.cards.catalog import FIRST_PRODUCT_ID, GeneratedCatalog
from goodsflow.model.cards.model import Card
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints, load_endpoints
from goodsflow.pipeline.shop_api.producer import TOPIC
from goodsflow.pipeline.shop_api.records import Outgoing, offers
from goodsflow.pipeline.shop_api.service import PRINCIPAL, THROUGHPUT
from goodsflow.pipeline.shop_api.service import run as run_shop_api
from goodsflow.pipeline.shop_api.settings import ShopApiSettings
from goodsflow.pipeline.shop_api.tally import Tally

_PRODUCTS = 10_000
_SEED = 7
_POLL_RECORDS = 200
_READ_BACK = 100


def _run(run: Run) -> None:
    cards = run.pick(1_000_000, 2_000)
    runs = run.pick(3, 1)
    run.keep_stopped("blocking")
    run.keep_paused(*CONNECTORS)
    products = range(FIRST_PRODUCT_ID, FIRST_PRODUCT_ID + _PRODUCTS)
    run.withdraw_at_end(str(product) for product in products)
    figures: dict[str, list[Figure]] = {name: [] for name in _ALL}
    for turn in range(runs):
        for name, measure in _ALL.items():
            before = ends_of(run.endpoints, "inbound", TOPIC)
            figure = in_a_process(measure, run.work(cards, str(turn)))
            run.progress(f"{name}: {figure}")
            figures[name].append(figure)
            _check_cards(run.endpoints, before, cards)
    rows = [_row(name, each) for name, each in figures.items()]
    making, size = _making(run.endpoints, cards)
    heading = f"{cards:,} cards of {size:.0f} bytes, runs of each: {runs}"
    run.report.table(heading, rows)
    run.report.bars(
        {str(row["producer"]): float(str(row["cards/s"])) for row in rows},
        x="cards a second",
        title="Sending cards",
    )
    ready, ours = (
        statistics.median(each.cost("sender") for each in group) * 10
        for group in figures.values()
    )
    run.report.text(
        f"A card takes {ours:.1f} µs of processor time in the shop API's process, and "
        f"{ready:.1f} µs as ready-made bytes. Making the bytes alone takes "
        f"{making * 1e6:.1f} µs."
    )


def _check_cards(endpoints: Endpoints, starts: dict[int, int], cards: int) -> None:
    """Check that as many records came as were sent, and that the first are cards."""
    ends = ends_of(endpoints, "inbound", TOPIC)
    came = sum(ends.values()) - sum(starts.values())
    check(came == cards, f"{came:,} of {cards:,} cards are on '{TOPIC}'.")
    with TopicReader(endpoints, "inbound", "admin", "bench", TOPIC) as reader:
        for partition, first in starts.items():
            last = min(first + _READ_BACK, ends[partition]) - 1
            for record in reader.read_range(partition, first, last, timeout_seconds=60):
                card = Card.model_validate(decode_card(record.value or b""))
                key = (record.key or b"").decode()
                check(card.product_id == key, f"{key!r} is not a product's key.")


def ready_made(work: Work) -> Figure:
    """Send bytes that were made before."""
    endpoints = load_endpoints(work.home)
    records = _offers(endpoints, work.records)
    producer = Producer(producer_config(endpoints, "inbound", PRINCIPAL) | THROUGHPUT)
    watch = _stopwatch(work)
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


def shop_api(work: Work) -> Figure:
    """Have the shop API make and send as many, as fast as it can."""
    settings = ShopApiSettings(
        count=work.records, rate=1_000_000, catalog=_PRODUCTS, seed=_SEED
    )
    watch = _stopwatch(work)

    def report(tally: Tally) -> None:
        watch.note(tally.delivered)

    endpoints = load_endpoints(work.home)
    tally = run_shop_api(settings, endpoints, stop=Event(), report=report)
    watch.note(tally.delivered)
    return watch.figure()


def _making(endpoints: Endpoints, cards: int) -> tuple[float, float]:
    """Return a card's seconds of a processor to make its bytes, and how many these are.

    Both are means.
    """
    began = time.process_time()
    made = _offers(endpoints, cards)
    seconds = (time.process_time() - began) / cards
    return seconds, statistics.mean(len(value) for _, value, _ in made)


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
        "CPU-s per 100,000": statistics.median(each.cost("sender") for each in figures),
        "of the brokers": statistics.median(each.cost("brokers") for each in figures),
    }


def _stopwatch(work: Work) -> Stopwatch:
    processes = {"sender": [os.getpid()], "brokers": work.broker_pids}
    return Stopwatch(processes, work.records)


_ALL: dict[str, Measured] = {
    "librdkafka, ready-made bytes": ready_made,
    "goodsflow shop-api": shop_api,
}


BENCHMARK = Benchmark("shop-api", "The shop API", 4, _run)
