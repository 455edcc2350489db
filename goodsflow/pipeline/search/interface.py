"""The interface of all back ends of the search."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

Order: TypeAlias = Literal["id", "name", "price", "-price"]
"""How cards are sorted; ``-price`` is the most expensive first. Ties go by ID."""


@dataclass(frozen=True)
class SearchQuery:
    """A query. A card must meet all given conditions.

    Matching ignores case, also in Cyrillic. There are no wildcards.

    Attributes:
        name: Part of the name; any if not given.
        brand: Part of the brand; any if not given.
        category: Part of the category; any if not given.
        max_price: The highest price, regardless of the currency.
        order: How cards are sorted.
        limit: The maximum number of cards, the first in that order; all if not given.
    """

    name: str | None = None
    brand: str | None = None
    category: str | None = None
    max_price: float | None = None
    order: Order = "id"
    limit: int | None = None


@dataclass(frozen=True)
class FoundCard:
    """A card that a search found, at its current price."""

    product_id: str
    name: str
    brand: str
    category: str
    amount: float
    currency: str

    @property
    def price_str(self) -> str:
        """The price as text: ``9763.86 RUB``."""
        return f"{self.amount:.2f} {self.currency}"


def in_order(cards: Iterable[FoundCard], query: SearchQuery) -> list[FoundCard]:
    """Sort cards in a query's order, and apply its limit."""
    found = sorted(cards, key=lambda card: card.product_id)
    match query.order:
        case "name":
            found.sort(key=lambda card: card.name)
        case "price":
            found.sort(key=lambda card: card.amount)
        case "-price":
            found.sort(key=lambda card: -card.amount)
        case "id":
            pass
    return found[: query.limit]


class SearchBackend(Protocol):
    """Finds current cards."""

    def search(self, query: SearchQuery) -> list[FoundCard]:
        """Return the cards that match a query, in its order.

        Only the newest card of a product counts, and deleted products don't.

        Raises:
            GoodsflowError: The current cards couldn't be searched.
        """
        ...


class RemoteBackend(SearchBackend, Protocol):
    """A back end that has to connect to a server."""

    def prepare(self) -> None:
        """Start to connect for the next search, in the background.

        Raises:
            EndpointsError: A password file is missing.
        """
        ...
