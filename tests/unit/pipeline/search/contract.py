"""Tests that every back end of the search inherits.

A test class of a back end derives from ``SearchContract`` and implements
``make_backend``, which returns a back end with the given cards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from goodsflow.pipeline.search.interface import FoundCard, SearchBackend, SearchQuery


def find(backend: SearchBackend, **asked: Any) -> list[FoundCard]:
    """Search."""
    return backend.search(SearchQuery(**asked))


def card(
    name: str, brand: str, amount: float = 100.0, category: str = "Электроника"
) -> dict[str, Any]:
    """Return the fields of a card that a search reads."""
    return {
        "product_id": "set by the key",
        "name": name,
        "brand": brand,
        "category": category,
        "price": {"amount": amount, "currency": "RUB"},
    }


CARDS: Mapping[str, dict[str, Any]] = {
    "12348": card("Умные часы JKL", "brand_JKL", 9763.86),
    "12345": card("Умные часы XYZ", "brand_XYZ", 5000.0),
    "20001": card("Скидка 50% на ЁЛКИ", "Ёлочка", 10.5, "Дом и Сад"),
    "20002": card("Скидка 50 на ёлки_и_сосны", "it's", 1.0, "Дом и Сад"),
    "20003": card('Back\\slash "quoted"', "O'Neill", 2.0),
}


class SearchContract:
    """Tests to inherit; a subclass implements ``make_backend``."""

    def make_backend(self, cards: Mapping[str, dict[str, Any]]) -> SearchBackend:
        """Return a back end with these cards by product ID."""
        raise NotImplementedError

    @pytest.fixture
    def backend(self) -> SearchBackend:
        """Return the back end with ``CARDS``."""
        return self.make_backend(CARDS)

    def ids(self, found: list[FoundCard]) -> list[str]:
        """Return the product IDs of the found cards."""
        return [one.product_id for one in found]

    def test_part_of_the_name_is_enough(self, backend: SearchBackend) -> None:
        """Every back end returns the same row."""
        found = find(backend, name="JKL")
        assert found == [
            FoundCard(
                "12348", "Умные часы JKL", "brand_JKL", "Электроника", 9763.86, "RUB"
            )
        ]
        assert found[0].price_str == "9763.86 RUB"

    def test_part_of_the_brand_is_enough(self, backend: SearchBackend) -> None:
        """Users type what they remember of a brand."""
        assert self.ids(find(backend, brand="d_JKL")) == ["12348"]

    def test_name_and_brand_must_both_match(self, backend: SearchBackend) -> None:
        """Matching only one would return too many products."""
        assert self.ids(find(backend, name="часы", brand="XYZ")) == ["12345"]
        assert find(backend, name="JKL", brand="XYZ") == []

    def test_case_does_not_matter_in_latin_or_cyrillic(
        self, backend: SearchBackend
    ) -> None:
        """Case-insensitivity for ASCII alone would be useless for most users."""
        assert self.ids(find(backend, name="jkl")) == ["12348"]
        assert self.ids(find(backend, name="УМНЫЕ ЧАСЫ")) == ["12345", "12348"]
        assert self.ids(find(backend, name="ёлки")) == ["20001", "20002"]
        assert self.ids(find(backend, brand="ёЛОЧ")) == ["20001"]

    def test_wildcards_stand_for_themselves(self, backend: SearchBackend) -> None:
        """With LIKE, a search for '50%' would find everything with a 50."""
        assert self.ids(find(backend, name="50%")) == ["20001"]
        assert self.ids(find(backend, name="_и_")) == ["20002"]
        assert find(backend, name="%") == find(backend, name="0%")

    def test_quotes_and_backslashes_stand_for_themselves(
        self, backend: SearchBackend
    ) -> None:
        """A quote that ends the literal would be an injection."""
        assert self.ids(find(backend, brand="'")) == ["20002", "20003"]
        assert self.ids(find(backend, name='"QUOTED"')) == ["20003"]
        assert self.ids(find(backend, name="k\\s")) == ["20003"]
        assert find(backend, name="' OR 1=1 --") == []

    def test_results_are_ordered_and_limited(self, backend: SearchBackend) -> None:
        """Limiting an unordered result would return a random sample."""
        everything = self.ids(find(backend, name=""))
        assert everything == sorted(CARDS)
        assert self.ids(find(backend, name="", limit=2)) == everything[:2]

    def test_nothing_found_is_an_empty_list(self, backend: SearchBackend) -> None:
        """An empty result is not an error."""
        assert find(backend, name="no such thing") == []

    def test_category_and_price_narrow_the_search(self, backend: SearchBackend) -> None:
        """A user with a small budget doesn't want a list of expensive watches."""
        assert self.ids(find(backend, category="САД")) == ["20001", "20002"]
        assert self.ids(find(backend, category="сад", max_price=10.5)) == [
            "20001",
            "20002",
        ]
        assert self.ids(find(backend, max_price=1.5)) == ["20002"]
        assert self.ids(find(backend, name="ёлки", max_price=1e-7)) == []

    def test_order_is_the_one_that_was_asked_for(self, backend: SearchBackend) -> None:
        """Ten cards ordered by ID aren't the ten cheapest."""
        cheap = self.ids(find(backend, order="price"))
        assert cheap == ["20002", "20003", "20001", "12345", "12348"]
        assert self.ids(find(backend, order="-price", limit=2)) == ["12348", "12345"]
        named = self.ids(find(backend, order="name"))
        assert named == ["20003", "20002", "20001", "12348", "12345"]

    def test_equals_are_ordered_by_product(self) -> None:
        """Otherwise, the order would change from search to search."""
        same = {key: card("n", "b", 5.0) for key in ("3", "1", "2")}
        backend = self.make_backend(same)
        for order in ("id", "name", "price", "-price"):
            assert self.ids(find(backend, order=order)) == ["1", "2", "3"]
