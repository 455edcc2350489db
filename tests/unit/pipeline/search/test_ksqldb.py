"""The ksqlDB back end, with a small server that responds like a real one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from goodsflow.clients.ksqldb import (
    KsqlClient,
    KsqlResponseError,
    KsqlStatementError,
    KsqlUnauthorizedError,
    KsqlUnavailableError,
    QueryResult,
    create_source_table,
)
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints, EndpointsError
from goodsflow.model.spec import load_platform
from goodsflow.pipeline.search.backends import open_backend
from goodsflow.pipeline.search.embedded import EmbeddedSearch
from goodsflow.pipeline.search.errors import ViewNotReadyError
from goodsflow.pipeline.search.interface import FoundCard, SearchBackend, SearchQuery
from goodsflow.pipeline.search.ksqldb import VIEW, KsqldbSearch, found_cards, statement
from tests.unit.clients.ksqldb.fake_server import FakeKsqldb, serving
from tests.unit.pipeline.search.contract import CARDS, SearchContract, card

DECLARED = load_platform(PROJECT_ROOT / "platform.yaml").views[VIEW]


@pytest.fixture
def server() -> Iterator[FakeKsqldb]:
    """A server with the declared view."""
    with serving() as server:
        with KsqlClient(server.url) as client:
            client.execute(create_source_table(VIEW, DECLARED))
        server.requests.clear()
        yield server


@pytest.fixture
def endpoints(server: FakeKsqldb, tmp_path: Path) -> Endpoints:
    """Endpoints with that server."""
    return endpoints_of(tmp_path, server.url)


def endpoints_of(folder: Path, ksqldb_url: str | None) -> Endpoints:
    """Return endpoints that name a server, or none."""
    return Endpoints(
        bootstrap_servers={"inbound": "127.0.0.1:9", "analytics": "127.0.0.1:9"},
        ca_file=folder / "ca.crt",
        secrets_dir=folder,
        state_dir=folder,
        schema_registry_url="http://127.0.0.1:9",
        connect_url="http://127.0.0.1:9",
        webhdfs_url="http://127.0.0.1:9",
        hdfs_url="hdfs://127.0.0.1:9",
        spark_connect_url="sc://127.0.0.1:9",
        dagster_url="http://127.0.0.1:9",
        ksqldb_url=ksqldb_url,
    )


class TestKsqldbSearch(SearchContract):
    """The contract, including literals that need escaping."""

    @pytest.fixture(autouse=True)
    def _platform(self, server: FakeKsqldb, endpoints: Endpoints) -> None:
        self.server, self.endpoints = server, endpoints

    def make_backend(self, cards: Mapping[str, dict[str, Any]]) -> SearchBackend:
        """Write the cards to the view's topic."""
        self.server.records[DECLARED.topic] = dict(cards)
        return KsqldbSearch(self.endpoints, timeout_seconds=5)


def test_a_new_price_and_a_deletion_show_immediately(
    server: FakeKsqldb, endpoints: Endpoints
) -> None:
    """Users complain about old prices."""
    cards = server.records[DECLARED.topic]
    cards |= {"1": card("one", "b", 10.0), "2": card("two", "b")}
    backend = KsqldbSearch(endpoints, timeout_seconds=5)
    assert [c.amount for c in backend.search(SearchQuery(brand="b"))] == [10.0, 100.0]
    cards |= {"1": card("one", "b", 9.0), "2": None}
    assert backend.search(SearchQuery(brand="b")) == [
        FoundCard("1", "one", "b", "Электроника", 9.0, "RUB")
    ]


