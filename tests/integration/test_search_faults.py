"""The embedded search with a killed process, a full disk, or another topic."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.errors import TopicExistsError
from goodsflow.clients.kafka.futures import check_all
from goodsflow.model.cards import encode_json, frame
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import Endpoints
from goodsflow.model.spec import Topic
from goodsflow.pipeline.search.embedded import EmbeddedSearch
from goodsflow.pipeline.search.interface import SearchQuery
from tests.draw import Draw
from tests.support import await_condition

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

_CARDS = 20_000
_SEARCH = """
import sys
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.search.embedded import EmbeddedSearch
from goodsflow.pipeline.search.interface import SearchQuery
search = EmbeddedSearch(
    Endpoints.from_json(sys.argv[1]), topic=sys.argv[2], principal="admin"
)
print("begins", flush=True)
print(len(search.search(SearchQuery())))
"""


class Shelf:
    """A test's own topic of cards, and its index."""

    def __init__(self, endpoints: Endpoints, state_dir: Path) -> None:
        self.endpoints = endpoints.replace(state_dir=state_dir)
        self.topic = f"source.shelf-{uuid.uuid4().hex[:8]}"
        self.notices: list[str] = []
        self._admin = KafkaAdmin.connect(endpoints, "analytics", "admin")
        self._card = sample_cards()[0].as_json()

    def make(self) -> None:
        """Create the topic, after an old one with its name was deleted."""
        topic = Topic(partitions=2, replication_factor=2)

        def made() -> bool:
            outcome = self._admin.create_topics({self.topic: topic})[self.topic]
            if outcome is not None and not isinstance(outcome, TopicExistsError):
                raise outcome
            return outcome is None

        await_condition(made, "the topic", 60)

    def remove(self) -> None:
        """Delete the topic."""
        check_all(self._admin.delete_topics([self.topic]))

    def put(self, count: int, price: float, schema_id: int = 1, **more: object) -> None:
        """Write cards of so many products to the topic, with a price."""
        producer = Producer(producer_config(self.endpoints, "analytics", "admin"))
        card = self._card | {"price": {"amount": price, "currency": "RUB"}} | more
        for number in range(count):
            product = {"product_id": f"p{number}"}
            value = frame(schema_id, encode_json(card | product).encode())
            producer.produce(self.topic, value, f"p{number}")
        assert producer.flush(60) == 0

    def start_search(self, *before: str) -> subprocess.Popen[str]:
        """Start a search in its own process; return when it has begun."""
        arguments = [self.endpoints.as_json().decode(), self.topic]
        process = subprocess.Popen(
            [*before, sys.executable, "-c", _SEARCH, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        assert process.stdout.readline() == "begins\n"
        return process

    def prices(self) -> list[float]:
        """Return the prices of all products that a search finds."""
        search = EmbeddedSearch(
            self.endpoints,
            topic=self.topic,
            principal="admin",
            on_notice=self.notices.append,
        )
        return [card.amount for card in search.search(SearchQuery())]


@pytest.fixture
def shelf(endpoints: Endpoints, tmp_path: Path) -> Iterator[Shelf]:
    """Create a topic, and remove it afterwards."""
    shelf = Shelf(endpoints, tmp_path)
    shelf.make()
    yield shelf
    shelf.remove()


def test_a_killed_search_leaves_a_valid_index(shelf: Shelf, drawn: Draw) -> None:
    """An impatient user must not have to wait for a new index."""
    chance = drawn.chance("search")
    kills = drawn.count(4, 15)
    killed = 0
    for turn in range(kills):
        shelf.put(_CARDS, float(turn))
        process = shelf.start_search()
        time.sleep(chance.uniform(0.0, 1.2))
        process.kill()
        process.communicate()
        killed += process.returncode != 0
        assert shelf.prices() == [float(turn)] * _CARDS
    print(f"killed before their end: {killed} of {kills}")
    assert killed >= kills // 3
    assert shelf.notices == []


def test_a_recreated_topic_is_read_again(shelf: Shelf) -> None:
    """With the same number of records, the offsets alone look unchanged."""
    shelf.put(100, 1.0)
    assert shelf.prices() == [1.0] * 100
    shelf.remove()
    shelf.make()
    shelf.put(100, 2.0)
    assert shelf.prices() == [2.0] * 100
    assert shelf.notices == ["Rebuilding the search index: the topic was recreated."]


def test_cards_of_another_schema_are_found(shelf: Shelf) -> None:
    """A shop may add a field while old cards are still on the topic."""
    shelf.put(20, 1.0)
    assert shelf.prices() == [1.0] * 20
    shelf.put(10, 2.0, schema_id=2, warranty_months=24)
    assert sorted(shelf.prices()) == [1.0] * 10 + [2.0] * 10
    assert shelf.notices == []


def test_a_full_disk_is_reported_and_later_recovers(
    shelf: Shelf, tmp_path: Path
) -> None:
    """A partial index must not be used, and must not block later searches."""
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(small)]
    apart = ["unshare", "--mount", "--map-root-user"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*apart, *mount], capture_output=True, check=False).returncode
    ):
        pytest.skip("a small file system cannot be mounted here")
    shelf.endpoints = shelf.endpoints.replace(state_dir=small)
    shelf.put(_CARDS, 3.0)
    script = " ".join(mount) + ' && exec "$@"'
    process = shelf.start_search(*apart, "sh", "-c", script, "sh")
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output == ""
    assert "IndexBrokenError: Cannot rebuild the search index" in errors
    assert "space left?" in errors
    # The small disk is gone with its process: the folder beneath it is a large one.
    assert shelf.prices() == [3.0] * _CARDS
