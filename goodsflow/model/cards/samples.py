"""The five sample cards that the shop API sends."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from goodsflow.model.cards.model import Card, Image, Price, Stock

_SAMPLES = {
    "12345": "XYZ",
    "12346": "DEF",
    "12347": "GHI",
    "12348": "JKL",
    "12349": "MNO",
}
_CREATED_AT = datetime(2023, 10, 1, 12, tzinfo=UTC)
_DESCRIPTION = "Умные часы с функцией мониторинга здоровья, GPS и уведомлениями"
_PRICE_IN_TEXT = re.compile(r" за \d+(?:\.\d+)? [A-Z]{3}$")


def sample_cards() -> tuple[Card, ...]:
    """Return the samples, ordered by product ID."""
    return tuple(
        _sample(product_id, letters) for product_id, letters in _SAMPLES.items()
    )


def with_price(card: Card, amount: float, now: datetime) -> Card:
    """Return the card with a new price, in its description too.

    Args:
        card: The card to start from.
        amount: In the card's currency, rounded to two decimals.
        now: Becomes ``updated_at``, in UTC and whole seconds.
    """
    price = card.price.model_copy(update={"amount": round(amount, 2)})
    described = _PRICE_IN_TEXT.sub("", card.description)
    return card.model_copy(
        update={
            "price": price,
            "description": f"{described} за {price.amount:.2f} {price.currency}",
            "updated_at": now.astimezone(UTC).replace(microsecond=0),
        }
    )


def _sample(product_id: str, letters: str) -> Card:
    card = Card(
        product_id=product_id,
        name=f"Умные часы {letters}",
        brand=f"brand_{letters}",
        category="Электроника",
        description=_DESCRIPTION,
        price=Price(amount=4999.99, currency="RUB"),
        sku="XYZ-12345",
        images=(
            Image(
                url="https://example.com/images/product1.jpg",
                alt="Умные часы XYZ - вид спереди",
            ),
            Image(
                url="https://example.com/images/product1_side.jpg",
                alt="Умные часы XYZ - вид сбоку",
            ),
        ),
        stock=Stock(available=150, reserved=20),
        tags=("умные часы", "гаджеты", "технологии"),
        store_id="store_001",
        index="products",
        created_at=_CREATED_AT,
        updated_at=_CREATED_AT,
    )
    return with_price(card, card.price.amount, _CREATED_AT)
