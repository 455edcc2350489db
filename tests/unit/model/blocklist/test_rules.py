"""Rules, their records, and which cards they block."""

from datetime import UTC, datetime

import pytest

from goodsflow.model.blocklist import BlockListError, BlockRules, Entry, Rule
from goodsflow.model.cards import encode_json, frame

PRODUCT, BRAND = Rule("product", "1"), Rule("brand", "brand: X")


def test_a_rule_is_read_as_it_was_written() -> None:
    """A value may contain colons; the first one ends the scope."""
    assert BRAND.key == b"brand:brand: X"
    assert Rule.from_key(BRAND.key) == BRAND
    assert Rule.parse("category:Электроника") == Rule("category", "Электроника")


@pytest.mark.parametrize(
    "key", [None, b"", b"12346", b"shop:1", b"product:", b"product", b"brand:\xff"]
)
def test_an_invalid_rule_is_rejected(key: bytes | None) -> None:
    """A key without a scope would block nothing, and nobody would notice."""
    with pytest.raises(BlockListError):
        Rule.from_key(key)


def test_a_lone_surrogate_is_rejected() -> None:
    """Python decodes invalid bytes from a shell this way; no key can contain it."""
    with pytest.raises(BlockListError):
        Rule("brand", "\ud800")


def test_rules_apply_to_the_field_of_their_scope() -> None:
    """A store with the name of a product is not that product."""
    rules = BlockRules([PRODUCT, BRAND])
    assert rules.match({"product_id": "1", "brand": "brand: X"}) == "product"
    assert rules.match({"product_id": "2", "brand": "brand: X"}) == "brand"
    assert rules.match({"product_id": "2", "store_id": "1"}) is None
    assert rules.match({"product_id": ["1"], "brand": {}}) is None
    rules.remove(BRAND)
    rules.remove(BRAND)
    assert rules.match({"product_id": "2", "brand": "brand: X"}) is None
    assert (len(rules), PRODUCT in rules, BRAND in rules) == (1, True, False)


def test_rules_are_listed_since_an_offset() -> None:
    """All new rules must be withdrawn, and no others."""
    rules = BlockRules()
    rules.add(PRODUCT, 3)
    rules.add(BRAND, 5)
    assert set(rules.since(0)) == {PRODUCT, BRAND}
    assert set(rules.since(4)) == {BRAND}
    rules.add(PRODUCT, 9)
    assert set(rules.since(6)) == {PRODUCT}


def test_an_entry_is_read_as_it_was_written() -> None:
    """Operators want to know who blocked it, and why."""
    at = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    entry = Entry(BRAND, "отзыв", "ann", at)
    value = frame(7, encode_json(entry.as_json()).encode())
    assert Entry.from_record(BRAND, value) == entry


@pytest.mark.parametrize(
    "value", [b"", b"x", frame(1, b"{"), frame(1, b"[]"), frame(1, b'{"at": "now"}')]
)
def test_a_malformed_value_still_blocks(value: bytes) -> None:
    """The key decides, so a faulty tool can't let a recalled product pass."""
    assert Entry.from_record(BRAND, value) == Entry(BRAND)
