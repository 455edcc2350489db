"""From a shop's card to search and recommendation, over every real part."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from goodsflow.clients.hdfs import HdfsClient, list_topic_files, read_topic_file
from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.offsets import OffsetReader, PartitionOffsets
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.clients.registry import RegistryClient
from goodsflow.model.cards import frame, payload_of
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import PROJECT_ROOT, ClusterName, Endpoints
from goodsflow.model.records import Record
from goodsflow.pipeline.recommender import RecommenderSettings
from tests.support import GOODSFLOW, await_condition, goodsflow

_BLOCKED = "12346"
_HOPS: tuple[tuple[ClusterName, str], ...] = (
    ("inbound", "goods"),
    ("inbound", "goods-filtered"),
    ("analytics", "source.goods-filtered"),
)


@dataclass
class Shop:
    """A shop that sends cards of its own brand."""

    producer: Producer
    schema_id: int
    marker: str

    def send(self, product_id: str, amount: float) -> None:
        """Send a card with the shop's marker in its name."""
        card = sample_cards()[0].as_json() | {
            "product_id": product_id,
            "name": f"Умные часы {self.marker}",
            "brand": f"brand_{self.marker}",
            "price": {"amount": amount, "currency": "RUB"},
        }
        value = frame(self.schema_id, json.dumps(card, ensure_ascii=False).encode())
        self.producer.produce("goods", value, product_id.encode())
        self.producer.poll(0)

    def flush(self) -> None:
        """Wait until every card has arrived."""
        assert self.producer.flush(30) == 0


@pytest.fixture
def shop(endpoints: Endpoints) -> Shop:
    """A shop with the rights of shop-api and a marker that nobody else has."""
    registry = RegistryClient(endpoints.schema_registry_url)
    try:
        schema_id = registry.latest("goods-value").schema_id
    finally:
        registry.close()
    producer = Producer(producer_config(endpoints, "inbound", "shop-api"))
    return Shop(producer, schema_id, uuid.uuid4().hex[:8])


def records_of(
    endpoints: Endpoints, cluster: ClusterName, topic: str, key: str
) -> list[Record]:
    """Read a topic to its end and return the records with a key."""
    with TopicReader(endpoints, cluster, "admin", "e2e", topic) as reader:
        return [
            record
            for batch in reader.read_to_end({0: 0, 1: 0}, timeout_seconds=60)
            for record in batch.records
            if record.key == key.encode()
        ]


def found(platform_home: Path, name: str) -> list[str]:
    """Search by name and return the IDs of the products found."""
    searched = goodsflow("search", "--name", name, "--json", home=platform_home)
    assert searched.returncode == 0, searched.stderr
    return sorted(row["product_id"] for row in json.loads(searched.stdout)["cards"])


def lines_on_hdfs(
    endpoints: Endpoints, marker: str, since: Mapping[int, PartitionOffsets]
) -> list[str]:
    """Return the product IDs of a shop's cards in the files, one for each line."""
    hops = RecommenderSettings()
    with HdfsClient.connect(endpoints, hops.hdfs_user) as client:
        return [
            json.loads(line)["product_id"]
            for file in list_topic_files(client, hops.topics_dir, hops.source_topic)
            if file.last_offset >= since[file.partition].end
            for line in read_topic_file(client, file).splitlines()
            if marker.encode() in line
        ]


@pytest.fixture
def followed(
    platform_home: Path, tmp_path: Path
) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """`goodsflow recommendations --json`, and what it has printed so far."""
    output = tmp_path / "followed.jsonl"
    with output.open("w") as file:
        process = subprocess.Popen(
            [*GOODSFLOW, "--home", str(platform_home), "recommendations", "--json"],
            stdout=file,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            cwd=PROJECT_ROOT,
        )

    def seen() -> list[dict[str, Any]]:
        assert process.poll() is None, "`goodsflow recommendations` ended by itself"
        lines = output.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    yield seen
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0


@pytest.mark.timeout(900)
def test_a_shops_card_is_found_and_recommended_and_a_blocked_one_is_not(
    endpoints: Endpoints,
    platform_home: Path,
    shop: Shop,
    followed: Callable[[], list[dict[str, Any]]],
) -> None:
    """Each part may work by itself while the platform as a whole does nothing."""
    product_id = f"p-{shop.marker}"
    shop.send(_BLOCKED, 1.0)

    def recommended() -> list[dict[str, Any]]:
        # Dear at first and cheap at last: in whichever window, the best score.
        for amount in (900_000.0, 900_000.0, 1.0):
            shop.send(product_id, amount)
        shop.flush()
        return [
            seen["card"]
            for seen in followed()
            if seen["card"]["product_id"] == product_id
        ]

    # On a slow machine the first window of a new platform takes over four minutes.
    cards = await_condition(recommended, f"{product_id} is recommended", 600)
    assert cards[0]["name"] == f"Умные часы {shop.marker}"

    assert found(platform_home, shop.marker.upper()) == [product_id]

    hops = [records_of(endpoints, *hop, product_id) for hop in _HOPS]
    amounts = [
        [json.loads(payload_of(r.value or b""))["price"]["amount"] for r in records]
        for records in hops
    ]
    assert len(amounts[0]) >= 3
    for later in hops[1:]:
        values = [record.value for record in later]
        # Bytes and order are kept; the last rounds may still be on their way.
        assert values == [record.value for record in hops[0]][: len(values)]

    assert records_of(endpoints, "inbound", "goods", _BLOCKED)
    for cluster, topic in _HOPS[1:]:
        assert records_of(endpoints, cluster, topic, _BLOCKED) == []
    assert all(seen["card"]["product_id"] != _BLOCKED for seen in followed())


def test_a_search_without_a_match_is_an_empty_table(platform_home: Path) -> None:
    """Nothing found is an answer; as an error it would break shell scripts."""
    searched = goodsflow("search", "--brand", uuid.uuid4().hex, home=platform_home)
    assert searched.returncode == 0, searched.stderr
    assert searched.stdout.splitlines()[1:] == [
        "PRODUCT_ID           | NAME                 | BRAND                | PRICE_STR"
    ]


@pytest.mark.timeout(400)
def test_each_of_a_shops_cards_is_on_every_hop_exactly_once(
    endpoints: Endpoints, platform_home: Path, shop: Shop
) -> None:
    """A hop that retries may double a card, one that gives up may lose it."""
    topic = RecommenderSettings().source_topic
    offsets = OffsetReader.connect(endpoints, "analytics", "admin")
    before = offsets.topic_offsets([topic])[topic]
    sent = sorted(f"once-{shop.marker}-{number:03}" for number in range(100))
    for product_id in sent:
        shop.send(product_id, 100.0)
    shop.flush()

    def on_hdfs() -> list[str]:
        seen = lines_on_hdfs(endpoints, shop.marker, before)
        return seen if set(seen) == set(sent) else []

    assert sorted(await_condition(on_hdfs, "all cards are in files", 240)) == sent
    for cluster, topic in _HOPS:
        with TopicReader(endpoints, cluster, "admin", "e2e", topic) as reader:
            keys = [
                record.key.decode()
                for batch in reader.read_to_end({0: 0, 1: 0}, timeout_seconds=60)
                for record in batch.records
                if record.key and shop.marker.encode() in record.key
            ]
        assert sorted(keys) == sent, f"on {topic}"
    # ksqlDB, where it answers, materializes what it reads a moment later.
    await_condition(
        lambda: found(platform_home, shop.marker) == sent, "search finds each", 60
    )