def test_an_unfinished_view_is_awaited_with_a_notice(
    server: FakeKsqldb, endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty result would look as if there were no such products."""
    monkeypatch.setattr("goodsflow.pipeline.search.ksqldb._RETRY_SECONDS", 0.05)
    server.records[DECLARED.topic] = dict(CARDS)
    server.starting, server.unread = 2, 3
    notices: list[str] = []
    backend = KsqldbSearch(endpoints, timeout_seconds=20, on_notice=notices.append)

    assert [found.product_id for found in backend.search(SearchQuery("JKL"))] == [
        "12348"
    ]

    assert notices == [
        "ksqlDB is starting. Waiting up to 20 s.",
        "ksqlDB is still reading the cards from their topic. Waiting up to 20 s.",
    ]
    assert len(server.asked("/query-stream")) == 6


@pytest.mark.parametrize(
    ("trouble", "text"), [("unread", "still reading"), ("starting", "is starting")]
)
def test_the_wait_times_out_with_an_error_that_says_what_to_do(
    server: FakeKsqldb,
    endpoints: Endpoints,
    monkeypatch: pytest.MonkeyPatch,
    trouble: str,
    text: str,
) -> None:
    """Without the right to its command topic, a server never finishes starting."""
    monkeypatch.setattr("goodsflow.pipeline.search.ksqldb._RETRY_SECONDS", 0.05)
    setattr(server, trouble, 10**6)
    backend = KsqldbSearch(endpoints, timeout_seconds=0.3, on_notice=lambda _: None)
    with pytest.raises(ViewNotReadyError, match=f"{text}.*--backend embedded"):
        backend.search(SearchQuery("JKL"))


def test_a_server_that_does_not_listen_yet_is_awaited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its JVM takes half a minute to start."""
    monkeypatch.setattr("goodsflow.pipeline.search.ksqldb._RETRY_SECONDS", 0.05)
    notices: list[str] = []
    backend = KsqldbSearch(
        endpoints_of(tmp_path, "http://127.0.0.1:9"),
        timeout_seconds=2,
        on_notice=notices.append,
    )
    with pytest.raises(ViewNotReadyError, match="doesn't accept connections yet"):
        backend.search(SearchQuery("JKL"))
    assert notices == ["ksqlDB doesn't accept connections yet. Waiting up to 2 s."]


def test_a_missing_view_is_an_error_without_a_wait(
    server: FakeKsqldb, endpoints: Endpoints
) -> None:
    """It won't appear by itself."""
    server.sources.clear()
    with pytest.raises(KsqlStatementError, match="CARDS does not exist"):
        KsqldbSearch(endpoints).search(SearchQuery("JKL"))
    assert len(server.requests) == 1


def test_a_platform_without_ksqldb_is_an_error(tmp_path: Path) -> None:
    """The user chose it, but there is none."""
    with pytest.raises(KsqlUnavailableError, match="has no ksqlDB"):
        KsqldbSearch(endpoints_of(tmp_path, None)).search(SearchQuery("JKL"))


def test_a_password_comes_from_its_file(
    server: FakeKsqldb, endpoints: Endpoints
) -> None:
    """Some servers require one."""
    server.user = ("search", "s3cret")
    with pytest.raises(KsqlUnauthorizedError):
        KsqldbSearch(endpoints).search(SearchQuery("JKL"))
    named = endpoints.replace(ksqldb_user="search")
    with pytest.raises(EndpointsError, match=r"ksqldb/search\.password"):
        KsqldbSearch(named).search(SearchQuery("JKL"))
    (endpoints.secrets_dir / "ksqldb").mkdir()
    (endpoints.secrets_dir / "ksqldb" / "search.password").write_text("s3cret\n")
    assert KsqldbSearch(named).search(SearchQuery("JKL")) == []


def test_invalid_rows_are_skipped_with_a_notice(
    server: FakeKsqldb, endpoints: Endpoints
) -> None:
    """One bad record must not break every search."""
    server.records[DECLARED.topic] = {
        "1": {"name": "no price", "brand": "b"},
        "2": {"brand": "b", "price": {"amount": 1.0, "currency": "RUB"}},
        "3": card("a card", "b"),
    }
    notices: list[str] = []
    backend = KsqldbSearch(endpoints, on_notice=notices.append)
    assert [found.product_id for found in backend.search(SearchQuery(brand="b"))] == [
        "3"
    ]
    assert notices == ["Skipped 2 rows of view 'cards' that are not cards."]


def test_a_product_is_returned_once() -> None:
    """A key that is on two partitions has a row on each."""
    columns = ("PRODUCT_ID", "NAME", "BRAND", "CATEGORY", "AMOUNT", "CURRENCY")
    rows = [["1", "n", "b", "c", amount, "RUB"] for amount in (1.0, 2.0)]
    assert found_cards(QueryResult(columns, rows)) == (
        [FoundCard("1", "n", "b", "c", 2.0, "RUB")],
        0,
    )


def test_a_response_without_the_columns_is_an_error() -> None:
    """Otherwise, every row would be invalid, and the result empty."""
    with pytest.raises(KsqlResponseError, match="amount, brand, category"):
        found_cards(QueryResult(("PRODUCT_ID", "NAME", "CURRENCY"), []))


def test_the_query_is_valid_for_a_server() -> None:
    """KsqlDB rejects LIKE with AND; an unescaped quote would be an injection."""
    assert statement(SearchQuery("O'N%", "${x}", max_price=1)).endswith(
        " FROM cards WHERE INSTR(LCASE(name), 'o''n%') > 0 "
        "AND INSTR(LCASE(brand), '${x}') > 0;"
    )
    assert statement(SearchQuery("")).endswith(" AS currency FROM cards;")


def test_a_platform_with_ksqldb_is_searched_there(tmp_path: Path) -> None:
    """A native platform has none: the index needs no server."""
    options: dict[str, Any] = {"timeout_seconds": 1, "on_notice": print}
    without = endpoints_of(tmp_path, None)
    having = endpoints_of(tmp_path, "http://ksqldb:8088")
    assert isinstance(open_backend(without, **options), EmbeddedSearch)
    assert isinstance(open_backend(having, **options), KsqldbSearch)
    assert isinstance(open_backend(having, "embedded", **options), EmbeddedSearch)
    assert isinstance(open_backend(without, "ksqldb", **options), KsqldbSearch)
