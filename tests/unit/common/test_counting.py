"""Counts in messages."""

import pytest

from goodsflow.common.counting import counted


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 rules"), (1, "1 rule"), (2, "2 rules"), (12_345, "12,345 rules")],
)
def test_the_noun_agrees_with_the_count(count: int, text: str) -> None:
    """A message once said "1 rules"."""
    assert counted(count, "rule") == text


def test_an_irregular_plural_is_given() -> None:
    """An "s" alone would make "directorys" of it."""
    assert counted(1, "directory", "directories") == "1 directory"
    assert counted(3, "directory", "directories") == "3 directories"
