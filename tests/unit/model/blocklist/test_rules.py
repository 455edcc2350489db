"""Rules, their records, and which cards they are about."""

from datetime import UTC, datetime

import pytest

from goodsflow.model.blocklist import BlockListError, BlockRules, Entry, Rule
from goodsflow.model.cards import encode_json, frame

PRODUCT, BRAND = Rule("product", "1"), Rule("brand", "brand: X")


def test_a_rule_is_read_as_it_was_written() -> None:
    """A text may hold a colon; the first one ends the scope."""
    assert BRAND.key == b"brand:brand: X"
    assert Rule.from_key(BRAND.key) == BRAND
    assert Rule.parse("category:Электроника") == Rule("category", "Электроника")


@pytest.mark.parametrize(
    "key", [None, b"", b"12346", b"shop:1", b"product:", b"product", b"brand:\xff"]
)
def test_what_is_no_rule_is_refused(key: bytes | None) -> None:
    """A key without its scope would block nothing, and nobody would know."""
    with pytest.raises(BlockListError):
        Rule.from_key(key)


def test_half_a_character_is_no_rule() -> None:
    """A shell passes bytes that are not UTF-8 on so; no key can hold it."""
    with pytest.raises(BlockListError):
        Rule("brand", "\ud800")


def test_rules_hold_for_the_field_that_they_name() -> None:
    """A store called like a product is not that product."""
    rules = BlockRules([PRODUCT, BRAND])
    assert rules.match({"product_id": "1", "brand": "brand: X"}) == "product"
    assert rules.match({"product_id": "2", "brand": "brand: X"}) == "brand"
    assert rules.match({"product_id": "2", "store_id": "1"}) is None
    assert rules.match({"product_id": ["1"], "brand": {}}) is None
    rules.remove(BRAND)
    rules.remove(BRAND)
    assert rules.match({"product_id": "2", "brand": "brand: X"}) is None
    assert (len(rules), PRODUCT in rules, BRAND in rules) == (1, True, False)


def test_rules_are_told_since_an_offset() -> None:
    """What is withdrawn must be what is new, and all of it."""
    rules = BlockRules()
    rules.add(PRODUCT, 3)
    rules.add(BRAND, 5)
    assert set(rules.since(0)) == {PRODUCT, BRAND}
    assert set(rules.since(4)) == {BRAND}
    rules.add(PRODUCT, 9)
    assert set(rules.since(6)) == {PRODUCT}


def test_an_entry_is_read_as_it_was_written() -> None:
    """Who looks at the list asks who blocked it, and why."""
    at = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    entry = Entry(BRAND, "отзыв", "ann", at)
    value = frame(7, encode_json(entry.as_json()).encode())
    assert Entry.from_record(BRAND, value) == entry


@pytest.mark.parametrize(
    "value", [b"", b"x", frame(1, b"{"), frame(1, b"[]"), frame(1, b'{"at": "now"}')]
)
def test_an_odd_value_blocks_all_the_same(value: bytes) -> None:
    """The key decides: a careless tool must not let a recalled product pass."""
    assert Entry.from_record(BRAND, value) == Entry(BRAND)
