"""What every back end of the search answers, as tests to inherit.

A test class of a back end derives from ``SearchContract`` and says in ``make_backend``
how its back end comes to hold the given state.
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
    """Return as much of a card as a search reads."""
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

    def test_both_texts_must_be_there(self, backend: SearchBackend) -> None:
        """Either would drown the product that was meant."""
        assert self.ids(find(backend, name="часы", brand="XYZ")) == ["12345"]
        assert find(backend, name="JKL", brand="XYZ") == []

    def test_case_does_not_matter_in_latin_or_cyrillic(
        self, backend: SearchBackend
    ) -> None:
        """Folding ASCII alone would fail most of the users."""
        assert self.ids(find(backend, name="jkl")) == ["12348"]
        assert self.ids(find(backend, name="УМНЫЕ ЧАСЫ")) == ["12345", "12348"]
        assert self.ids(find(backend, name="ёлки")) == ["20001", "20002"]
        assert self.ids(find(backend, brand="ёЛОЧ")) == ["20001"]

    def test_wildcards_stand_for_themselves(self, backend: SearchBackend) -> None:
        """With LIKE, a user who looks for '50%' would get everything with a 50."""
        assert self.ids(find(backend, name="50%")) == ["20001"]
        assert self.ids(find(backend, name="_и_")) == ["20002"]
        assert find(backend, name="%") == find(backend, name="0%")

    def test_quotes_and_backslashes_stand_for_themselves(
        self, backend: SearchBackend
    ) -> None:
        """A quote that ends the literal is an injection."""
        assert self.ids(find(backend, brand="'")) == ["20002", "20003"]
        assert self.ids(find(backend, name='"QUOTED"')) == ["20003"]
        assert self.ids(find(backend, name="k\\s")) == ["20003"]
        assert find(backend, name="' OR 1=1 --") == []

    def test_results_are_ordered_and_limited(self, backend: SearchBackend) -> None:
        """A limit of an unordered result is a random sample."""
        everything = self.ids(find(backend, name=""))
        assert everything == sorted(CARDS)
        assert self.ids(find(backend, name="", limit=2)) == everything[:2]

    def test_nothing_found_is_an_empty_list(self, backend: SearchBackend) -> None:
        """Nothing found is an answer, not an error."""
        assert find(backend, name="no such thing") == []

    def test_category_and_price_narrow_the_search(self, backend: SearchBackend) -> None:
        """Whoever has a hundred roubles is not helped by a list of watches."""
        assert self.ids(find(backend, category="САД")) == ["20001", "20002"]
        assert self.ids(find(backend, category="сад", max_price=10.5)) == [
            "20001",
            "20002",
        ]
        assert self.ids(find(backend, max_price=1.5)) == ["20002"]
        assert self.ids(find(backend, name="ёлки", max_price=1e-7)) == []

    def test_order_is_the_one_that_was_asked_for(self, backend: SearchBackend) -> None:
        """The cheapest ten by ID are not the cheapest ten."""
        cheap = self.ids(find(backend, order="price"))
        assert cheap == ["20002", "20003", "20001", "12345", "12348"]
        assert self.ids(find(backend, order="-price", limit=2)) == ["12348", "12345"]
        named = self.ids(find(backend, order="name"))
        assert named == ["20003", "20002", "20001", "12348", "12345"]

    def test_equals_are_ordered_by_product(self) -> None:
        """Pages of a list would shift from search to search."""
        same = {key: card("n", "b", 5.0) for key in ("3", "1", "2")}
        backend = self.make_backend(same)
        for order in ("id", "name", "price", "-price"):
            assert self.ids(find(backend, order=order)) == ["1", "2", "3"]
