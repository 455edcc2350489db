"""Plans of credentials and quotas."""

import pytest

from goodsflow.desired_state.planning import (
    CredentialState,
    Target,
    plan_principals,
    plan_quotas,
)
from goodsflow.desired_state.planning.quotas import DEFAULT
from goodsflow.model.spec import Principal

INBOUND = Target("principals", "inbound")
QUOTAS = Target("quotas", "inbound")
GOOD = CredentialState(8192, logs_in=True)


@pytest.mark.parametrize(
    ("state", "summary"),
    [
        (None, ["create inbound credential shop"]),
        (GOOD, []),
        (
            CredentialState(8192, logs_in=False),
            ["update inbound credential shop: its password file: refused -> logs in"],
        ),
        (
            CredentialState(4096, logs_in=True),
            ["update inbound credential shop: iterations: 4096 -> 8192"],
        ),
    ],
)
def test_a_principal_that_cannot_log_in_gets_its_password(
    state: CredentialState | None, summary: list[str]
) -> None:
    """Resetting working passwords would cut off logins at every apply."""
    actual = {"shop": state} if state else {}
    plan = plan_principals(INBOUND, {"shop": Principal()}, actual, 8192)
    assert [str(change) for change in plan.changes] == summary


def test_a_password_kept_elsewhere_is_never_set() -> None:
    """Adopted principals would lose their owner's password."""
    external = {"shop": Principal(credential="external")}
    old = {"shop": CredentialState(4096, logs_in=False)}
    assert plan_principals(INBOUND, external, old, 8192).is_empty
    (change,) = plan_principals(INBOUND, external, {}, 8192).changes
    assert change.safety == "impossible"


def test_undeclared_users_are_deleted_only_in_scope_and_with_permission() -> None:
    """A deleted user's password can't be restored."""
    actual = {"shop": GOOD, "stranger": GOOD}
    without = plan_principals(INBOUND, {"shop": Principal()}, actual, 8192)
    within = plan_principals(INBOUND, {"shop": Principal()}, actual, 8192, ["*"])
    assert without.is_empty
    assert without.unmanaged == ((INBOUND, ("stranger",)),)
    assert [(c.name, c.permission) for c in within.changes] == [
        ("stranger", "delete-principals")
    ]


def test_a_principal_without_a_credential_must_not_have_one() -> None:
    """A principal that should not log in but can is a security hole."""
    declared = {"shop": Principal(credential="none")}
    assert plan_principals(INBOUND, declared, {}, 8192).is_empty
    (change,) = plan_principals(INBOUND, declared, {"shop": GOOD}, 8192).changes
    assert change.permission == "delete-principals"


def test_quotas_are_set_limit_by_limit() -> None:
    """A limit that was added by hand is in effect, too."""
    plan = plan_quotas(
        QUOTAS,
        {"shop": {"producer_byte_rate": 1e6}, DEFAULT: {"consumer_byte_rate": 5e6}},
        {"shop": {"producer_byte_rate": 2e6, "request_percentage": 50.0}},
        {"shop"},
    )
    shop, default = map(str, plan.changes)
    assert shop == (
        "update inbound quota shop: producer_byte_rate: 2000000 -> 1000000, "
        "request_percentage: 50 -> unlimited"
    )
    assert default == "create inbound quota (default): consumer_byte_rate: 5000000"


def test_a_quota_set_by_hand_is_removed_only_with_permission() -> None:
    """It may be all that protects the cluster from a shop."""
    rate = {"producer_byte_rate": 1.0}
    plan = plan_quotas(QUOTAS, {}, {"shop": rate, "other": rate}, {"shop"})
    assert [(c.name, c.permission) for c in plan.changes] == [("shop", "delete-quotas")]
    assert plan.unmanaged == ((QUOTAS, ("other",)),)
