"""Plans of ACL bindings, the mirror's included."""

from dataclasses import replace

import pytest

from goodsflow.desired_state.planning import (
    Mirror,
    MirroredAcls,
    Plan,
    Target,
    mirror_of,
    plan_acls,
)
from goodsflow.model.spec import AclBinding

INBOUND = Target("acls", "inbound")
ANALYTICS = Target("acls", "analytics")
MIRROR = Mirror("source.", ("goods-filtered",), (".*[\\-\\.]internal",))
READ = AclBinding("ui", "topic", "goods-filtered", "literal", "read")
WRITE = replace(READ, operation="write")
MIRRORED = replace(READ, name="source.goods-filtered")


def plan_mirror(
    desired_source: set[AclBinding],
    actual_source: set[AclBinding],
    actual: set[AclBinding],
) -> Plan:
    """Plan the mirror's cluster, which declares `user` without rights."""
    mirrored = MirroredAcls(
        MIRROR.translate(desired_source),
        MIRROR.translate(actual_source),
        MIRROR.is_mirror,
        {"ui"},
    )
    return plan_acls(ANALYTICS, set(), actual, {"user"}, mirrored=mirrored)


def summed(plan: Plan) -> list[tuple[str, str, str]]:
    """Return action, name and safety of each change."""
    return [(c.action, c.name, c.safety) for c in plan.changes]


def test_a_missing_binding_is_added_and_one_made_by_hand_is_drift() -> None:
    """An undeclared right may leak data, and its removal may hurt."""
    plan = plan_acls(INBOUND, {READ}, {WRITE}, {"ui"})
    assert summed(plan) == [
        ("create", "ui may read topic 'goods-filtered'", "safe"),
        ("delete", "ui may write topic 'goods-filtered'", "needs permission"),
    ]
    assert plan.changes[1].permission == "delete-acls"


def test_a_denial_made_by_hand_is_drift() -> None:
    """It stops a service, and no list of allowed operations shows it."""
    denied = replace(READ, permission="deny", host="10.0.0.1")
    (change,) = plan_acls(INBOUND, {READ}, {READ, denied}, {"ui"}).changes
    assert change.name == "ui may not read topic 'goods-filtered' from 10.0.0.1"


def test_the_rights_of_others_are_left_alone_unless_in_scope() -> None:
    """Another team's service would stop working."""
    other = replace(READ, principal="other-team")
    assert plan_acls(INBOUND, set(), {other}, {"ui"}).is_empty
    within = plan_acls(INBOUND, set(), {other}, {"ui"}, scope=["other-*"])
    assert [c.permission for c in within.changes] == ["delete-acls"]


def test_what_mirrormaker_copies_is_declared_by_its_source() -> None:
    """Otherwise it would be removed and copied again without end."""
    assert plan_mirror({READ}, {READ}, {MIRRORED}).is_empty
    assert summed(plan_mirror({READ}, {READ}, set())) == [
        ("create", "ui may read topic 'source.goods-filtered'", "safe")
    ]


def test_a_right_revoked_at_the_source_goes_from_the_mirror_without_asking() -> None:
    """MirrorMaker never removes one, so the principal could still read."""
    (change,) = plan_mirror(set(), set(), {MIRRORED}).changes
    assert (change.action, change.safety) == ("delete", "safe")


def test_a_copy_whose_source_still_has_it_waits_for_the_source() -> None:
    """MirrorMaker would restore it within a minute."""
    (change,) = plan_mirror(set(), {READ}, {MIRRORED}).changes
    assert change.permission == "delete-acls"
    assert "copies it again" in change.why


@pytest.mark.parametrize(
    "binding",
    [
        replace(MIRRORED, operation="write"),
        replace(MIRRORED, permission="deny"),
        replace(MIRRORED, pattern="prefixed"),
        replace(MIRRORED, name="source.other"),
        replace(MIRRORED, resource="group"),
        replace(MIRRORED, principal="user"),
    ],
)
def test_what_mirrormaker_cannot_have_made_is_removed_only_with_permission(
    binding: AclBinding,
) -> None:
    """Somebody added it on this cluster, and relies on it."""
    (change,) = plan_mirror(set(), set(), {binding}).changes
    assert change.permission == "delete-acls"


def test_translation_is_mirrormakers() -> None:
    """ALLOW WRITE is dropped, ALLOW ALL is READ, prefixed ones are not copied."""
    everything = replace(READ, operation="all")
    denied = replace(WRITE, permission="deny")
    prefixed = replace(READ, pattern="prefixed")
    elsewhere = replace(READ, name="goods")
    assert MIRROR.translate({WRITE, everything, denied, prefixed, elsewhere}) == {
        MIRRORED,
        replace(denied, name="source.goods-filtered"),
    }


@pytest.mark.parametrize(
    ("config", "mirrors"),
    [
        ({"topics": "a, goods.*"}, True),
        ({"topics": "goods"}, False),
        ({"topics": "goods.*", "topics.exclude": "goods-f.*"}, False),
        ({}, True),
    ],
)
def test_which_topics_are_mirrored_is_read_as_mirrormaker_does(
    config: dict[str, str], *, mirrors: bool
) -> None:
    """Its lists contain regular expressions that match whole names."""
    mirror = mirror_of(
        {
            "connector.class": "org.apache.kafka.connect.mirror.MirrorSourceConnector",
            "source.cluster.alias": "source",
            **config,
        }
    )
    assert mirror is not None
    assert mirror.mirrors("goods-filtered") is mirrors
    assert mirror.is_mirror("source.goods-filtered") is mirrors
    assert not mirror.is_mirror("goods-filtered")


def test_a_connector_that_copies_no_acls_mirrors_none() -> None:
    """Otherwise bindings that nobody copies would be expected."""
    kind = "org.apache.kafka.connect.mirror.MirrorSourceConnector"
    off = {"connector.class": kind, "sync.topic.acls.enabled": "false"}
    assert mirror_of(off) is None
    assert mirror_of({"connector.class": "org.example.Sink"}) is None
