"""The search on the real topic, with its own products."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.errors import ClusterUnavailableError
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.clients.registry import RegistryClient
from goodsflow.common.counting import counted
from goodsflow.model.cards import frame
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.pipeline.search.embedded import TOPIC, EmbeddedSearch
from goodsflow.pipeline.search.interface import FoundCard, SearchQuery

HEADER = (
    "PRODUCT_ID           | NAME                 | BRAND                | PRICE_STR"
)


class Market:
    """A test's own products on the real topic, and its own index."""

    def __init__(self, endpoints: Endpoints, state_dir: Path) -> None:
        self.endpoints = endpoints.replace(state_dir=state_dir)
        self.brand = f"Brand-{uuid.uuid4().hex[:10]}"
        self.notices: list[str] = []
        self.sent: set[str] = set()
        registry = RegistryClient(endpoints.schema_registry_url)
        self._schema_id = registry.latest(f"{TOPIC}-value").schema_id
        registry.close()
        self._producer = Producer(producer_config(endpoints, "analytics", "admin"))

    def put(self, number: int, name: str, amount: float) -> str:
        """Write a product's card to the topic; return its ID."""
        card = sample_cards()[0].as_json()
        card |= {
            "product_id": f"{self.brand}-{number}",
            "name": name,
            "brand": self.brand,
            "price": {"amount": amount, "currency": "RUB"},
        }
        payload = json.dumps(card, ensure_ascii=False).encode()
        return self.put_bytes(number, frame(self._schema_id, payload))

    def put_bytes(self, number: int, value: bytes | None) -> str:
        """Write any value to the topic with a product's ID."""
        product_id = f"{self.brand}-{number}"
        self._producer.produce(TOPIC, value, product_id.encode())
        assert self._producer.flush(20) == 0
        self.sent.add(product_id)
        return product_id

    def search(self, name: str | None = None) -> list[FoundCard]:
        """Search this test's products."""
        backend = EmbeddedSearch(self.endpoints, on_notice=self.notices.append)
        return backend.search(SearchQuery(name, self.brand.upper()))

    def remove_all(self) -> None:
        """Remove all of this test's products."""
        for product_id in self.sent:
            self._producer.produce(TOPIC, None, product_id.encode())
        assert self._producer.flush(20) == 0


@pytest.fixture
def market(endpoints: Endpoints, tmp_path: Path) -> Iterator[Market]:
    """Return a market for one test, and remove its products afterwards."""
    market = Market(endpoints, tmp_path)
    yield market
    market.remove_all()


def test_search_finds_the_newest_card(market: Market) -> None:
    """Users complain about old prices."""
    product = market.put(1, "Умные ЧАСЫ", 100.0)
    assert market.search("часы") == [
        FoundCard(product, "Умные ЧАСЫ", market.brand, "Электроника", 100.0, "RUB")
    ]
    # Only of the first search: what others have left on the topic is told there.
    market.notices.clear()
    market.put(1, "Умные ЧАСЫ", 90.5)
    assert [card.price_str for card in market.search("часы")] == ["90.50 RUB"]
    assert market.notices == []


def test_deleted_card_is_not_found(market: Market) -> None:
    """A tombstone removes a product from search."""
    product = market.put(1, "one", 1.0)
    market.put(2, "two", 2.0)
    assert len(market.search()) == 2
    market.put_bytes(1, None)
    assert product not in [card.product_id for card in market.search()]


def test_an_invalid_record_is_skipped_with_a_notice(market: Market) -> None:
    """One bad record must not break every search."""
    market.put(1, "one", 1.0)
    market.search()
    market.notices.clear()
    market.put_bytes(2, b"junk")
    assert [card.name for card in market.search()] == ["one"]
    assert any("not a card" in notice for notice in market.notices)


def test_a_broken_index_is_rebuilt(market: Market) -> None:
    """A full disk must not break the search permanently."""
    market.put(1, "one", 1.0)
    market.search()
    (market.endpoints.state_dir / "search.duckdb").write_bytes(b"garbage" * 5000)
    assert [card.name for card in market.search()] == ["one"]
    assert any("broken" in notice for notice in market.notices)


def test_simultaneous_searches_wait_for_each_other(market: Market) -> None:
    """DuckDB allows one writer: the second must neither fail nor break the file."""
    market.put(1, "one", 1.0)
    code = (
        "import sys\n"
        "from goodsflow.model.endpoints import Endpoints\n"
        "from goodsflow.pipeline.search.embedded import EmbeddedSearch\n"
        "from goodsflow.pipeline.search.interface import SearchQuery\n"
        "e = Endpoints.from_json(sys.argv[1])\n"
        "print(len(EmbeddedSearch(e).search(SearchQuery(brand=sys.argv[2]))))\n"
    )
    arguments = [market.endpoints.as_json().decode(), market.brand]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    results = [process.communicate(timeout=90) for process in processes]
    assert [output.strip() for output, _ in results] == ["1"] * 3, results


