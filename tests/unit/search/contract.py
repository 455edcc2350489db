"""What every back end of the search answers, as tests to inherit.

A test class of a back end derives from ``SearchContract`` and says in ``make_backend``
how its back end comes to hold the given state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from goodsflow.search import FoundCard, SearchBackend


def card(name: str, brand: str, amount: float = 100.0) -> dict[str, Any]:
    """Return as much of a card as a search reads."""
    return {
        "product_id": "set by the key",
        "name": name,
        "brand": brand,
        "price": {"amount": amount, "currency": "RUB"},
    }


CARDS: Mapping[str, dict[str, Any]] = {
    "12348": card("Умные часы JKL", "brand_JKL", 9763.86),
    "12345": card("Умные часы XYZ", "brand_XYZ", 5000.0),
    "20001": card("Скидка 50% на ЁЛКИ", "Ёлочка", 10.5),
    "20002": card("Скидка 50 на ёлки_и_сосны", "it's", 1.0),
    "20003": card('Back\\slash "quoted"', "O'Neill", 2.0),
}


class SearchContract:
    """Inherit it, and give ``make_backend``."""

    def make_backend(self, cards: Mapping[str, dict[str, Any]]) -> SearchBackend:
        """Return a back end that holds these cards by product ID."""
        raise NotImplementedError

    @pytest.fixture
    def backend(self) -> SearchBackend:
        """Return the back end with ``CARDS``."""
        return self.make_backend(CARDS)

    def ids(self, found: list[FoundCard]) -> list[str]:
        """Return the product IDs of what was found."""
        return [one.product_id for one in found]

    def test_part_of_the_name_is_enough(self, backend: SearchBackend) -> None:
        """The row is the same from every back end."""
        found = backend.search(name="JKL")
        assert found == [
            FoundCard("12348", "Умные часы JKL", "brand_JKL", 9763.86, "RUB")
        ]
        assert found[0].price_str == "9763.86 RUB"

    def test_part_of_the_brand_is_enough(self, backend: SearchBackend) -> None:
        """Users type what they remember of a brand."""
        assert self.ids(backend.search(brand="d_JKL")) == ["12348"]

    def test_both_texts_must_be_there(self, backend: SearchBackend) -> None:
        """Either would drown the product that was meant."""
        assert self.ids(backend.search(name="часы", brand="XYZ")) == ["12345"]
        assert backend.search(name="JKL", brand="XYZ") == []

    def test_case_does_not_matter_in_latin_or_cyrillic(
        self, backend: SearchBackend
    ) -> None:
        """Folding ASCII alone would fail most of the users."""
        assert self.ids(backend.search(name="jkl")) == ["12348"]
        assert self.ids(backend.search(name="УМНЫЕ ЧАСЫ")) == ["12345", "12348"]
        assert self.ids(backend.search(name="ёлки")) == ["20001", "20002"]
        assert self.ids(backend.search(brand="ёЛОЧ")) == ["20001"]

    def test_wildcards_stand_for_themselves(self, backend: SearchBackend) -> None:
        """With LIKE, a user who looks for '50%' would get everything with a 50."""
        assert self.ids(backend.search(name="50%")) == ["20001"]
        assert self.ids(backend.search(name="_и_")) == ["20002"]
        assert backend.search(name="%") == backend.search(name="0%")

    def test_quotes_and_backslashes_stand_for_themselves(
        self, backend: SearchBackend
    ) -> None:
        """A quote that ends the literal is an injection."""
        assert self.ids(backend.search(brand="'")) == ["20002", "20003"]
        assert self.ids(backend.search(name='"QUOTED"')) == ["20003"]
        assert self.ids(backend.search(name="k\\s")) == ["20003"]
        assert backend.search(name="' OR 1=1 --") == []

    def test_results_are_ordered_and_limited(self, backend: SearchBackend) -> None:
        """A limit of an unordered result is a random sample."""
        everything = self.ids(backend.search(name=""))
        assert everything == sorted(CARDS)
        assert self.ids(backend.search(name="", limit=2)) == everything[:2]

    def test_nothing_found_is_an_empty_list(self, backend: SearchBackend) -> None:
        """Nothing found is an answer, not an error."""
        assert backend.search(name="no such thing") == []
