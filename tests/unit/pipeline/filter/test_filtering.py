"""Which records pass, are blocked, or become dead letters."""

import json
from pathlib import Path

import pytest

from goodsflow.clients.registry import (
    RegistryUnavailableError,
    SchemaNotFoundError,
    SubjectNotFoundError,
)
from goodsflow.clients.registry.schema_checks import SchemaChecks
from goodsflow.model.blocklist import BlockRules, Rule, Scope
from goodsflow.model.cards import encode_json, frame
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.pipeline.filter.filtering import KEYLESS, MAX_BYTES, PASSED, CardFilter

KEY = b"12345"
BLOCKED = Rule("product", "12346")


class Registry:
    """Knows the cards' schema as 1, a number as 2, and no other."""

    url = "http://registry"

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.is_up = True
        self.is_ready = True

    def schema_text(self, schema_id: int) -> str:
        """Return a schema."""
        self.asked.append(schema_id)
        if not self.is_up:
            raise RegistryUnavailableError("down")
        if schema_id == 1:
            return Path(PROJECT_ROOT / "schemas" / "goods.json").read_text("utf-8")
        if schema_id == 2:
            return '{"type": "number"}'
        if schema_id == 3:
            return '{"type": 3}'
        raise SchemaNotFoundError("no such schema")

    def latest(self, subject: str) -> None:
        """Return if its schemas are loaded."""
        if not self.is_ready:
            raise SubjectNotFoundError(subject)


def filter_of(*rules: Rule, registry: Registry | None = None) -> CardFilter:
    """Return a filter with rules."""
    found = BlockRules(rules)
    schemas = SchemaChecks(registry or Registry(), "goods-value")  # type: ignore[arg-type]
    return CardFilter(lambda: found, schemas)


def card(**fields: object) -> dict[str, object]:
    """Return a card."""
    return sample_cards()[0].as_json() | fields


def value(schema_id: int = 1, **fields: object) -> bytes:
    """Return a card's value."""
    return frame(schema_id, json.dumps(card(**fields)).encode())


@pytest.mark.parametrize("product_id", ["12345", "123", "1234", "123466"])
def test_a_card_that_is_not_blocked_passes(product_id: str) -> None:
    """Comparing prefixes would block other products."""
    key = product_id.encode()
    assert filter_of(BLOCKED).decide(key, value(product_id=product_id)) is PASSED


def test_a_card_is_blocked_regardless_of_its_json_spelling() -> None:
    """Searching for bytes would miss an escaped product ID."""
    held_back, key = filter_of(BLOCKED), b"12346"
    assert held_back.decide(key, value(product_id="12346")).cause == "product"
    text = json.dumps(card(product_id="12346"))
    escaped = text.replace('"product_id"', '"product_\\u0069d"').replace(
        "12346", "\\u0031234\\u0036"
    )
    assert escaped != text
    assert held_back.decide(key, frame(1, escaped.encode())).outcome == "blocked"
    last_wins = json.dumps(card(product_id="1"))[:-1] + ', "product_id": "12346"}'
    assert held_back.decide(key, frame(1, last_wins.encode())).outcome == "blocked"


@pytest.mark.parametrize(
    ("scope", "text"),
    [("brand", "brand_XYZ"), ("store", "store_001"), ("category", "Электроника")],
)
def test_a_card_is_blocked_by_each_scope(scope: Scope, text: str) -> None:
    """Comparing the wrong field would let a whole brand pass."""
    assert filter_of(Rule(scope, text)).decide(KEY, value()).cause == scope
    assert filter_of(Rule(scope, text[:-1])).decide(KEY, value()) is PASSED
    assert filter_of(Rule("product", text)).decide(KEY, value()) is PASSED


