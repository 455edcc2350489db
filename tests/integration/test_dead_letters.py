"""Dead letters at the command line, on real brokers."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from goodsflow.clients.kafka.config import producer_config
from goodsflow.model.cards import encode_json, frame
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import Endpoints
from tests.integration.test_blocking import (
    DEAD_LETTERS,
    HEADERS,
    PASSED_ON,
    SOURCE,
    TIMESTAMP,
    Reader,
    produce,
)
from tests.support import goodsflow, schema_id


def place(reader: Reader, key: bytes) -> str:
    """Return the place of the newest dead letter with a key."""
    letter = next(
        m
        for m in reversed(reader.messages)
        if m.topic() == DEAD_LETTERS and m.key() == key
    )
    return f"{letter.partition()}:{letter.offset()}"


def value(schema: int, product_id: str, **fields: Any) -> bytes:
    """Return a card's value."""
    document = sample_cards()[0].as_json() | {"product_id": product_id} | fields
    return frame(schema, encode_json(document).encode())


def write_letter(endpoints: Endpoints, key: bytes, value: bytes) -> None:
    """Write a dead letter like the filter, of a card that is valid now."""
    producer = Producer(producer_config(endpoints, "inbound", "admin"))
    origin = [
        ("goodsflow.origin.topic", SOURCE.encode()),
        ("goodsflow.origin.partition", b"0"),
        ("goodsflow.origin.offset", b"1"),
        ("goodsflow.error", b"unknown schema"),
        ("goodsflow.error.kind", b"schema-id"),
    ]
    producer.produce(
        DEAD_LETTERS, value, key, headers=[*HEADERS, *origin], timestamp=TIMESTAMP
    )
    assert producer.flush(30) == 0


@pytest.fixture
def mark() -> str:
    """Return a text that no other test uses."""
    return uuid.uuid4().hex


def test_a_letter_is_listed_and_shown_and_not_replayed_while_invalid(
    endpoints: Endpoints, platform_home: Path, mark: str
) -> None:
    """A shop's developer wants to see what is wrong with a card."""
    key = mark.encode()
    broken = value(schema_id(endpoints), mark, stock={"available": -5, "reserved": 0})
    reader = Reader(endpoints, (DEAD_LETTERS, SOURCE))
    produce(endpoints, [(key, broken)])
    reader.read_until(lambda read: any(m.topic() == DEAD_LETTERS for m in read))
    reader.read_until(
        lambda read: any(m.topic() == DEAD_LETTERS and m.key() == key for m in read)
    )
    where = place(reader, key)

    listed = json.loads(
        goodsflow("dead-letters", "list", "--json", home=platform_home).stdout
    )
    mine = next(row for row in listed["letters"] if row["key"] == mark)
    assert mine["place"] == where
    assert mine["origin"]["topic"] == SOURCE
    assert mine["kind"] == "schema"
    assert "['stock']['available']" in mine["error"]
    assert listed["kinds"]["schema"] >= 1
    table = goodsflow("dead-letters", "list", "--kind", "schema", home=platform_home)
    assert where in table.stdout

    shown = goodsflow("dead-letters", "show", where, home=platform_home).stdout
    assert "-5" in shown
    assert "header trace" in shown
    raw = goodsflow("dead-letters", "show", "--raw", where, home=platform_home).stdout
    assert json.loads(raw[raw.index("{") :])["product_id"] == mark

    replayed = goodsflow("dead-letters", "replay", where, home=platform_home)
    assert replayed.stdout == "Replayed 0 of 1 dead letter\n"
    assert f"Skipped {where}: The value breaks schema" in replayed.stderr


