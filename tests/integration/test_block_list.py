"""Changes of the block list while cards flow: what they block and withdraw."""

from __future__ import annotations

import json
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message, Producer

from goodsflow.clients.kafka.config import producer_config
from goodsflow.model.blocklist import TOPIC, Entry, Rule
from goodsflow.model.cards import encode_json, frame
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.blocklist.reader import read_block_list
from goodsflow.pipeline.blocklist.writer import INITIAL, block, seed, unblock
from tests.integration.test_blocking import PASSED_ON, Reader, produce
from tests.support import await_condition, goodsflow, schema_id, status_of


@pytest.fixture
def mark() -> str:
    """Return a text that no other test uses."""
    return uuid.uuid4().hex


@pytest.fixture(name="card")
def _card(endpoints: Endpoints, mark: str) -> Callable[..., bytes]:
    schema = schema_id(endpoints)

    def make(product_id: str, **fields: Any) -> bytes:
        document = sample_cards()[0].as_json() | {"product_id": product_id} | fields
        return frame(schema, encode_json(document).encode())

    return make


@pytest.fixture
def blocked(endpoints: Endpoints) -> Iterator[Callable[..., None]]:
    """Return a function that blocks cards until the end of the test."""
    rules: list[Rule] = []

    def put(*given: Rule) -> None:
        rules.extend(given)
        block(endpoints, "admin", [Entry(r, "a test", "pytest") for r in given])

    yield put
    unblock(endpoints, "admin", rules)


def passed(reader: Reader, key: bytes) -> list[bytes | None]:
    """Return the values that have passed the filter with a key so far."""
    return [m.value() for m in reader.messages if m.key() == key]


def is_there(messages: list[Message], key: bytes, count: int) -> bool:
    """Whether so many records with a key have passed."""
    return sum(m.key() == key for m in messages) >= count


@pytest.mark.parametrize("scope", ["product", "brand", "store", "category"])
def test_a_passed_card_is_withdrawn_and_returns_after_unblocking(
    endpoints: Endpoints,
    mark: str,
    card: Callable[..., bytes],
    blocked: Callable[..., None],
    scope: Any,
) -> None:
    """A recalled product would stay in search until its shop changed the card."""
    key, other = mark.encode(), f"{mark}-other".encode()
    field = {"brand": "brand", "store": "store_id", "category": "category"}.get(scope)
    value = card(mark, **({field: mark} if field else {}))
    reader = Reader(endpoints, (PASSED_ON,))
    produce(endpoints, [(key, value), (other, card(other.decode()))])
    reader.read_until(lambda read: is_there(read, key, 1) and is_there(read, other, 1))

    rule = Rule(scope, mark)
    blocked(rule)
    reader.read_until(lambda read: is_there(read, key, 2))
    assert passed(reader, key) == [value, None]

    last = f"{mark}-last".encode()
    produce(endpoints, [(key, value), (last, card(last.decode()))])
    reader.read_past(last)
    assert passed(reader, key) == [value, None]
    assert len(passed(reader, other)) == 1

    unblock(endpoints, "admin", [rule])

    def comes_again() -> bool:
        produce(endpoints, [(key, value)])
        reader.messages.extend(reader.consumer.consume(1000, 0.2))
        return passed(reader, key)[-1] == value

    await_condition(comes_again, "what is off the list passes", 30)


def test_an_aborted_withdrawal_is_repeated_completely(
    endpoints: Endpoints,
    mark: str,
    card: Callable[..., bytes],
    blocked: Callable[..., None],
) -> None:
    """A withdrawal that was killed before its commit must find all cards again."""
    key = mark.encode()
    reader = Reader(endpoints, (PASSED_ON,))
    produce(endpoints, [(key, card(mark, brand=mark))])
    reader.read_past(key)
    killed = Producer(
        producer_config(endpoints, "inbound", "admin") | {"transactional.id": mark}
    )
    killed.init_transactions(30)
    for value in (None, card(mark, brand="another")):
        killed.begin_transaction()
        killed.produce(PASSED_ON, value, key)
        assert killed.flush(30) == 0
        killed.abort_transaction(30)

    blocked(Rule("brand", mark))

    reader.read_until(lambda read: is_there(read, key, 2))
    assert passed(reader, key) == [card(mark, brand=mark), None]


