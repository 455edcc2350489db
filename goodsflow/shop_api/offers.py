"""Which card is sent next: one of the samples at a random price."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime

from goodsflow.cards import Card, with_price

_LOWEST, _HIGHEST = 1000.0, 10_000.0


def next_offer(cards: Sequence[Card], source: random.Random, now: datetime) -> Card:
    """Return one of the cards at a new price, both drawn from ``source``."""
    card = source.choice(cards)
    return with_price(card, source.uniform(_LOWEST, _HIGHEST), now)
