"""The client, against a small server that answers as a real one does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from goodsflow.clients.ksqldb import (
    Credentials,
    KsqlClient,
    KsqlDeniedError,
    KsqlError,
    KsqlNotMaterializedError,
    KsqlResponseError,
    KsqlStartingError,
    KsqlStatementError,
    KsqlUnauthorizedError,
    KsqlUnavailableError,
    create_source_table,
    literal,
)
from goodsflow.clients.ksqldb.responses import split_lines
from goodsflow.common.secrets import Secret
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.model.spec import load_platform
from tests.unit.clients.connect.test_client import Worker
from tests.unit.clients.ksqldb.fake_server import NOT_MATERIALIZED, FakeKsqldb

VIEWS = load_platform(PROJECT_ROOT / "platform.yaml").views
CREATE = create_source_table("cards", VIEWS["cards"])
TOPIC = "source.goods-filtered"
PRICE = {"amount": 5999.99, "currency": "RUB"}


@pytest.fixture
def client(server: FakeKsqldb) -> Iterator[KsqlClient]:
    """A client of that server, which has the view."""
    with KsqlClient(server.url, timeout_seconds=5) as client:
        client.execute(CREATE)
        server.requests.clear()
        yield client


def test_the_declared_view_is_the_statement_that_a_server_takes() -> None:
    """With inferred columns it is rejected; a plain table can't be queried."""
    assert CREATE == (
        "CREATE SOURCE TABLE IF NOT EXISTS CARDS (PRODUCT_ID VARCHAR PRIMARY KEY, "
        "NAME VARCHAR, BRAND VARCHAR, CATEGORY VARCHAR, "
        "PRICE STRUCT<AMOUNT DOUBLE, CURRENCY VARCHAR>) "
        "WITH (KAFKA_TOPIC='source.goods-filtered', VALUE_FORMAT='JSON_SR');"
    )


@pytest.mark.parametrize("chunk_bytes", [1, 2, 3, 7, 64, 100_000])
def test_rows_are_read_from_any_chunks(
    server: FakeKsqldb, client: KsqlClient, chunk_bytes: int
) -> None:
    """A chunk may end within a row, or even within a character."""
    name = 'Умные "часы"\u2028\u0085\x1c JKL 😀'
    server.records[TOPIC] = {
        "1": {"name": name, "brand": "b", "price": PRICE},
        "2": {"name": "two", "brand": "b"},
    }
    server.chunk_bytes = chunk_bytes

    result = client.query("SELECT product_id, name, price FROM cards;")

    assert result.columns == ("PRODUCT_ID", "NAME", "PRICE")
    assert result.rows == [
        ["1", name, {"AMOUNT": 5999.99, "CURRENCY": "RUB"}],
        ["2", "two", None],
    ]


def test_lines_are_cut_at_line_feeds_alone() -> None:
    """Both httpx2 and str.splitlines split at ten characters of valid names."""
    chunks = ["a\u2028b\n".encode(), b"c", b"d\r", b"\n\n", b"e"]
    assert list(split_lines(chunks)) == ["a\u2028b".encode(), b"cd", b"e"]


def test_no_rows_are_an_answer(client: KsqlClient) -> None:
    """A header without rows does not mean "not yet"."""
    assert client.query("SELECT product_id FROM cards;").rows == []


def test_rows_are_asked_for_in_the_form_that_is_read(
    server: FakeKsqldb, client: KsqlClient
) -> None:
    """Another Accept header leads to another format."""
    client.query("SELECT product_id FROM cards;")
    ((_, path, accept, body),) = server.requests
    assert (path, accept) == ("/query-stream", "application/vnd.ksqlapi.delimited.v1")
    assert body == {"sql": "SELECT product_id FROM cards;", "properties": {}}


@pytest.mark.parametrize("number", range(len(NOT_MATERIALIZED)))
def test_a_table_that_is_not_read_yet_is_told_from_one_without_rows(
    server: FakeKsqldb, client: KsqlClient, number: int
) -> None:
    """It has the code of a bad statement: only the text differs."""
    server.unread = number + 1
    with pytest.raises(KsqlNotMaterializedError, match="has not read the table"):
        client.query("SELECT product_id FROM cards;")


def test_a_server_that_starts_is_told(server: FakeKsqldb, client: KsqlClient) -> None:
    """It lasts forever if it may not use its command topic."""
    server.starting = 2
    with pytest.raises(KsqlStartingError, match=r"503.*not yet ready.*command topic"):
        client.query("SELECT product_id FROM cards;")
    with pytest.raises(KsqlStartingError):
        client.check_ready()
    client.check_ready()


def test_a_server_that_is_not_there_is_told() -> None:
    """A raw transport error would not name the address."""
    with (
        KsqlClient("http://127.0.0.1:1", timeout_seconds=1) as client,
        pytest.raises(KsqlUnavailableError, match=r"127\.0\.0\.1:1 .* server up"),
    ):
        client.sources()


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("SELECT product_id FROM nothing;", "NOTHING does not exist"),
        ("SELECT colour FROM cards;", "'COLOUR' cannot be resolved"),
        ("SELECT product_id FROM cards", "unexpected 'EOF'"),
        ("SELECT product_id FROM cards; DROP TABLE cards;", "exactly one"),
        ("SELECT product_id FROM cards WHERE name = 'O'Neill';", "token recognition"),
        ("SELECT product_id FROM cards WHERE name = 'O;", "token recognition"),
        (
            "SELECT product_id FROM cards WHERE name LIKE '%a' AND brand LIKE '%b';",
            "LIKE",
        ),
        ("SELECT product_id FROM cards ORDER BY product_id;", "unexpected 'ORDER'"),
    ],
)
def test_a_bad_statement_is_refused_with_the_servers_text(
    client: KsqlClient, statement: str, text: str
) -> None:
    """Without it nobody would know which quote was wrong."""
    with pytest.raises(KsqlStatementError, match=text):
        client.query(statement)


