"""Measures each hop of the flow alone, on a platform of its own, and prints a table.

usage: python -m benchmarks.hops [--cards N]

It starts a platform beside any that is up (port offset 15000, about 4 GiB), fills
``goods``, and has one hop at a time work its backlog off, so that a figure is what that
hop can do on this machine. The platform is removed at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from confluent_kafka import Producer

from benchmarks.filters import FILTERS
from benchmarks.meter import Figure, Stopwatch
from benchmarks.platform import HOME, INBOUND, in_a_process, pids, platform
from goodsflow.clients.connect import ConnectClient
from goodsflow.clients.hdfs import HdfsClient, TopicFile, list_topic_files
from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.clients.registry import RegistryClient
from goodsflow.model.cards import frame
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.cards.wire_format import encode_json
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.recommender import RecommenderSettings, recommend

_MIRRORED = "source.goods-filtered"
_POLL_SECONDS = 0.25
_PATIENCE_SECONDS = 600.0
_PRODUCTS = 10_000
_LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
_ANALYTICS = ("kafka-mirror-0", "kafka-mirror-1")


def main() -> None:
    """Measure all hops."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cards", type=int, default=200_000, help="for each hop")
    cards = parser.parse_args().cards
    with platform() as endpoints, ConnectClient(endpoints.connect_url) as connect:
        pause_connectors(connect)
        values = framed_cards(endpoints)
        sizes = [len(value) for _, value in values]
        print(f"a framed card: {min(sizes)} to {max(sizes)} bytes, {cards:,} cards")
        print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        _show("fill goods (librdkafka producer)", fill(endpoints, values, cards))
        logs = HOME.glob("data/kafka-0/log/goods-[01]/*.log")
        on_disk = sum(log.stat().st_size for log in logs) / cards
        print(f"bytes of a card on a broker, lz4: {on_disk:.0f}")
        for number, (name, run) in enumerate(FILTERS.items()):
            _show(name, in_a_process(run, cards, f"bench-{number}"))
        connect.resume("mm2-source")
        _show("MirrorMaker 2, exactly once", _mirror(endpoints, len(FILTERS) * cards))
        connect.pause("mm2-source")
        connect.resume("hdfs-sink")
        _show("HDFS sink, 1,000 cards a file", _sink(endpoints))
        _show_files(endpoints)
        _show_listing(endpoints)


def pause_connectors(connect: ConnectClient) -> None:
    """Have nothing behind the filter compete with it."""
    for connector in ("mm2-source", "hdfs-sink"):
        connect.pause(connector)
        _wait_until(partial(_is_paused, connect, connector))


def framed_cards(endpoints: Endpoints) -> list[tuple[bytes, bytes]]:
    """Return keys and framed cards: the samples under many product IDs."""
    registry = RegistryClient(endpoints.schema_registry_url)
    schema_id = registry.latest("goods-value").schema_id
    registry.close()
    source = random.Random(7)  # noqa: S311 - prices, no secrets
    samples = [card.as_json() for card in sample_cards()]
    values = []
    for number in range(_PRODUCTS):
        card = dict(samples[number % len(samples)])
        card["product_id"] = f"{100_000 + number}"
        amount = round(source.uniform(500, 10_000), 2)
        card["price"] = {"amount": amount, "currency": "RUB"}
        # Words would repeat from card to card, and compression would be flattered.
        card["description"] = "".join(
            source.choices(_LETTERS, k=len(card["description"]))
        )
        payload = encode_json(card).encode()
        values.append((card["product_id"].encode(), frame(schema_id, payload)))
    return values


