"""Generated records: products, offers, and malformed records."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from datetime import UTC, datetime

import pytest

from goodsflow.clients.registry.serializer import ValueValidator
from goodsflow.model.cards import CardError, decode_card, encode_json, frame
from goodsflow.model.cards.catalog import Catalog, GeneratedCatalog, SampleCatalog
from goodsflow.model.cards.model import Card
from goodsflow.model.cards.samples import sample_cards, with_price
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.pipeline.shop_api.records import Outgoing, Template, offers

NOW = datetime(2026, 1, 20, 11, 11, 2, tzinfo=UTC)
SCHEMA = (PROJECT_ROOT / "schemas" / "goods.json").read_text()


def serialize(card: Card) -> bytes:
    """Write a card as the registered serializer does."""
    return frame(7, encode_json(card.as_json()).encode())


def take(
    count: int, catalog: Catalog, seed: int = 1, malformed: float = 0
) -> list[Outgoing]:
    """Return so many records."""
    source = random.Random(seed)  # noqa: S311
    stream = offers(
        catalog, serialize, source, malformed=malformed, clock=NOW.timestamp
    )
    return list(itertools.islice(stream, count))


def test_a_template_renders_what_the_serializer_writes() -> None:
    """Bytes that are joined by hand may be a different card, or none."""
    cards = [*sample_cards(), *map(GeneratedCatalog(9, 3).card, range(9))]
    for card in cards:
        template = Template.of(card, serialize, (1.0, 2.0))
        for price in (0, 5, 150, *range(123_400, 123_500), 976_386, 12_345_678):
            rendered = template.render(price, b"2026-01-20T11:11:02Z")
            assert rendered == serialize(with_price(card, price / 100, NOW))


def test_a_card_that_contains_the_markers_is_rejected() -> None:
    """It would be split in the wrong place."""
    (card, *_) = sample_cards()
    odd = card.model_copy(update={"sku": "7654321.25"})
    with pytest.raises(ValueError, match=r"7654321\.25"):
        Template.of(odd, serialize, (1.0, 2.0))


def test_every_sample_is_offered_at_changing_prices() -> None:
    """A product that is never sent would never be found or recommended."""
    found = [decode_card(value) for _, value, _ in take(200, SampleCatalog())]
    assert {card["product_id"] for card in found} == {
        card.product_id for card in sample_cards()
    }
    amounts = {card["price"]["amount"] for card in found}
    assert len(amounts) > 150
    assert all(1000 <= amount <= 10_000 for amount in amounts)
    assert {card["updated_at"] for card in found} == {"2026-01-20T11:11:02Z"}


def test_the_same_seed_gives_the_same_records() -> None:
    """Otherwise, a test that failed with certain cards couldn't be repeated."""
    catalog = GeneratedCatalog(1000, 7)
    assert take(50, catalog, malformed=0.3) == take(50, catalog, malformed=0.3)
    assert take(50, catalog, seed=2) != take(50, catalog)
    assert GeneratedCatalog(9, 1).card(3) != GeneratedCatalog(9, 2).card(3)


def test_products_are_distinct_valid_and_their_prices_are_near_the_usual() -> None:
    """Many copies of one product would be an unrealistic load."""
    catalog = GeneratedCatalog(2000, 7)
    cards = [catalog.card(number) for number in range(catalog.size)]
    assert len({card.product_id for card in cards}) == 2000
    assert len({card.name for card in cards}) == 2000
    assert len({card.brand for card in cards}) > 30
    assert len({card.category for card in cards}) > 6
    validator = ValueValidator(SCHEMA)
    for card in cards[:50]:
        assert validator.problems(card.as_json()) == []
    usual = {card.product_id: card.price.amount for card in cards}
    for key, value, _ in take(300, catalog):
        card = decode_card(value)
        assert key.decode() == card["product_id"]
        factor = card["price"]["amount"] / usual[card["product_id"]]
        assert 0.74 < factor < 1.26


def test_only_the_given_share_is_malformed() -> None:
    """Otherwise, nobody could tell what the filter should find."""
    kinds = Counter()
    for _, value, is_card in take(2000, GeneratedCatalog(100, 1), malformed=0.25):
        try:
            decode_card(value)
        except CardError as error:
            kinds[str(error).split()[1]] += 1
            assert not is_card
        else:
            assert is_card
    assert 400 < sum(kinds.values()) < 600
    assert len(kinds) >= 2


def test_json_is_the_payloads_whole() -> None:
    """One extra byte would break readers of the files."""
    ((_, value, _),) = take(1, SampleCatalog())
    assert json.loads(value[5:])["price"]["currency"] == "RUB"