def test_a_letter_that_is_valid_now_is_replayed_unchanged(
    endpoints: Endpoints, platform_home: Path, mark: str
) -> None:
    """For example, its schema was missing in the registry."""
    key, schema = mark.encode(), schema_id(endpoints)
    fine = value(schema, mark)
    reader = Reader(endpoints, (DEAD_LETTERS, PASSED_ON, SOURCE))
    write_letter(endpoints, key, fine)
    reader.read_past(key)
    where = place(reader, key)

    dry = goodsflow("dead-letters", "replay", "--dry-run", where, home=platform_home)
    assert dry.stdout == "Would replay 1 of 1 dead letter\n", dry.stderr
    # Named twice, it is still sent once.
    sent = goodsflow("dead-letters", "replay", where, where, home=platform_home)
    assert sent.stdout == "Replayed 1 of 1 dead letter\n", sent.stderr

    reader.read_until(
        lambda read: any(m.topic() == PASSED_ON and m.key() == key for m in read)
    )
    mine = [m for m in reader.messages if m.key() == key]
    (source,) = [m for m in mine if m.topic() == SOURCE]
    (passed,) = [m for m in mine if m.topic() == PASSED_ON]
    assert source.value() == passed.value() == fine
    assert source.timestamp()[1] == TIMESTAMP
    headers = source.headers()
    assert isinstance(headers, list)
    assert headers == [
        *HEADERS,
        ("goodsflow.replayed.from", f"{DEAD_LETTERS}:{where}".encode()),
    ]


def test_all_letters_are_replayed_once(
    endpoints: Endpoints, platform_home: Path, mark: str
) -> None:
    """Otherwise, a second replay would duplicate records."""
    key, schema = mark.encode(), schema_id(endpoints)
    reader = Reader(endpoints, (DEAD_LETTERS, PASSED_ON, SOURCE))
    # What others have left; many, where a filter was killed before.
    goodsflow("dead-letters", "replay", "--all", home=platform_home)
    for number in range(2):
        write_letter(endpoints, key, value(schema, mark, index=f"n{number}"))
    reader.read_until(
        lambda read: (
            sum(m.topic() == DEAD_LETTERS and m.key() == key for m in read) == 2
        )
    )

    def replay(*options: str) -> str:
        done = goodsflow(
            "dead-letters", "replay", "--all", *options, home=platform_home
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    while "There are more dead letters" in replay("--limit", "1"):
        pass
    assert replay() == "Replayed 0 of 0 dead letters\n"

    # The key's last one: what was sent before it is before it.
    produce(endpoints, [(key, value(schema, mark, index="last"))])
    reader.read_until(
        lambda read: any(
            m.topic() == PASSED_ON
            and m.key() == key
            and b'"last"' in (m.value() or b"")
            for m in read
        )
    )
    for topic in (SOURCE, PASSED_ON):
        mine = [m for m in reader.messages if m.topic() == topic and m.key() == key]
        assert len(mine) == 3


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["show", "0:999999999"], "There is no dead letter at 0:999999999"),
        (["show", "99:0"], "There is no dead letter at 99:0"),
        (["show", "one"], "Expected PARTITION:OFFSET, such as 0:17, found 'one'"),
        (["replay"], "Give dead letters as PARTITION:OFFSET, or --all."),
        (["replay", "--all", "0:1"], "PARTITION:OFFSET, or --all, not both."),
        (["list", "--kind", "nosuch"], "Invalid value for '--kind'"),
        (["show", "0:1", "--raw", "--json"], "Use --raw or --json, not both."),
        (["purge", "--yes", "--before", "0:999999999"], "Nothing was deleted"),
    ],
)
def test_a_missing_letter_is_an_error(
    platform_home: Path, arguments: list[str], text: str
) -> None:
    """A typo must not look like success."""
    found = goodsflow("dead-letters", *arguments, home=platform_home)
    assert found.returncode in {1, 2}
    assert text in found.stderr
    assert found.stdout == ""


def test_letters_before_one_are_deleted(
    endpoints: Endpoints, platform_home: Path, mark: str
) -> None:
    """The test compares the remaining letters, not the command's output."""
    key = mark.encode()
    reader = Reader(endpoints, (DEAD_LETTERS,))
    produce(endpoints, [(key, b"one"), (key, b"two")])
    messages = reader.read_until(lambda read: sum(m.key() == key for m in read) == 2)
    last = [m for m in messages if m.key() == key][-1]
    where = f"{last.partition()}:{last.offset()}"
    asked = goodsflow("dead-letters", "purge", "--before", where, home=platform_home)
    assert asked.returncode == 1
    found = goodsflow(
        "dead-letters", "purge", "--yes", "--before", where, home=platform_home
    )
    assert found.returncode == 0, found.stderr
    letters = json.loads(
        goodsflow("dead-letters", "list", "--json", home=platform_home).stdout
    )["letters"]
    partition = [
        int(row["place"].partition(":")[2])
        for row in letters
        if row["place"].startswith(f"{last.partition()}:")
    ]
    assert min(partition) == last.offset()
