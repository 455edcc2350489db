"""The filter during faults: each card once and in order, each dead letter once.

The test compares committed records on the topics, not logs.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread

import pytest
from confluent_kafka import KafkaError, Message, Producer

from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.futures import Outcomes
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.model.cards import encode_json, frame
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.model.spec import AclBinding
from tests.draw import Draw
from tests.support import await_condition, goodsflow, schema_id, status, status_of

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1500)]

CARDS = (60_000, 300_000)
"""A few, or all of a soak."""

PRODUCTS = 500
MALFORMED_EVERY = 100
BROKERS = ("kafka-0", "kafka-1")
KILLS = (4, 20)
BROKER_KILLS = (2, 5)
_LATEST_KILL_SECONDS = 3.0
_REST_SECONDS = 4.0
_BLOCKED = "blocked"


@dataclass
class Numbered:
    """Numbered cards, and what happened to them."""

    endpoints: Endpoints
    cards: int
    mark: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    errors: list[str] = field(default_factory=list)
    sent: int = 0
    stop: Event = field(default_factory=Event)

    def key(self, number: int) -> str:
        """Return the product of a card; the last product is blocked."""
        return f"{self.mark}-{number % PRODUCTS}"

    def send(self) -> None:
        """Send all cards, whatever the brokers do."""
        producer = Producer(
            producer_config(self.endpoints, "inbound", "admin")
            | {"message.timeout.ms": 600_000, "linger.ms": 20}
        )
        schema = schema_id(self.endpoints)
        card = sample_cards()[0].as_json()
        for number in range(self.cards):
            key = self.key(number)
            document = card | {"product_id": key, "number": number}
            value = frame(schema, encode_json(document).encode())
            if number % MALFORMED_EVERY == 0:
                value = b"\x01" + value
            while True:
                try:
                    producer.produce("goods", value, key, on_delivery=self._on_delivery)
                except BufferError:
                    producer.poll(0.1)
                else:
                    break
            producer.poll(0)
            self.sent += 1
            if number % 1000 == 0:
                # Some are always on their way, for as long as the trouble lasts.
                time.sleep(self.pause_seconds)
            if self.stop.is_set():
                return
        assert producer.flush(300) == 0

    pause_seconds: float = 0.5

    def _on_delivery(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self.errors.append(error.str())

    def read(self, topic: str, starts: dict[int, int]) -> Iterator[tuple[str, int]]:
        """Yield key and number of each card on a topic, to its current end."""
        with TopicReader(
            self.endpoints, "inbound", "admin", "kill-test", topic
        ) as reader:
            for batch in reader.read_to_end(starts, timeout_seconds=120):
                for record in batch.records:
                    key = (record.key or b"").decode()
                    # A tombstone is the block list's.
                    if key.startswith(self.mark) and record.value is not None:
                        text = record.value.partition(b"{")[2]
                        yield key, json.loads(b"{" + text)["number"]


def ends(endpoints: Endpoints, topic: str) -> dict[int, int]:
    """Return the end offsets of a topic's partitions."""
    reader = OffsetReader.connect(endpoints, "inbound", "admin")
    found = reader.topic_offsets([topic])[topic]
    return {partition: each.end for partition, each in found.items()}


def lag(endpoints: Endpoints) -> int:
    """Return the filter's lag in records."""
    reader = OffsetReader.connect(endpoints, "inbound", "admin")
    return reader.group_lag("blocking", ["goods"]).total


@contextmanager
def apart(*work: Callable[[], None]) -> Iterator[list[Thread]]:
    """Run work in threads; an exception in one fails the test."""
    failures: list[BaseException] = []

    def guarded(each: Callable[[], None]) -> None:
        try:
            each()
        except BaseException as error:  # noqa: BLE001 - raised below
            failures.append(error)

    threads = [Thread(target=guarded, args=(each,)) for each in work]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]


def pid_of(home: Path, part: str) -> int:
    """Return the process ID of a part as soon as it has one."""
    return int(
        await_condition(
            lambda: status_of(home, part)["pid"], f"'{part}' has a process", 120
        )
    )


def kill_filter(home: Path, chance: random.Random, kills: int) -> None:
    """Kill the filter at random times during its work."""
    for _ in range(kills):
        pid = pid_of(home, "blocking")
        time.sleep(chance.uniform(0, _LATEST_KILL_SECONDS))
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            # It had ended by itself, for a broker that was gone.
            continue


