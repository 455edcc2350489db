"""How long a card takes from the producer to each topic on its way, and to a search.

Cards are sent at 200 a second for 30 s, with the filter and MirrorMaker 2 at work. A
reader behind each hop takes the time in milliseconds. There are no peers: the way to
the first topic is the yardstick for the rest. A full run takes about 2 minutes.
"""

from __future__ import annotations

import time

from confluent_kafka import Producer

from benchmarks.benchmark import Benchmark, Run
from benchmarks.cards import framed_cards
from benchmarks.checks import CheckError, no_dead_letters
from benchmarks.following import Places, measure_latencies, percentiles
from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.registry import RegistryClient
from goodsflow.model.cards import encode_json, frame
from goodsflow.model.cards.model import Card
from goodsflow.model.cards.samples import sample_cards
from goodsflow.pipeline.search.backends import open_backend
from goodsflow.pipeline.search.interface import SearchQuery

_RATE = 200
_PATIENCE_SECONDS = 60.0

_HOPS: Places = {
    "sent: `goods`": ("inbound", "goods"),
    "filtered: `goods-filtered`": ("inbound", "goods-filtered"),
    "mirrored: `source.goods-filtered`": ("analytics", "source.goods-filtered"),
}


def _run(run: Run) -> None:
    seconds = run.pick(30.0, 1.0)
    searches = run.pick(25, 2)
    with no_dead_letters(run.endpoints, run.name):
        # The first time, the JVMs still compile what they run.
        run.progress(f"warming up: {_RATE} cards a second for {seconds:g} s")
        _search_once(run, "warm-up")
        _measure_hops(run, seconds, "warm-up")
        run.progress(f"measuring: {_RATE} cards a second for {seconds:g} s")
        taken = _measure_hops(run, seconds, "timed")
        run.progress(f"searching for {searches} new cards, one after the other")
        taken["found: by a search that is repeated until then"] = [
            _search_once(run, f"found-{number}") for number in range(searches)
        ]
    rows = [{"the card is": name} | percentiles(each) for name, each in taken.items()]
    run.report.table(f"From the producer on, {_RATE} cards a second", rows)
    run.report.bars(
        {str(row["the card is"]): float(str(row["p50, ms"])) for row in rows},
        x="milliseconds, median",
        title="How long a card takes",
    )


def _measure_hops(run: Run, seconds: float, what: str) -> dict[str, list[float]]:
    keys = [f"{run.name}-{what}-{number}" for number in range(int(_RATE * seconds))]
    run.withdraw_at_end(keys)
    cards = framed_cards(run.endpoints, run.name)
    return measure_latencies(run.endpoints, cards, _HOPS, keys, _RATE)


def _search_once(run: Run, what: str) -> float:
    """Send a card, search for it until it is found, and return the seconds."""
    product = f"{run.name}-{what}"
    run.withdraw_at_end([product])
    with RegistryClient(run.endpoints.schema_registry_url) as registry:
        schema_id = registry.latest("goods-value").schema_id
    card = Card.model_validate(
        sample_cards()[0].as_json() | {"product_id": product, "name": product}
    )
    value = frame(schema_id, encode_json(card.as_json()).encode())
    backend = open_backend(
        run.endpoints,
        "embedded",
        timeout_seconds=_PATIENCE_SECONDS,
        on_notice=lambda _: None,
    )
    producer = Producer(producer_config(run.endpoints, "inbound", "shop-api"))
    producer.list_topics("goods", _PATIENCE_SECONDS)
    began = time.monotonic()
    producer.produce("goods", value, product.encode())
    producer.flush()
    while not backend.search(SearchQuery(name=product, limit=1)):
        if time.monotonic() - began > _PATIENCE_SECONDS:
            raise CheckError(f"No search found product '{product}'.")
    return time.monotonic() - began


BENCHMARK = Benchmark(
    "latency", "How long a card takes", 2, _run, ("confluent-kafka", "duckdb")
)
