"""Making views, on a fake server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from goodsflow.bootstrap import (
    NotReadyInTimeError,
    RefusedError,
    await_ksqldb,
    make_views,
    read_views_plan,
)
from goodsflow.endpoints import PROJECT_ROOT
from goodsflow.ksqldb import KsqlClient
from goodsflow.spec import load_platform
from tests.unit.ksqldb.fake_server import FakeKsqldb, serving

VIEWS = load_platform(PROJECT_ROOT / "platform.yaml").views
STREAM = (
    "CREATE STREAM {} (NAME VARCHAR) "
    "WITH (KAFKA_TOPIC='source.goods-filtered', VALUE_FORMAT='JSON_SR');"
)


@pytest.fixture
def server() -> Iterator[FakeKsqldb]:
    """A server that serves until the test ends."""
    with serving() as server:
        yield server


@pytest.fixture
def client(server: FakeKsqldb) -> Iterator[KsqlClient]:
    """A client of it."""
    with KsqlClient(server.url, timeout_seconds=5) as client:
        yield client


def test_a_second_run_changes_nothing(client: KsqlClient) -> None:
    """What is made has to read as what was declared, types and case included."""
    first = make_views(client, VIEWS)
    second = make_views(client, VIEWS)

    assert [str(change) for change in first.changes] == [
        "create view 'CARDS' over topic 'source.goods-filtered'"
    ]
    assert first.declared == {"views": 1}
    assert not second.changes
    assert read_views_plan(client, VIEWS).is_as_declared


def test_what_is_there_under_the_name_is_not_replaced(
    server: FakeKsqldb, client: KsqlClient
) -> None:
    """Somebody's stream of that name may have readers of its own."""
    client.execute(STREAM.format("CARDS"))
    before = dict(server.sources)
    with pytest.raises(RefusedError, match="is a stream, a source table is declared"):
        make_views(client, VIEWS)
    assert server.sources == before


def test_what_is_not_declared_is_told_and_stays(
    server: FakeKsqldb, client: KsqlClient
) -> None:
    """Nothing outside the declaration is touched."""
    client.execute(STREAM.format("MINE"))
    assert make_views(client, VIEWS).surplus == ("MINE",)
    assert server.sources.keys() == {"MINE", "CARDS"}


def test_a_server_that_starts_is_waited_for(
    server: FakeKsqldb, client: KsqlClient
) -> None:
    """It takes half a minute after its principal was made."""
    server.starting = 2
    await_ksqldb(client, 20)
    assert make_views(client, VIEWS).changes


def test_the_wait_for_it_has_an_end(server: FakeKsqldb, client: KsqlClient) -> None:
    """Where it may not use its command topic it starts for ever."""
    server.starting = 10**6
    with pytest.raises(NotReadyInTimeError, match=r"ksqlDB to be ready: .* 503"):
        await_ksqldb(client, 0.3)
