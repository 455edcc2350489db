"""Generated offers, optionally with malformed records among them.

A generated card is serialized and validated once. After that, only its price and its
timestamp change within the serialized bytes.
"""

from __future__ import annotations

import random
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from goodsflow.model.cards.catalog import Catalog
from goodsflow.model.cards.model import Card
from goodsflow.model.cards.samples import with_price

Serialize = Callable[[Card], bytes]
"""Writes a card in the wire format; raises if the card breaks its schema."""

_MARK_AMOUNT = 7_654_321.25
_MARK_TIME = datetime(1999, 12, 31, 23, 59, 58, tzinfo=UTC)
_MAX_TEMPLATES = 20_000

_DECIMALS = tuple(
    (b".%02d" % rest, repr(rest / 100)[1:].encode()) for rest in range(100)
)
"""A price's hundredths: as text for a person, and as a JSON number."""


Outgoing: TypeAlias = tuple[bytes, bytes, bool]
"""A record to send: its key, which is the product ID; its value, in the wire format
unless it is malformed on purpose; whether it is a valid card. (Creating a named tuple
takes five times as long, which is a fifth of a card's cost.)"""


@dataclass(frozen=True)
class Template:
    """A card's value, split at its price and its timestamp.

    Attributes:
        key: The product ID.
        parts: The bytes between them.
        lowest: The product's lowest price, in hundredths.
        span: The difference to its highest price.
    """

    key: bytes
    parts: tuple[bytes, bytes, bytes, bytes]
    lowest: int
    span: int

    @classmethod
    def of(
        cls, card: Card, serialize: Serialize, prices: tuple[float, float]
    ) -> Template:
        """Make a template of a card for a range of prices.

        Raises:
            ValueError: The card itself contains the markers for the split.
            GoodsflowError: The card breaks its schema, or the schema can't be
                registered.
        """
        marked = serialize(with_price(card, _MARK_AMOUNT, _MARK_TIME))
        for text, mark in (
            (f"{_MARK_AMOUNT:.2f} {card.price.currency}", b"\0D"),
            (repr(_MARK_AMOUNT), b"\0P"),
            (_MARK_TIME.strftime("%Y-%m-%dT%H:%M:%SZ"), b"\0T"),
        ):
            if marked.count(text.encode()) != 1:
                raise ValueError(f"Card '{card.product_id}' itself contains {text}.")
            marked = marked.replace(text.encode(), mark)
        header, payload = marked[:5], marked[5:]
        described, rest = payload.split(b"\0D")
        priced, timed = rest.split(b"\0P")
        before, after = timed.split(b"\0T")
        currency = f" {card.price.currency}".encode()
        parts = (header + described, currency + priced, before, after)
        lowest, highest = (round(100 * price) for price in prices)
        return cls(card.product_id.encode(), parts, lowest, highest - lowest)

    def render(self, hundredths: int, at: bytes) -> bytes:
        """Return the value with a price, in hundredths, and a timestamp."""
        described, priced, before, after = self.parts
        whole, rest = divmod(hundredths, 100)
        shown, exact = _DECIMALS[rest]
        digits = b"%d" % whole
        return b"".join(
            (described, digits, shown, priced, digits, exact, before, at, after)
        )


def offers(
    catalog: Catalog,
    serialize: Serialize,
    source: random.Random,
    *,
    malformed: float = 0.0,
    clock: Callable[[], float] = time.time,
) -> Iterator[Outgoing]:
    """Yield offers of the catalog's products endlessly.

    Args:
        catalog: The products.
        serialize: Writes a card's value.
        source: Selects products, prices and malformed records.
        malformed: The share of malformed records, 0 to 1.
        clock: Returns the time in seconds since 1970.

    Raises:
        GoodsflowError: A card breaks its schema, or the schema can't be registered.
    """
    templates: OrderedDict[int, Template] = OrderedDict()
    next_second, at = 0, b""
    size, draw = catalog.size, source.random
    while True:
        number = int(draw() * size)
        template = templates.get(number)
        if template is None:
            card = catalog.card(number)
            template = Template.of(card, serialize, catalog.prices(card))
            templates[number] = template
            if len(templates) > _MAX_TEMPLATES:
                templates.popitem(last=False)
        now = clock()
        if not next_second - 1 <= now < next_second:
            next_second = int(now) + 1
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)).encode()
        value = template.render(template.lowest + int(draw() * template.span), at)
        if malformed and draw() < malformed:
            yield template.key, _malform(value, source), False
        else:
            yield template.key, value, True


def _malform(value: bytes, source: random.Random) -> bytes:
    """Return a value that isn't a valid card, with a mistake as shops make them."""
    header, payload = value[:5], value[5:]
    return source.choice(
        (
            payload,  # without the serializer
            b"\1" + value[1:],  # of another format
            header + payload[: len(payload) // 2],  # cut off
            header + payload.replace(b'"product_id"', b'"productId"', 1),
            header + b"[]",
            b"",
        )
    )
