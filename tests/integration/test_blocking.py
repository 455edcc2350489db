"""The running filter, on real brokers: records in, records out."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from goodsflow.clients.kafka.config import client_config, producer_config
from goodsflow.model.cards import encode_json, frame
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import Endpoints
from tests.support import schema_id

SOURCE, PASSED_ON, DEAD_LETTERS = "goods", "goods-filtered", "goods-dead-letter"
TIMEOUT_SECONDS = 60
TIMESTAMP = 1_700_000_000_123
HEADERS = [("trace", b"\x00\xff"), ("trace", b"again"), ("empty", None)]


@dataclass
class Reader:
    """Reads committed records of topics from now on."""

    endpoints: Endpoints
    topics: tuple[str, ...]
    messages: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start at the ends of the topics."""
        self.consumer = Consumer(
            client_config(self.endpoints, "inbound", "admin")
            | {
                "group.id": f"test-{uuid.uuid4()}",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
            }
        )
        self.consumer.assign(
            [
                TopicPartition(topic, partition, self._end(topic, partition))
                for topic in self.topics
                for partition in (0, 1)
            ]
        )

    def _end(self, topic: str, partition: int) -> int:
        _, end = self.consumer.get_watermark_offsets(
            TopicPartition(topic, partition), timeout=20
        )
        return int(end)

    def read_until(self, is_enough: Callable[[list[Message]], bool]) -> list[Message]:
        """Read until the condition holds for what was read."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not is_enough(self.messages):
            assert time.monotonic() < deadline, "what was expected did not come"
            message = self.consumer.poll(0.5)
            if message is not None:
                assert message.error() is None, message.error()
                self.messages.append(message)
        return self.messages

    def read_past(self, key: bytes) -> list[Message]:
        """Read until a record with this key arrives."""
        return self.read_until(lambda read: any(m.key() == key for m in read))


def produce(
    endpoints: Endpoints, records: list[tuple[bytes, bytes | None]]
) -> list[Message]:
    """Write records to the source topic as an administrator; return them as written."""
    producer = Producer(producer_config(endpoints, "inbound", "admin"))
    written: list[Message] = []
    errors: list[KafkaError] = []

    def on_delivery(error: KafkaError | None, message: Message) -> None:
        if error is not None:
            errors.append(error)
        written.append(message)

    for key, value in records:
        producer.produce(
            SOURCE,
            key=key,
            value=value,
            headers=HEADERS,
            timestamp=TIMESTAMP,
            on_delivery=on_delivery,
        )
    assert producer.flush(30) == 0
    assert errors == []
    return written


@pytest.fixture(name="card")
def _card(endpoints: Endpoints) -> Callable[..., bytes]:
    """Return a function that creates a card's value."""
    schema = schema_id(endpoints)

    def make(product_id: str, **fields: Any) -> bytes:
        document = sample_cards()[0].as_json() | {"product_id": product_id} | fields
        return frame(schema, encode_json(document).encode())

    return make


def test_cards_pass_unchanged_or_are_blocked_or_become_dead_letters(
    endpoints: Endpoints, card: Callable[..., bytes]
) -> None:
    """The filter is the only path to users: what it changes or drops is lost."""
    mark = uuid.uuid4().hex
    passing, garbage = (f"{mark}-{n}".encode() for n in ("p", "g"))
    blocked = b"12346"
    reader = Reader(endpoints, (PASSED_ON, DEAD_LETTERS))
    value = card(passing.decode())
    written = produce(
        endpoints, [(blocked, card("12346")), (garbage, b"garbage"), (passing, value)]
    )

    reader.read_past(passing)
    messages = {m.key(): m for m in reader.read_past(garbage)}

    assert blocked not in messages
    passed = messages[passing]
    assert passed.topic() == PASSED_ON
    assert passed.value() == value
    assert passed.headers() == HEADERS
    assert passed.timestamp()[1] == TIMESTAMP
    source = {m.key(): m for m in written}
    assert passed.partition() == source[passing].partition()

    letter = messages[garbage]
    assert letter.topic() == DEAD_LETTERS
    assert letter.value() == b"garbage"
    assert letter.timestamp()[1] == TIMESTAMP
    headers = letter.headers()
    assert isinstance(headers, list)
    assert headers[: len(HEADERS)] == HEADERS
    said = dict(headers[len(HEADERS) :])
    assert said.pop("goodsflow.failed.at")
    assert said == {
        "goodsflow.origin.topic": SOURCE.encode(),
        "goodsflow.origin.partition": str(source[garbage].partition()).encode(),
        "goodsflow.origin.offset": str(source[garbage].offset()).encode(),
        "goodsflow.error": b"The value starts with byte 0x67; the wire format starts "
        b"with 0x00. Was it written without the schema registry's serializer?",
        "goodsflow.error.kind": b"header",
    }


