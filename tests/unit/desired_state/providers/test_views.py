"""Applying views, with a fake server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from goodsflow.clients.ksqldb import KsqlClient
from goodsflow.desired_state.providers.errors import NotReadyInTimeError
from goodsflow.desired_state.providers.views import ViewsProvider
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.model.spec import load_platform
from tests.unit.clients.ksqldb.fake_server import FakeKsqldb, serving

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
    """A client of that server."""
    with KsqlClient(server.url, timeout_seconds=5) as client:
        yield client


def provider(
    server: FakeKsqldb, *scope: str, ready_seconds: float = 20
) -> ViewsProvider:
    """Return a provider of the declared views."""
    return ViewsProvider(
        lambda: KsqlClient(server.url, timeout_seconds=5),
        VIEWS,
        scope,
        ready_timeout_seconds=ready_seconds,
    )


def test_a_second_run_changes_nothing(server: FakeKsqldb) -> None:
    """What was created must equal the declaration, types and case included."""
    views = provider(server)
    (change,) = views.plan().changes
    assert str(change) == "create view CARDS: topic: source.goods-filtered"

    assert [r.error for r in views.apply([change])] == [None]

    assert views.plan().is_empty
    assert views.adopt().fragment == {
        "views": {"cards": VIEWS["cards"].model_dump(mode="json")}
    }


def test_what_somebody_else_created_is_not_replaced(
    server: FakeKsqldb, client: KsqlClient
) -> None:
    """Somebody's stream of that name may have readers."""
    client.execute(STREAM.format("CARDS"))
    (change,) = provider(server).plan().changes
    assert change.safety == "impossible"
    assert "kind: stream -> source table" in str(change)


def test_a_view_that_differs_is_replaced_where_that_is_allowed(
    server: FakeKsqldb, client: KsqlClient
) -> None:
    """A new column needs this, as ksqlDB cannot alter source tables."""
    client.execute(
        "CREATE SOURCE TABLE CARDS (PRODUCT_ID VARCHAR PRIMARY KEY) "
        "WITH (KAFKA_TOPIC='source.goods-filtered', VALUE_FORMAT='JSON_SR');"
    )
    views = provider(server)
    (change,) = views.plan().changes
    assert change.permission == "replace-views"

    assert [r.error for r in views.apply([change])] == [None]

    assert views.plan().is_empty


def test_what_is_not_declared_is_told_and_goes_only_where_it_is_in_scope(
    server: FakeKsqldb, client: KsqlClient
) -> None:
    """Nothing outside the scope is touched."""
    client.execute(STREAM.format("MINE"))
    client.execute(STREAM.format("OLD_CARDS"))
    views = provider(server, "old_*")
    plan = views.plan()
    assert plan.unmanaged == ((views.target, ("MINE",)),)
    (deletion,) = [c for c in plan.changes if c.action == "delete"]

    assert [r.error for r in views.apply([deletion])] == [None]

    assert server.sources.keys() == {"MINE"}


def test_a_server_that_starts_is_waited_for(server: FakeKsqldb) -> None:
    """It takes half a minute after its principal was created."""
    server.starting = 2
    views = provider(server)
    views.await_ready()
    assert views.plan().changes


def test_the_wait_for_it_has_an_end(server: FakeKsqldb) -> None:
    """Without its command topic, it would be starting forever."""
    server.starting = 10**6
    with pytest.raises(NotReadyInTimeError, match=r"ksqlDB to be ready: .* 503"):
        provider(server, ready_seconds=0.3).await_ready()
