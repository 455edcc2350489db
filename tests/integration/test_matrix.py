"""Every declared principal, on every declared topic: what it may do, and no more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import pytest

from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.config import client_config
from goodsflow.clients.kafka.futures import Outcomes as ChangeOutcomes
from goodsflow.clients.kafka.futures import check_all
from goodsflow.model.endpoints import ClusterName, Endpoints
from goodsflow.model.spec import AclBinding
from tests.integration.attempts import (
    ATTEMPTS,
    Config,
    Outcomes,
    try_to_delete,
    try_to_read,
    try_to_write,
)
from tests.integration.matrix import (
    Resource,
    declared,
    expected,
    principals,
    resources,
    verdicts,
)
from tests.support import await_condition

_EFFECTIVE_SECONDS = 30
every_principal = pytest.mark.parametrize(("cluster", "principal"), principals())


@every_principal
def test_the_brokers_let_a_principal_do_what_is_declared_and_no_more(
    endpoints: Endpoints, cluster: ClusterName, principal: str
) -> None:
    """A service that may do more is a way in for whoever takes it over."""
    wanted = resources(cluster)
    found = verdicts(endpoints, cluster, principal, wanted)
    assert {" ".join(r): set(found[r]) for r in wanted} == {
        " ".join(r): set(may) for r, may in expected(cluster, principal).items()
    }


@every_principal
def test_real_clients_meet_the_same(
    endpoints: Endpoints, cluster: ClusterName, principal: str
) -> None:
    """A verdict alone is a promise: a request that is checked elsewhere would pass."""
    config = client_config(endpoints, cluster, principal)
    may = expected(cluster, principal)
    may_create_any = "CREATE" in may[Resource("cluster", "")]
    topics = list(declared()[cluster]["topics"])
    for operation, attempt in ATTEMPTS.items():
        assert (operation, attempt(config, topics)) == (
            operation,
            {
                topic: operation in may[Resource("topic", topic)]
                or (operation == "CREATE" and may_create_any)
                for topic in topics
            },
        )


@every_principal
def test_a_principal_cannot_delete_what_it_must_not(
    endpoints: Endpoints, cluster: ClusterName, principal: str
) -> None:
    """A topic that is deleted is gone with all its records."""
    wanted = [r for r in resources(cluster) if r.kind == "topic"]
    found = verdicts(endpoints, cluster, principal, wanted)
    must_not = [
        resource.name
        for resource, may in expected(cluster, principal).items()
        # Where the broker would let it, another test says so, and nothing is lost.
        if resource.kind == "topic" and "DELETE" not in may | found[resource]
    ]
    config = client_config(endpoints, cluster, principal)
    assert try_to_delete(config, must_not) == dict.fromkeys(must_not, False)


@contextmanager
def _undone(
    undo: Callable[[list[AclBinding]], ChangeOutcomes[AclBinding]], binding: AclBinding
) -> Iterator[None]:
    try:
        yield
    finally:
        check_all(undo([binding]))


@pytest.mark.parametrize(
    ("cluster", "binding", "attempt", "topics"),
    [
        (
            "inbound",
            AclBinding("ui", "topic", "*", "literal", "read"),
            try_to_read,
            {"goods", "goods-filtered"},
        ),
        (
            "analytics",
            AclBinding("user", "topic", "events", "literal", "write"),
            try_to_write,
            {"events"},
        ),
    ],
    ids=["read", "write"],
)
def test_a_right_that_is_taken_away_is_gone_until_it_is_given_back(
    endpoints: Endpoints,
    cluster: ClusterName,
    binding: AclBinding,
    attempt: Callable[[Config, Collection[str]], Outcomes],
    topics: set[str],
) -> None:
    """Whoever is locked out after a theft must really be out."""
    config = client_config(endpoints, cluster, binding.principal)
    admin = KafkaAdmin.connect(endpoints, cluster, "admin")
    assert attempt(config, topics) == dict.fromkeys(topics, True)
    with _undone(admin.create_acls, binding):
        check_all(admin.delete_acls([binding]))
        _await_outcome(attempt, config, topics, allowed=False)
    _await_outcome(attempt, config, topics, allowed=True)


def test_a_denial_wins_over_what_is_allowed_until_it_is_lifted(
    endpoints: Endpoints,
) -> None:
    """To lock one out of one topic, its other rights need not be taken apart."""
    denial = AclBinding("ui", "topic", "goods", "literal", "read", permission="deny")
    config = client_config(endpoints, "inbound", "ui")
    admin = KafkaAdmin.connect(endpoints, "inbound", "admin")
    with _undone(admin.delete_acls, denial):
        check_all(admin.create_acls([denial]))
        _await_outcome(try_to_read, config, {"goods"}, allowed=False)
        assert try_to_read(config, {"goods-filtered"}) == {"goods-filtered": True}
    _await_outcome(try_to_read, config, {"goods"}, allowed=True)


def _await_outcome(
    attempt: Callable[[Config, Collection[str]], Outcomes],
    config: Config,
    topics: Collection[str],
    *,
    allowed: bool,
) -> None:
    await_condition(
        lambda: attempt(config, topics) == dict.fromkeys(topics, allowed),
        f"real clients find {sorted(topics)} {'open' if allowed else 'closed'}",
        _EFFECTIVE_SECONDS,
    )
