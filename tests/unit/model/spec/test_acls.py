"""The ACL bindings of principals."""

from __future__ import annotations

from goodsflow.model.spec import Cluster, acl_bindings


def bindings(principal: dict[str, object]) -> set[str]:
    """Return the rights of a principal `anna` as text."""
    topic = {"partitions": 1, "replication_factor": 1}
    cluster = Cluster.model_validate(
        {"topics": {"a": topic, "b": topic}, "principals": {"anna": principal}}
    )
    return {str(binding) for binding in acl_bindings(cluster)}


def test_a_producer_may_write_and_look_up_its_topics_alone() -> None:
    """More rights than needed help an intruder."""
    assert bindings({"produce": ["a"]}) == {
        "anna may write topic 'a'",
        "anna may describe topic 'a'",
    }


def test_a_consumer_may_read_its_topics_in_its_group() -> None:
    """Without the right on the group, it reads nothing."""
    consume = [{"topics": ["a", "b"], "group": "g-", "group_pattern": "prefixed"}]
    assert bindings({"consume": consume}) == {
        "anna may read topic 'a'",
        "anna may describe topic 'a'",
        "anna may read topic 'b'",
        "anna may describe topic 'b'",
        "anna may read group 'g-*'",
    }


def test_a_transactional_id_needs_both_rights() -> None:
    """Without DESCRIBE its coordinator is not found."""
    assert bindings({"transactional": [{"id": "t"}]}) == {
        "anna may write transactional_id 't'",
        "anna may describe transactional_id 't'",
    }


def test_an_explicit_right_is_taken_as_it_is() -> None:
    """Kafka has a fixed name for the cluster."""
    acls = [
        {"resource": "cluster", "operations": ["describe", "alter"]},
        {
            "resource": "topic",
            "name": "a",
            "pattern": "prefixed",
            "operations": ["read"],
        },
    ]
    assert bindings({"acls": acls}) == {
        "anna may describe cluster",
        "anna may alter cluster",
        "anna may read topic 'a*'",
    }


def test_a_right_that_follows_twice_is_one_binding() -> None:
    """A plan that lists it twice would never be empty."""
    consume = [{"topics": ["a"], "group": "g"}, {"topics": ["a"], "group": "g"}]
    assert len(bindings({"consume": consume, "produce": ["a"]})) == 4


def test_a_super_user_gets_no_bindings() -> None:
    """The brokers' own configuration names it."""
    assert bindings({"super_user": True}) == set()