@pytest.mark.parametrize(
    ("garbage", "kind"),
    [
        (b"", "header"),
        (b"hello", "header"),
        (frame(1, b"{"), "json"),
        (frame(1, b'{"a": NaN}'), "json"),
        (frame(1, b"\xff"), "json"),
        (frame(1, b"[" * 100_000), "json"),
        (frame(1, b"[1]"), "schema"),
        (value(product_id=None), "schema"),
        (value(price={"amount": -1, "currency": "RUB"}), "schema"),
        (value(price={"amount": 1, "currency": "roubles"}), "schema"),
        (value(stock=None), "schema"),
        (value(77), "schema-id"),
        (value(3), "schema-id"),
        (frame(2, b"5"), "schema"),
    ],
)
def test_an_invalid_card_is_a_dead_letter_with_a_reason(
    garbage: bytes, kind: str
) -> None:
    """An exception would stop the filter permanently."""
    verdict = filter_of().decide(KEY, garbage)
    assert (verdict.outcome, verdict.cause) == ("undecodable", kind)
    assert verdict.reason


@pytest.mark.parametrize("key", [b"12346", b"", b"\xff", b"12345 "])
def test_a_card_under_another_key_is_a_dead_letter(key: bytes) -> None:
    """It would be found under that key, but withdrawn under its product ID."""
    verdict = filter_of(BLOCKED).decide(key, value())
    assert (verdict.outcome, verdict.cause) == ("undecodable", "key")
    assert repr(key) in verdict.reason


def test_a_card_that_the_next_broker_would_refuse_is_a_dead_letter() -> None:
    """Brokers would refuse it after each restart, and no card would pass."""
    room = MAX_BYTES - len(KEY) - len(value(description=""))
    assert filter_of().decide(KEY, value(description="x" * room)) is PASSED
    verdict = filter_of().decide(KEY, value(description="x" * (room + 1)))
    assert verdict.cause == "size"
    assert "have 1,000,001 bytes together" in verdict.reason
    assert filter_of().decide(b"k" * MAX_BYTES, None) is PASSED
    assert filter_of().decide(b"k" * (MAX_BYTES + 1), None).cause == "size"


def test_the_reason_names_the_field_that_breaks_the_schema() -> None:
    """A shop's developer has to find it among fifty fields."""
    price = {"amount": -1, "currency": "RUB"}
    reason = filter_of().decide(KEY, value(price=price)).reason
    assert "schema 1 at ['price']['amount']" in reason


def test_a_tombstone_passes_and_a_record_without_a_key_does_not() -> None:
    """A card that its shop deleted would stay in search forever."""
    assert filter_of(BLOCKED).decide(KEY, None) is PASSED
    assert filter_of().decide(None, None) is KEYLESS
    assert filter_of().decide(None, value()) is KEYLESS


def test_with_an_empty_block_list_all_samples_pass() -> None:
    """An operator may want an empty list."""
    for each in sample_cards():
        data = frame(1, encode_json(each.as_json()).encode())
        assert filter_of().decide(each.product_id.encode(), data) is PASSED


def test_a_schema_is_looked_up_once() -> None:
    """With a request for each card, the registry would be the bottleneck."""
    registry = Registry()
    asking = filter_of(registry=registry)
    for schema_id in (1, 77, 1, 77, 1):
        asking.decide(KEY, value(schema_id))
    assert registry.asked == [1, 77]


def test_an_unavailable_registry_makes_no_dead_letters() -> None:
    """All cards sent during an outage would be lost."""
    registry = Registry()
    registry.is_up = False
    asking = filter_of(registry=registry)
    with pytest.raises(RegistryUnavailableError):
        asking.decide(KEY, value())
    registry.is_up = True
    assert asking.decide(KEY, value()) is PASSED


def test_a_registry_without_its_schemas_makes_no_dead_letters() -> None:
    """It answers before it is ready, as if it had no schemas."""
    registry = Registry()
    registry.is_ready = False
    asking = filter_of(registry=registry)
    with pytest.raises(RegistryUnavailableError, match="yet"):
        asking.decide(KEY, value(77))
    registry.is_ready = True
    assert asking.decide(KEY, value(77)).cause == "schema-id"
