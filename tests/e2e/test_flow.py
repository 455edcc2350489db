"""From a shop's card to search and recommendation, over every real part."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from goodsflow.cards import frame, payload_of, sample_cards
from goodsflow.endpoints import PROJECT_ROOT, ClusterName, Endpoints
from goodsflow.kafka.config import producer_config
from goodsflow.kafka.reading import Record, TopicReader
from goodsflow.registry import RegistryClient
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


@pytest.fixture
def followed(platform_home: Path) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """`goodsflow recommendations --json`, and what it has printed so far."""
    output = platform_home / f"followed-{uuid.uuid4().hex}.jsonl"
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
    output.unlink()


@pytest.mark.timeout(600)
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

    cards = await_condition(recommended, f"{product_id} is recommended", 300)
    assert cards[0]["name"] == f"Умные часы {shop.marker}"

    def found() -> list[dict[str, Any]]:
        searched = goodsflow(
            "search", "--name", shop.marker.upper(), "--json", home=platform_home
        )
        assert searched.returncode == 0, searched.stderr
        rows: list[dict[str, Any]] = json.loads(searched.stdout)["cards"]
        return rows

    assert [row["product_id"] for row in found()] == [product_id]

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