def fill(endpoints: Endpoints, values: list[tuple[bytes, bytes]], cards: int) -> Figure:
    """Put ready-made cards on ``goods``: what a producer and two brokers can do."""
    producer = Producer(producer_config(endpoints, "inbound", "shop-api"))
    watch = Stopwatch({"brokers": pids(*INBOUND)})
    delivered = 0

    def on_delivery(error: object, _: object) -> None:
        nonlocal delivered
        if error is not None:
            raise RuntimeError(str(error))
        delivered += 1
        watch.note(delivered)

    for number in range(cards):
        key, value = values[number % len(values)]
        while True:
            try:
                producer.produce("goods", value, key, on_delivery=on_delivery)
            except BufferError:
                producer.poll(0.1)
            else:
                break
        producer.poll(0)
    producer.flush()
    return watch.figure()


def _mirror(endpoints: Endpoints, cards: int) -> Figure:
    """Have MirrorMaker 2 copy what the filters have left.

    Markers of transactions take offsets too, so that the count is a little high: one
    in a partition for each transaction.
    """
    reader = OffsetReader.connect(endpoints, "analytics", "admin")
    watch = Stopwatch(
        {"Connect": pids("kafka-connect"), "brokers": pids(*INBOUND, *_ANALYTICS)}
    )

    def done() -> bool:
        offsets = reader.topic_offsets([_MIRRORED])[_MIRRORED]
        watch.note(sum(one.end - one.first for one in offsets.values()))
        return watch.records >= cards

    _wait_until(done)
    return watch.figure()


def _sink(endpoints: Endpoints) -> Figure:
    """Have the sink write what was mirrored."""
    reader = OffsetReader.connect(endpoints, "analytics", "admin")
    ends = reader.topic_offsets([_MIRRORED])[_MIRRORED]
    target = sum(one.end for one in ends.values()) * 0.95
    watch = Stopwatch(
        {
            "Connect": pids("kafka-connect"),
            "HDFS": pids("hdfs-nn", "hdfs-dn-0", "hdfs-dn-1"),
        }
    )

    def done() -> bool:
        last: dict[int, int] = {}
        for file in _files(endpoints):
            last[file.partition] = file.last_offset + 1
        watch.note(sum(last.values()))
        return watch.records >= target

    _wait_until(done)
    return watch.figure()


def _show_files(endpoints: Endpoints) -> None:
    """Show what a listing takes, and a run of the recommender over many files."""
    began = time.monotonic()
    files = _files(endpoints)
    print(f"listing {len(files):,} files: {time.monotonic() - began:.2f} s")
    settings = RecommenderSettings(max_windows=1)
    for windows in (1, 1, 10, 40):
        settings = settings.model_copy(update={"max_windows": windows})
        report = recommend(endpoints, settings)
        print(
            f"recommender, {len(report.files)} files, {report.cards_in:,} cards: "
            f"{json.dumps(dict(report.seconds))} s"
        )


def _show_listing(endpoints: Endpoints, names: int = 20_000) -> None:
    """Show what it takes to list many names; folders do, which are cheap to make."""

    def make(share: range) -> None:
        with HdfsClient.connect(endpoints, "hdfs", 60) as client:
            for number in share:
                client.make_directory(f"/bench/goods-filtered+0+{number:010d}.json")

    with ThreadPoolExecutor() as pool:
        list(pool.map(make, [range(start, names, 8) for start in range(8)]))
    with HdfsClient.connect(endpoints, "hdfs", 60) as client:
        began = time.monotonic()
        found = len(client.list_directory("/bench"))
    print(f"listing {found:,} names: {time.monotonic() - began:.2f} s")


def _files(endpoints: Endpoints) -> list[TopicFile]:
    with HdfsClient.connect(endpoints, "recommender", 30) as client:
        return list_topic_files(client, "/data/kafka/topics", _MIRRORED)


def _is_paused(connect: ConnectClient, connector: str) -> bool:
    return all(task.state == "PAUSED" for task in connect.status(connector).tasks)


def _wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError("A hop did not get through its backlog in time.")
        time.sleep(_POLL_SECONDS)


def _show(name: str, figure: Figure) -> None:
    print(f"{name:40} {figure}", flush=True)


if __name__ == "__main__":
    main()
