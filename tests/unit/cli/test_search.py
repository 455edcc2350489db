"""What `goodsflow search` prints, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from goodsflow.cli.context import Context
from goodsflow.cli.search import search, table
from goodsflow.search.interface import FoundCard, SearchQuery

HEADER = (
    "PRODUCT_ID           | NAME                 | BRAND                | PRICE_STR"
)
ROW = "12348                | Умные часы JKL       | brand_JKL            | 9763.86 RUB"
JKL = FoundCard("12348", "Умные часы JKL", "brand_JKL", "Электроника", 9763.86, "RUB")


def test_table_is_as_its_users_know_it() -> None:
    """Scripts of users cut it by columns: it must not drift."""
    assert list(table([JKL], SearchQuery("JKL"))) == [
        "Поиск по имени:  JKL",
        HEADER,
        ROW,
    ]


def test_both_texts_are_told() -> None:
    """Who reads a narrow result must see why it is narrow."""
    assert list(table([], SearchQuery("a", "b")))[:2] == [
        "Поиск по имени:  a",
        "Поиск по бренду:  b",
    ]
    assert list(table([], SearchQuery(category="c", max_price=9.5)))[:2] == [
        "Поиск по категории:  c",
        "Цена до:  9.50",
    ]


def test_nothing_found_is_the_header_alone() -> None:
    """An empty answer is an answer, not an error."""
    assert len(list(table([], SearchQuery(brand="b")))) == 2


def test_shop_cannot_move_the_cursor_of_a_users_terminal() -> None:
    """A name may hold any character; escape sequences would forge rows."""
    forged = FoundCard("1", "a\x1b[2J\nb", "c", "d", 1, "RUB")
    assert "a [2J b" in list(table([forged], SearchQuery("a")))[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--name", ""],
        ["--brand", "\udcff"],
        ["--name", "a", "--limit", "0"],
        ["--name", "a", "--backend", "both"],
        ["--category", ""],
        ["--max-price", "-1"],
        ["--name", "a", "--sort", "colour"],
    ],
)
def test_wrong_usage_has_exit_status_2(arguments: list[str], tmp_path: Path) -> None:
    """A search for nothing would print the whole index."""
    result = CliRunner().invoke(search, arguments, obj=Context(tmp_path, debug=False))
    assert result.exit_code == 2
    assert result.stdout == ""