def test_a_card_that_breaks_its_schema_is_a_dead_letter(
    endpoints: Endpoints, card: Callable[..., bytes]
) -> None:
    """Otherwise, search and recommender would have to handle malformed cards."""
    mark = uuid.uuid4().hex.encode()
    reader = Reader(endpoints, (DEAD_LETTERS,))
    price = {"amount": -1, "currency": "RUB"}
    produce(endpoints, [(mark, card(mark.decode(), price=price))])
    letter = next(m for m in reader.read_past(mark) if m.key() == mark)
    headers = letter.headers()
    assert isinstance(headers, list)
    said = dict(headers[len(HEADERS) :])
    assert said["goodsflow.error.kind"] == b"schema"
    assert said["goodsflow.schema.id"] == str(schema_id(endpoints)).encode()
    assert b"['price']['amount']" in (said["goodsflow.error"] or b"")


def test_a_record_that_the_output_topic_would_refuse_does_not_block(
    endpoints: Endpoints, card: Callable[..., bytes]
) -> None:
    """Otherwise, it would be refused again after each restart."""
    quoted, large, headed, last = (uuid.uuid4().hex.encode() for _ in range(4))
    records = [
        # What is wrong with it quotes all of it.
        (quoted, card(quoted.decode(), images="data:" + "x" * 700_000)),
        # Shops may compress better than the filter.
        (large, card(large.decode(), description="x" * 2_000_000)),
        (headed, card(headed.decode())),
        (last, card(last.decode())),
    ]
    reader = Reader(endpoints, (PASSED_ON, DEAD_LETTERS))
    producer = Producer(
        producer_config(endpoints, "inbound", "admin")
        | {"message.max.bytes": 5_000_000, "compression.type": "zstd"}
    )
    for key, value in records:
        # These even a producer of the next cluster would refuse, however small zstd
        # makes them.
        headers = [("trace", b"x" * 2_000_000)] if key == headed else []
        producer.produce(SOURCE, value, key, headers=headers)
    assert producer.flush(30) == 0
    for key in (quoted, large, headed, last):
        reader.read_past(key)
    found = {m.key(): m for m in reader.messages}
    assert found[last].topic() == PASSED_ON
    kinds = []
    for key in (quoted, large, headed):
        headers = found[key].headers()
        assert isinstance(headers, list)
        kinds.append(dict(headers)["goodsflow.error.kind"])
    assert kinds == [b"schema", b"size", b"size"]


def test_a_tombstone_passes(endpoints: Endpoints, card: Callable[..., bytes]) -> None:
    """A card that its shop deleted would stay in search forever."""
    key = uuid.uuid4().hex.encode()
    reader = Reader(endpoints, (PASSED_ON,))
    produce(endpoints, [(key, card(key.decode())), (key, None)])
    messages = reader.read_until(lambda read: sum(m.key() == key for m in read) == 2)
    assert [m.value() for m in messages if m.key() == key][1] is None


def test_many_cards_pass_exactly_once_and_in_order(
    endpoints: Endpoints, card: Callable[..., bytes]
) -> None:
    """Losses and duplicates at the ends of batches only show in large numbers."""
    mark = uuid.uuid4().hex
    keys = [f"{mark}-{number}".encode() for number in range(3000)]
    last = {f"{mark}-last-{number}".encode() for number in range(20)}
    reader = Reader(endpoints, (PASSED_ON,))
    produce(endpoints, [(key, card(key.decode())) for key in [*keys, *last]])

    messages = reader.read_until(lambda read: last <= {m.key() for m in read})

    came = [m for m in messages if m.key() in set(keys)]
    assert len(came) == len(keys)
    for partition in (0, 1):
        numbers = [
            int((m.key() or b"").rsplit(b"-", 1)[1])
            for m in came
            if m.partition() == partition
        ]
        assert numbers
        assert numbers == sorted(numbers)


def test_the_filter_serves_health_and_counts(endpoints: Endpoints) -> None:
    """The launcher, Prometheus and operators read these two pages."""
    service = endpoints.services["blocking"]
    assert httpx2.get(service.health_url).text == "healthy\n"
    assert httpx2.get(service.health_url).status_code == 200
    text = httpx2.get(service.metrics_url).text
    assert 'goodsflow_blocking_records_total{outcome="passed"}' in text
    assert "goodsflow_blocking_assigned_partitions 2.0" in text
