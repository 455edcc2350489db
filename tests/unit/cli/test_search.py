"""`goodsflow search`: its output and its errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from goodsflow.cli.context import Context
from goodsflow.cli.search import search, table
from goodsflow.pipeline.search.errors import ViewNotReadyError
from goodsflow.pipeline.search.interface import FoundCard, SearchQuery

HEADER = (
    "PRODUCT_ID           | NAME                 | BRAND                | PRICE_STR"
)
ROW = "12348                | Умные часы JKL       | brand_JKL            | 9763.86 RUB"
JKL = FoundCard("12348", "Умные часы JKL", "brand_JKL", "Электроника", 9763.86, "RUB")


def test_the_table_does_not_change() -> None:
    """Users' scripts cut it by columns."""
    assert list(table([JKL], SearchQuery("JKL"))) == [
        "Поиск по имени:  JKL",
        HEADER,
        ROW,
    ]


def test_all_criteria_are_shown() -> None:
    """Users have to see why a result is small."""
    assert list(table([], SearchQuery("a", "b")))[:2] == [
        "Поиск по имени:  a",
        "Поиск по бренду:  b",
    ]
    assert list(table([], SearchQuery(category="c", max_price=9.5)))[:2] == [
        "Поиск по категории:  c",
        "Цена до:  9.50",
    ]


def test_an_empty_result_is_only_the_header() -> None:
    """An empty result is not an error."""
    assert len(list(table([], SearchQuery(brand="b")))) == 2


def test_a_shop_cannot_move_the_terminals_cursor() -> None:
    """A name may contain any character; escape sequences could forge rows."""
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
    """A search without criteria would print the whole index."""
    result = CliRunner().invoke(search, arguments, obj=Context(tmp_path, debug=False))
    assert result.exit_code == 2
    assert result.stdout == ""


class Platform:
    """What the command asks: a back end that answers as told, and events."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answers: list[Any]) -> None:
        """Stand in for the platform; an answer that is an error is raised."""
        self.answers: Iterator[Any] = iter(answers)
        self.events: list[Any] = []
        monkeypatch.setattr("goodsflow.model.endpoints.load_endpoints", lambda _: None)
        monkeypatch.setattr("goodsflow.cli.search._WATCH_SECONDS", 0)
        monkeypatch.setattr(
            "goodsflow.pipeline.search.backends.open_backend",
            lambda *_, **__: SimpleNamespace(prepare=lambda: None, search=self._search),
        )
        monkeypatch.setattr(
            "goodsflow.pipeline.search.events.EventSender",
            lambda _: SimpleNamespace(send=self.events.append),
        )

    def search(self, *arguments: str) -> Result:
        """Run the command."""
        context = Context(Path("nowhere"), debug=False)
        return CliRunner().invoke(search, ["--name", "a", *arguments], obj=context)

    def _search(self, _: SearchQuery) -> list[FoundCard]:
        answer = next(self.answers)
        if isinstance(answer, BaseException):
            raise answer
        found: list[FoundCard] = answer
        return found


def test_a_search_is_recorded_even_if_its_output_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`| head` ends the output early, but the request shows users' interest."""
    platform = Platform(monkeypatch, [[JKL]])

    def broken(*_: Any, **__: Any) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("goodsflow.cli.search._print", broken)
    assert platform.search().exit_code == 1
    assert [event.results for event in platform.events] == [1]


def test_a_watch_outlasts_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Users want one message, and then the search to continue."""
    outage = ViewNotReadyError("ksqlDB is starting")
    answers = [[], outage, outage, [JKL], [JKL], KeyboardInterrupt()]
    found = Platform(monkeypatch, answers).search("--watch")
    assert found.exit_code == 0, found.output
    assert found.stdout.count(ROW) == 1
    assert found.stderr.splitlines() == [
        "Cannot search, retrying: ksqlDB is starting",
        "The search works again",
        "",
    ]


def test_ctrl_c_while_an_index_is_built_prints_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DuckDB raises its own error."""
    found = Platform(monkeypatch, [RuntimeError("Query interrupted")]).search()
    assert found.exit_code == 1
    assert "Aborted!" in found.output
