"""Serializing with a schema."""

import json

import pytest

from goodsflow.clients.registry import (
    InvalidSchemaError,
    RegistryClient,
    RegistryUnavailableError,
)
from goodsflow.clients.registry.serializer import ValueSerializer, value_serializer
from goodsflow.model.cards import CardError
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import PROJECT_ROOT

SCHEMA = (PROJECT_ROOT / "schemas/goods.json").read_text(encoding="utf-8")
NOBODY = "http://127.0.0.1:9/apis/ccompat/v7"


@pytest.fixture
def serialize() -> ValueSerializer:
    """A serializer whose registry does not answer: it validates before that."""
    return value_serializer(RegistryClient(NOBODY, timeout_seconds=0.2), SCHEMA)


def test_a_card_that_breaks_its_schema_is_refused_with_every_field(
    serialize: ValueSerializer,
) -> None:
    """`'x' is not of type 'number'` would not say which of many fields it is."""
    card = sample_cards()[0].as_json()
    card["price"]["amount"] = "x"
    card["images"][1].pop("alt")
    del card["sku"]
    with pytest.raises(CardError) as caught:
        serialize("goods", card)
    assert str(caught.value) == (
        "The value for topic 'goods' breaks its schema 'GoodsCard': "
        "$.images[1]: field 'alt' is missing; "
        '$.price.amount: found "x", expected type "number"; '
        "$: field 'sku' is missing."
    )


def test_a_long_value_is_cut_in_the_message(serialize: ValueSerializer) -> None:
    """A card of a megabyte would become a log line of a megabyte."""
    card = sample_cards()[0].as_json() | {"tags": "x" * 10_000}
    with pytest.raises(CardError) as caught:
        serialize("goods", card)
    assert "$.tags" in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_registry_that_does_not_answer_is_named(serialize: ValueSerializer) -> None:
    """The library's own error names neither the registry nor the request."""
    with pytest.raises(RegistryUnavailableError) as caught:
        serialize("goods", sample_cards()[0].as_json())
    assert "subject 'goods-value'" in str(caught.value)
    assert NOBODY in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"type": 12})])
def test_an_invalid_schema_is_refused_immediately(text: str) -> None:
    """Otherwise it would fail at the first card, with a traceback."""
    with pytest.raises(InvalidSchemaError):
        value_serializer(RegistryClient(NOBODY), text)