def kill_brokers(home: Path, kills: int) -> None:
    """Kill one broker after the other, each time after both are back."""
    for number in range(kills):
        part = f"kafka-{number % 2}"
        await_condition(
            lambda: all(
                each["state"] == "ready" for each in status(home, *BROKERS).values()
            ),
            "both brokers are ready",
        )
        os.kill(pid_of(home, part), signal.SIGKILL)
        await_condition(
            lambda part=part: status_of(home, part)["state"] != "ready",
            f"'{part}' is seen to be down",
            60,
        )


def second_worker(endpoints: Endpoints, home: Path) -> None:
    """Let another copy join and leave twice: once stopped, once killed."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        worker = subprocess.Popen(
            [sys.executable, "-m", "goodsflow.pipeline.filter"],
            cwd=PROJECT_ROOT,
            env=os.environ
            | {
                "GOODSFLOW_HOME": str(home),
                "GOODSFLOW_BLOCKING_TRANSACTIONAL_ID": "blocking-second",
                "GOODSFLOW_BLOCKING_WEB_PORT": "0",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(_REST_SECONDS * 4)
        finally:
            worker.send_signal(signal_number)
            worker.wait(60)


def refuse_output(endpoints: Endpoints) -> None:
    """Revoke the right to write for a while, then grant it again.

    Each is tried until it is done: a broker that is the controller may just be killed.
    """
    right = AclBinding("blocking", "topic", "goods-filtered", "literal", "write")

    def is_settled(change: Callable[[KafkaAdmin], Outcomes[AclBinding]]) -> bool:
        admin = KafkaAdmin.connect(endpoints, "inbound", "admin", 60)
        return all(error is None for error in change(admin).values())

    await_condition(
        lambda: is_settled(lambda admin: admin.delete_acls([right])),
        "the right is taken",
        120,
    )
    try:
        time.sleep(_REST_SECONDS)
    finally:
        await_condition(
            lambda: is_settled(lambda admin: admin.create_acls([right])),
            "the right is back",
            120,
        )


def test_no_card_is_lost_doubled_or_out_of_order_whatever_is_killed(
    endpoints: Endpoints, platform_home: Path, drawn: Draw
) -> None:
    """Cards flow while the filter, brokers and rights disappear and return."""
    numbered = Numbered(endpoints, drawn.count(*CARDS))
    blocked = numbered.key(PRODUCTS - 1)
    added = goodsflow("blocklist", "add", "--product", blocked, home=platform_home)
    assert added.returncode == 0, added.stderr
    starts = {
        topic: ends(endpoints, topic)
        for topic in ("goods-filtered", "goods-dead-letter")
    }
    chance = drawn.chance("filter")
    began = time.monotonic()

    def trouble() -> None:
        second_worker(endpoints, platform_home)
        refuse_output(endpoints)

    try:
        with apart(
            numbered.send,
            lambda: kill_filter(platform_home, chance, drawn.count(*KILLS)),
            lambda: kill_brokers(platform_home, drawn.count(*BROKER_KILLS)),
            trouble,
        ) as (_, *troubles):
            for thread in troubles:
                thread.join()
            # What is left goes as fast as it can.
            numbered.pause_seconds = 0
        assert numbered.errors == []
        assert numbered.sent == numbered.cards
        print(f"trouble and sending: {time.monotonic() - began:.0f} s")
        await_condition(lambda: lag(endpoints) == 0, "the filter is done", 300)
    finally:
        numbered.stop.set()
        goodsflow("blocklist", "remove", "--product", blocked, home=platform_home)
    compare(numbered, starts, blocked)


def compare(
    numbered: Numbered, starts: dict[str, dict[int, int]], blocked: str
) -> None:
    """Compare sent records with committed records."""
    expected: dict[str, list[int]] = defaultdict(list)
    letters = set()
    for number in range(numbered.cards):
        key = numbered.key(number)
        if number % MALFORMED_EVERY == 0:
            letters.add(number)
        elif key != blocked:
            expected[key].append(number)
    found: dict[str, list[int]] = defaultdict(list)
    for key, number in numbered.read("goods-filtered", starts["goods-filtered"]):
        found[key].append(number)
    dead = Counter(
        number
        for _, number in numbered.read("goods-dead-letter", starts["goods-dead-letter"])
    )
    table = {
        "lost": sum(len(set(expected[k]) - set(found[k])) for k in expected),
        "doubled": sum(len(each) - len(set(each)) for each in found.values()),
        "out of order": sum(
            b < a for each in found.values() for a, b in pairwise(each)
        ),
        "passed though blocked": len(found.get(blocked, ())),
        "letters lost": len(letters - dead.keys()),
        "letters doubled": sum(dead.values()) - len(dead),
    }
    print(table)
    assert set(table.values()) == {0}, table
    assert found == expected
    assert dead.keys() == letters