def test_a_missing_topic_is_told(server: FakeKsqldb) -> None:
    """A view needs its topic."""
    del server.records[TOPIC]
    with (
        KsqlClient(server.url) as client,
        pytest.raises(KsqlStatementError, match=f"does not exist: {TOPIC}"),
    ):
        client.execute(CREATE)


def test_what_kafka_denies_is_not_the_statements_fault(server: FakeKsqldb) -> None:
    """The operator should check rights, not SQL."""
    server.denied = "DescribeConfigs"
    with (
        KsqlClient(server.url) as client,
        pytest.raises(KsqlDeniedError, match=r"DescribeConfigs.*platform\.yaml"),
    ):
        client.execute(CREATE)


def test_credentials_are_given_where_they_are_asked_for(server: FakeKsqldb) -> None:
    """And they are never shown."""
    server.user = ("search", "right")
    with KsqlClient(server.url) as client, pytest.raises(KsqlUnauthorizedError):
        client.sources()
    wrong = Credentials("search", Secret("wrong-secret"))
    with (
        KsqlClient(server.url, credentials=wrong) as client,
        pytest.raises(KsqlUnauthorizedError) as refused,
    ):
        client.sources()
    assert "wrong-secret" not in str(refused.value) + repr(wrong)
    right = Credentials("search", Secret("right"))
    with KsqlClient(server.url, credentials=right) as client:
        assert client.sources() == {}


def test_an_incomplete_response_is_an_error(
    server: FakeKsqldb, client: KsqlClient
) -> None:
    """Half of the rows would look like the whole result."""
    server.records[TOPIC] = {str(n): {"name": "n", "brand": "b"} for n in range(50)}
    server.cut_after = 300
    with pytest.raises(KsqlUnavailableError, match="cut off"):
        client.query("SELECT product_id, name FROM cards;")


def test_an_error_after_the_first_rows_is_an_error(
    server: FakeKsqldb, client: KsqlClient
) -> None:
    """The status 200 was sent long before the error."""
    server.records[TOPIC] = {"1": {"name": "n", "brand": "b"}}
    server.trailer = {"@type": "generic_error", "message": "out of memory"}
    with pytest.raises(KsqlResponseError, match="after 1 row: out of memory"):
        client.query("SELECT product_id, name FROM cards;")


def test_an_answer_that_trickles_ends_at_the_time_limit(server: FakeKsqldb) -> None:
    """Each chunk alone is in time, so the response would never end."""
    server.records[TOPIC] = {str(n): {"name": "n" * 50} for n in range(20_000)}
    server.chunk_bytes = 1
    with KsqlClient(server.url, timeout_seconds=10) as client:
        client.execute(CREATE)
    started = time.monotonic()
    with (
        KsqlClient(server.url, timeout_seconds=0.3) as client,
        pytest.raises(KsqlUnavailableError),
    ):
        client.query("SELECT product_id, name FROM cards;")
    assert time.monotonic() - started < 10


def test_another_server_at_the_address_is_named() -> None:
    """The registry, for example, answers every request with 404."""
    with Worker() as other:
        thread = threading.Thread(target=other.serve_forever, args=(0.01,))
        thread.start()
        try:
            for status, answer in ((404, {"message": "no such page"}), (200, {"a": 1})):
                other.answer = (status, answer)
                with KsqlClient(other.url) as client, pytest.raises(KsqlError):
                    client.sources()
        finally:
            other.shutdown()
            thread.join()


def test_what_is_there_is_listed_and_described(
    server: FakeKsqldb, client: KsqlClient
) -> None:
    """Plans rely on this list, never on the text of an error."""
    client.execute(
        f"CREATE STREAM raw (name VARCHAR) "
        f"WITH (KAFKA_TOPIC='{TOPIC}', VALUE_FORMAT='JSON_SR');"
    )
    assert client.sources() == {"RAW": "STREAM", "CARDS": "TABLE"}

    described = client.describe("cards")

    assert described.columns == {
        "PRODUCT_ID": "VARCHAR",
        "NAME": "VARCHAR",
        "BRAND": "VARCHAR",
        "CATEGORY": "VARCHAR",
        "PRICE": "STRUCT<AMOUNT DOUBLE, CURRENCY VARCHAR>",
    }
    assert (described.topic, described.value_format) == (TOPIC, "JSON_SR")
    assert described.key == ("PRODUCT_ID",)
    assert described.statement.startswith("CREATE SOURCE TABLE")


def test_what_exists_is_refused_unless_it_may(client: KsqlClient) -> None:
    """Two concurrent starts both create the view."""
    assert client.execute(CREATE)[0]["@type"] == "warning_entity"
    with pytest.raises(KsqlStatementError):
        client.execute(CREATE.replace("IF NOT EXISTS ", ""))


def test_quotes_are_doubled() -> None:
    """A single quote would end the literal, and the rest would be SQL."""
    assert literal("it's ''x''") == "'it''s ''''x'''''"
    assert literal("${x} \\ %_") == "'${x} \\ %_'"