@pytest.mark.faults
def test_the_list_is_applied_to_the_first_card_after_a_kill(
    endpoints: Endpoints,
    platform_home: Path,
    mark: str,
    card: Callable[..., bytes],
    blocked: Callable[..., None],
) -> None:
    """Waiting cards must not pass while the list is being read."""
    key, last = mark.encode(), f"{mark}-last".encode()
    reader = Reader(endpoints, (PASSED_ON,))
    produce(endpoints, [(key, card(mark))])
    reader.read_past(key)
    pid = status_of(platform_home, "blocking")["pid"]
    os.kill(pid, signal.SIGKILL)
    blocked(Rule("product", mark))
    produce(endpoints, [(key, card(mark)), (last, card(last.decode()))])
    reader.read_past(last)
    reader.read_until(lambda read: is_there(read, key, 2))
    # The card from before the kill, and the tombstone that takes it back.
    assert passed(reader, key)[0] is not None
    assert passed(reader, key)[1:] == [None]


def test_an_existing_list_is_not_seeded_again(endpoints: Endpoints) -> None:
    """A rerun of the bootstrap would block what somebody has unblocked."""
    assert seed(endpoints, "admin") == 0
    assert INITIAL[0].rule in read_block_list(endpoints, "admin")


def test_the_command_line_changes_the_list(
    endpoints: Endpoints, platform_home: Path, mark: str, tmp_path: Path
) -> None:
    """Each command, as an operator uses it."""
    added = goodsflow(
        *("blocklist", "add", "--brand", mark, "--reason", "отзыв", "--by", "ann"),
        home=platform_home,
    )
    assert (added.returncode, added.stdout) == (0, "Blocked: 1 rule\n"), added.stderr
    path = tmp_path / "list.csv"
    path.write_text(f"product,reason\n{mark}-1,fake\n{mark}-2,\n")
    imported = goodsflow("blocklist", "import", str(path), home=platform_home)
    assert imported.stdout == "Blocked: 2 rules\n", imported.stderr

    listed = json.loads(
        goodsflow("blocklist", "list", "--json", home=platform_home).stdout
    )["rules"]
    mine = {row["text"]: row for row in listed if mark in row["text"]}
    assert mine.keys() == {mark, f"{mark}-1", f"{mark}-2"}
    assert mine[mark]["scope"] == "brand"
    assert (mine[mark]["reason"], mine[mark]["by"]) == ("отзыв", "ann")
    at = datetime.fromisoformat(mine[mark]["at"])
    assert abs((datetime.now(UTC) - at).total_seconds()) < 300
    assert mine[f"{mark}-1"]["reason"] == "fake"
    table = goodsflow("blocklist", "list", home=platform_home).stdout
    assert mark in table

    products = ("--product", f"{mark}-1", "--product", f"{mark}-2")
    removed = goodsflow(
        "blocklist", "remove", "--brand", mark, *products, home=platform_home
    )
    assert removed.stdout == "Unblocked: 3 rules\n", removed.stderr
    again = goodsflow("blocklist", "remove", "--brand", mark, home=platform_home)
    assert again.returncode == 1
    assert f"brand:{mark} is not on the block list" in again.stderr
    assert not any(mark in str(rule) for rule in read_block_list(endpoints, "admin"))


def test_an_unreadable_key_does_not_stop_the_filter(
    endpoints: Endpoints, mark: str, card: Callable[..., bytes]
) -> None:
    """Other tools may write to the topic."""
    producer = Producer(producer_config(endpoints, "inbound", "admin"))
    for key in (b"no rule", b"\xff"):
        producer.produce(TOPIC, b"{", key)
    assert producer.flush(30) == 0
    reader = Reader(endpoints, (PASSED_ON,))
    produce(endpoints, [(mark.encode(), card(mark))])
    reader.read_past(mark.encode())
    for key in (b"no rule", b"\xff"):
        producer.produce(TOPIC, None, key)
    assert producer.flush(30) == 0
