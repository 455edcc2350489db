"""What every back end of the search is asked, and answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

Order: TypeAlias = Literal["id", "name", "price", "-price"]
"""By what cards are sorted; ``-price`` is the dearest first. Equals go by ID."""


@dataclass(frozen=True)
class SearchQuery:
    """What is asked. Every condition that is given has to hold.

    Upper and lower case are the same, in Cyrillic too; every character stands for
    itself.

    Attributes:
        name: Part of the name; any where not given.
        brand: Part of the brand; any where not given.
        category: Part of the category; any where not given.
        max_price: The highest price, in whatever currency the card names.
        order: How cards are sorted.
        limit: Cards at most, the first by that order; all where not given.
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
        """The price for a person: ``9763.86 RUB``."""
        return f"{self.amount:.2f} {self.currency}"


def in_order(cards: Iterable[FoundCard], query: SearchQuery) -> list[FoundCard]:
    """Sort cards as a query asks for, and cut them off at its limit."""
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
        """Return the cards that a query asks for, in its order.

        The newest card of a product counts; one that was deleted does not.

        Raises:
            GoodsflowError: The answer would not be the current one.
        """
        ...


class RemoteBackend(SearchBackend, Protocol):
    """Asks somebody else, whom it has to connect to."""

    def prepare(self) -> None:
        """Begin what the next search needs, to do something else meanwhile.

        Raises:
            EndpointsError: A password file is missing.
        """
        ...