def test_an_unreachable_cluster_is_an_error(market: Market) -> None:
    """Results from yesterday's index would look like today's."""
    market.put(1, "one", 1.0)
    market.search()
    down = market.endpoints.replace(
        bootstrap_servers={
            **market.endpoints.bootstrap_servers,
            "analytics": "127.0.0.1:9",
        }
    )
    with pytest.raises(ClusterUnavailableError):
        EmbeddedSearch(down, timeout_seconds=3).search(SearchQuery("one"))


def run_cli(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "goodsflow.cli", "--home", str(home), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=PROJECT_ROOT,
        env=os.environ | {"PYTHONUTF8": "1"},
    )


def events_of(endpoints: Endpoints, user: str) -> list[Mapping[str, Any]]:
    """Return the events of a user."""
    with TopicReader(endpoints, "analytics", "admin", "test", "events") as reader:
        starts = {number: marks.first for number, marks in reader.watermarks().items()}
        return [
            json.loads((record.value or b"")[5:])
            for batch in reader.read_to_end(starts, timeout_seconds=30)
            for record in batch.records
            if record.key == user.encode()
        ]


def test_command_prints_the_table_and_writes_an_event(
    market: Market, platform_home: Path
) -> None:
    """Users depend on the format; searches are counted by their events."""
    product = market.put(1, "Умные часы", 9763.86)
    result = run_cli(
        platform_home, "search", "--brand", market.brand, "--user", market.brand
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        f"Поиск по бренду:  {market.brand}",
        HEADER,
        f"{product:<20} | {'Умные часы':<20} | {market.brand:<20} | 9763.86 RUB",
    ]
    (event,) = events_of(market.endpoints, market.brand)
    assert (event["type"], event["results"]) == ("search", 1)
    assert event["query"] == {"name": None, "brand": market.brand}


def test_recommendations_are_followed_and_counted(
    market: Market, platform_home: Path
) -> None:
    """With a limit, the command ends by itself and prints a count."""
    topic = "goods-recomendations"
    producer = Producer(producer_config(market.endpoints, "analytics", "admin"))
    card = sample_cards()[0].as_json() | {"product_id": market.brand}
    producer.produce(topic, frame(1, json.dumps(card).encode()), market.brand.encode())
    assert producer.flush(20) == 0
    try:
        result = run_cli(
            platform_home,
            "recommendations",
            "--json",
            "--timeout",
            "10",
            "--user",
            market.brand,
        )
    finally:
        producer.produce(topic, None, market.brand.encode())
        assert producer.flush(20) == 0
    assert result.returncode == 0, result.stderr
    lines = [json.loads(one) for one in result.stdout.splitlines()]
    assert market.brand in [one["card"]["product_id"] for one in lines]
    verb = "was" if len(lines) == 1 else "were"
    said = f"There {verb} {counted(len(lines), 'message')}"
    assert said in result.stderr
    (event,) = events_of(market.endpoints, market.brand)
    assert (event["type"], event["results"]) == ("recommendations", None)


def test_interrupt_ends_the_following_with_a_count(
    market: Market, platform_home: Path
) -> None:
    """Users end it with Ctrl-C, without a traceback or a failure."""
    process = subprocess.Popen(
        [
            sys.executable,
            *("-m", "goodsflow.cli", "--home", str(platform_home), "recommendations"),
            *("--from-latest", "--user", market.brand),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT_ROOT,
    )
    deadline = time.monotonic() + 60
    while not events_of(market.endpoints, market.brand):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "no event came"
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    last = output.splitlines()[-1]
    assert re.fullmatch(r"There (was 1 message|were \d+ messages)", last)
    assert "Traceback" not in errors


def test_an_undelivered_event_fails_the_command_after_its_results(
    market: Market, platform_home: Path, tmp_path: Path
) -> None:
    """The user gets the results, but the failure must not go unnoticed."""
    home = tmp_path / "home"
    home.mkdir()
    without_registry = market.endpoints.replace(
        schema_registry_url="http://127.0.0.1:9/apis/ccompat/v7"
    )
    (home / "endpoints.json").write_bytes(without_registry.as_json())
    market.put(1, "one", 1.0)
    result = run_cli(home, "search", "--brand", market.brand)
    assert result.returncode == 1
    assert market.brand in result.stdout
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    assert "Traceback" not in result.stderr
