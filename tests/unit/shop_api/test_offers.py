"""Which card is sent next."""

import random
from datetime import UTC, datetime

from goodsflow.cards import sample_cards
from goodsflow.shop_api.offers import next_offer

NOW = datetime(2026, 1, 20, 11, 11, 2, tzinfo=UTC)


def test_every_sample_is_offered_at_ever_new_prices() -> None:
    """A product never sent would never show in search or recommendations."""
    cards, source = sample_cards(), random.Random(1)  # noqa: S311
    offers = [next_offer(cards, source, NOW) for _ in range(200)]
    assert {offer.product_id for offer in offers} == {c.product_id for c in cards}
    assert len({offer.price.amount for offer in offers}) > 150
    assert all(1000 <= offer.price.amount <= 10_000 for offer in offers)
    assert all(offer.updated_at == NOW for offer in offers)


def test_the_same_seed_gives_the_same_offers() -> None:
    """A test that failed with certain cards could not be repeated."""
    first, second = (
        [
            next_offer(sample_cards(), random.Random(7), NOW)  # noqa: S311
            for _ in range(3)
        ]
        for _ in range(2)
    )
    assert first == second
