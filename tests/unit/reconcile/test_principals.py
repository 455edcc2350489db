"""Plans of ACLs and credentials."""

from goodsflow.reconcile import plan_acls, plan_credentials
from goodsflow.spec import AclBinding

WRITE = AclBinding("shop-api", "topic", "goods", "literal", "write")
READ = AclBinding("shop-api", "topic", "goods", "literal", "read")
FOREIGN = AclBinding("stranger", "topic", "goods", "literal", "read")


def test_a_missing_binding_is_added() -> None:
    """Without it, the service is refused at its first record."""
    plan = plan_acls({WRITE}, set(), ["shop-api"])
    assert [str(change) for change in plan.changes] == [
        "allow: shop-api may write topic 'goods'"
    ]
    assert plan.changes[0].desired == WRITE


def test_what_a_declared_principal_may_do_beyond_is_reported_and_kept() -> None:
    """Unseen, a right somebody granted by hand would stay for ever."""
    plan = plan_acls({WRITE}, {WRITE, READ}, ["shop-api"])
    assert plan.is_as_declared
    assert plan.surplus == ("shop-api may read topic 'goods'",)


def test_bindings_of_undeclared_principals_are_left_alone() -> None:
    """They are somebody else's; MirrorMaker 2 copies some as well."""
    plan = plan_acls({WRITE}, {WRITE, FOREIGN}, ["shop-api"])
    assert plan.is_as_declared
    assert not plan.surplus


def test_nothing_is_planned_after_the_bindings_were_added() -> None:
    """A second bootstrap must come to rest."""
    plan = plan_acls({WRITE, READ}, set(), ["shop-api"])
    there = {change.desired for change in plan.changes}
    assert plan_acls({WRITE, READ}, there, ["shop-api"]).is_as_declared


def test_only_credentials_that_do_not_log_in_are_set() -> None:
    """Setting one that works would end the sessions of a running service."""
    works = {"admin": True, "shop-api": False, "blocking": False}

    plan = plan_credentials(works, existing={"admin", "blocking"})

    assert [(change.action, str(change)) for change in plan.changes] == [
        ("create", "create the credential of 'shop-api'"),
        (
            "update",
            "replace the credential of 'blocking': its password file does not log in",
        ),
    ]


def test_working_credentials_plan_nothing() -> None:
    """A second bootstrap must come to rest."""
    assert plan_credentials({"admin": True}, {"admin"}).is_as_declared
