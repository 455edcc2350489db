"""What every back end of the search answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class FoundCard:
    """A card that a search found, at its current price."""

    product_id: str
    name: str
    brand: str
    amount: float
    currency: str

    @property
    def price_str(self) -> str:
        """The price for a person: ``9763.86 RUB``."""
        return f"{self.amount:.2f} {self.currency}"


class SearchBackend(Protocol):
    """Finds current cards by parts of their name and brand."""

    def search(
        self,
        name: str | None = None,
        brand: str | None = None,
        limit: int | None = None,
    ) -> list[FoundCard]:
        """Return the cards that contain both texts, by product ID.

        Upper and lower case are the same, in Cyrillic too; every character stands for
        itself. The newest card of a product counts; one that was deleted does not.

        Args:
            name: Part of the name; any where not given.
            brand: Part of the brand; any where not given.
            limit: Cards at most; all where not given.

        Raises:
            GoodsflowError: The answer would not be the current one.
        """
        ...
