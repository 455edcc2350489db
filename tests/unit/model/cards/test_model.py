"""The card's model."""

import json

import pytest
from jsonschema import Draft7Validator
from pydantic import ValidationError

from goodsflow.model.cards.model import Card
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import PROJECT_ROOT

SCHEMA = json.loads((PROJECT_ROOT / "schemas/goods.json").read_text(encoding="utf-8"))


def test_the_model_and_the_schema_name_the_same_fields() -> None:
    """A field in only one of them would be refused or lost."""
    assert set(SCHEMA["properties"]) == set(Card.model_fields)
    required = {n for n, field in Card.model_fields.items() if field.is_required()}
    assert set(SCHEMA["required"]) == required


@pytest.mark.parametrize("card", sample_cards(), ids=lambda card: card.product_id)
def test_each_sample_fits_its_schema_and_comes_back_the_same(card: Card) -> None:
    """Otherwise the registry's serializer would refuse our samples."""
    document = card.as_json()
    assert list(Draft7Validator(SCHEMA).iter_errors(document)) == []
    assert Card.model_validate(json.loads(json.dumps(document))) == card


def test_timestamps_are_written_with_a_z_as_the_card_format_says() -> None:
    """Consumers that compare timestamps as text need one form of UTC."""
    assert sample_cards()[0].as_json()["created_at"] == "2023-10-01T12:00:00Z"


def test_a_field_that_the_model_does_not_know_is_kept() -> None:
    """Fields that a shop added must not be lost on the way."""
    document = sample_cards()[0].as_json() | {"colour": "red"}
    assert Card.model_validate(document).as_json()["colour"] == "red"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("price", "amount"), -1),
        (("price", "amount"), float("nan")),
        (("price", "currency"), "rubles"),
        (("stock", "available"), -1),
        (("product_id",), ""),
        (("created_at",), "2023-10-01T12:00:00"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(
    path: tuple[str, ...], value: object
) -> None:
    """A negative price or a time without a zone would spoil statistics."""
    document = sample_cards()[0].as_json()
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ValidationError) as caught:
        Card.model_validate(document)
    assert caught.value.errors()[0]["loc"] == path
