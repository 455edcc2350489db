"""The embedded index, with records from the tests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from goodsflow.model.cards import frame
from goodsflow.model.records import Record
from goodsflow.pipeline.search.index import CardIndex, IndexState
from goodsflow.pipeline.search.interface import FoundCard, SearchBackend, SearchQuery
from tests.unit.pipeline.search.contract import SearchContract, card


def value(content: Mapping[str, Any]) -> bytes:
    """Return content in the wire format."""
    return frame(7, json.dumps(content, ensure_ascii=False).encode())


def record(
    product_id: str, content: Mapping[str, Any] | None, offset: int = 0
) -> Record:
    """Return a record of partition 0; no content is a tombstone."""
    return Record(
        0, offset, product_id.encode(), None if content is None else value(content)
    )


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CardIndex]:
    """Return a new index of topic-1."""
    index = CardIndex(tmp_path / "search.duckdb")
    index.create("topic-1", 1000.0)
    yield index
    index.close()


class TestEmbeddedIndexKeepsTheContract(SearchContract):
    """The contract with the index alone; integration tests use a topic."""

    @pytest.fixture(autouse=True)
    def _index(self, index: CardIndex) -> None:
        self.index = index

    def make_backend(self, cards: Mapping[str, dict[str, Any]]) -> SearchBackend:
        """Return the index, given the cards as one batch."""
        self.index.apply([record(key, cards[key]) for key in cards], {0: len(cards)})
        index = self.index

        class Backend:
            def search(self, query: SearchQuery) -> list[FoundCard]:
                """Search the index."""
                return index.search(query)

        return Backend()


def test_newest_card_of_a_batch_and_of_later_batches_counts(index: CardIndex) -> None:
    """Results must not have old prices."""
    index.apply(
        [record("1", card("one", "b", 1.0)), record("1", card("two", "b", 2.0))], {0: 2}
    )
    assert [c.name for c in index.search(SearchQuery())] == ["two"]
    index.apply([record("1", card("three", "b", 3.0))], {0: 3})
    assert [(c.name, c.amount) for c in index.search(SearchQuery())] == [("three", 3)]


def test_tombstone_removes_a_card_and_a_later_one_brings_it_back(
    index: CardIndex,
) -> None:
    """A deleted card must not reach users."""
    index.apply([record("1", card("one", "b")), record("2", card("two", "b"))], {0: 2})
    index.apply([record("1", None)], {0: 3})
    assert [c.product_id for c in index.search(SearchQuery())] == ["2"]
    index.apply([record("2", None), record("2", card("again", "b"))], {0: 5})
    assert [c.name for c in index.search(SearchQuery())] == ["again"]


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\x00\x00",
        b'{"name": "no header"}',
        frame(7, b"\xff\xfe"),
        frame(7, b"[1]"),
        value(card("x", "b") | {"name": None}),
        value(card("x", "b") | {"brand": 5}),
        value(card("x", "b") | {"price": {"amount": "12", "currency": "RUB"}}),
        value(card("x", "b") | {"price": {"amount": True, "currency": "RUB"}}),
        value(card("x", "b") | {"price": None}),
        frame(7, json.dumps(card("\ud800", "b")).encode()),
        frame(7, b'{"product_id":"1","name":"x","brand":"b",'
                 b'"price":{"amount":1e999,"currency":"RUB"}}'),
        frame(7, b'{"product_id":"1","name":"x","brand":"b",'
                 b'"price":{"amount":1' + b"0" * 400 + b',"currency":"RUB"}}'),
    ],
)  # fmt: skip
def test_invalid_record_is_skipped_and_counted(index: CardIndex, bad: bytes) -> None:
    """One bad record must not hide all cards after it."""
    index.apply([record("1", card("good", "b"))], {0: 1})
    skipped = index.apply(
        [Record(0, 1, b"1", bad), record("2", card("next", "b"), 2)], {0: 3}
    )
    assert skipped == 1
    assert [c.name for c in index.search(SearchQuery())] == ["good", "next"]


@pytest.mark.parametrize("key", [None, b"", b"\xff"])
def test_record_without_a_usable_key_is_skipped(
    index: CardIndex, key: bytes | None
) -> None:
    """Such a card could never be deleted."""
    assert index.apply([Record(0, 0, key, value(card("x", "b")))], {0: 1}) == 1
    assert index.search(SearchQuery()) == []


def test_key_identifies_the_card_and_not_the_value(index: CardIndex) -> None:
    """A tombstone only has a key, so it would miss a card with another ID."""
    index.apply([record("1", card("one", "b") | {"product_id": "other"})], {0: 1})
    assert [c.product_id for c in index.search(SearchQuery())] == ["1"]


def test_offsets_are_kept_with_the_cards(tmp_path: Path, index: CardIndex) -> None:
    """The next process continues where this one ended."""
    index.apply([record("1", card("one", "b"))], {0: 1, 1: 5})
    index.apply([], {0: 9})
    index.mark_synced(2000.0)
    index.close()
    again = CardIndex(tmp_path / "search.duckdb")
    assert again.state() == IndexState("topic-1", 2000.0, {0: 9, 1: 5})
    assert len(again.search(SearchQuery("one"))) == 1
    again.close()


def test_batch_that_fails_leaves_cards_and_offsets_as_they_were(
    index: CardIndex,
) -> None:
    """Offsets ahead of the cards would lose cards forever."""
    index.apply([record("1", card("one", "b"))], {0: 1})
    with pytest.raises(duckdb.Error):
        index.apply([record("1", None), record("2", card("x", "b"))], {0: 2**80})
    assert [c.name for c in index.search(SearchQuery())] == ["one"]
    state = index.state()
    assert state is not None
    assert state.next_offsets == {0: 1}


def test_new_file_and_one_of_another_version_have_no_state(tmp_path: Path) -> None:
    """Reading old tables as new ones would give wrong results."""
    path = tmp_path / "other.duckdb"
    index = CardIndex(path)
    assert index.state() is None
    index.create("topic-1", 1000.0)
    index.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE index_state SET schema_version = 0")
    index = CardIndex(path)
    assert index.state() is None
    index.close()
