"""The principals of a cluster: their ACLs, then their credentials.

In this order: who can log in has its rights. A service that is started as soon as its
principal can log in would be refused and die otherwise.
"""

from __future__ import annotations

from goodsflow.bootstrap.outcome import Outcome, refuse_if_refused
from goodsflow.bootstrap.waiting import wait_for
from goodsflow.kafka.admin import KafkaAdmin
from goodsflow.kafka.credentials import PasswordFiles
from goodsflow.reconcile import plan_acls, plan_credentials
from goodsflow.spec import Cluster, acl_bindings

_EFFECTIVE_SECONDS = 20.0
"""A broker hears of a new credential through ZooKeeper, soon but not at once."""


def make_principals(
    admin: KafkaAdmin, passwords: PasswordFiles, cluster: Cluster
) -> Outcome:
    """Give the principals their rights, and a password to those that cannot log in.

    Returns:
        With bindings of declared principals that are not declared as ``surplus``.

    Raises:
        NotReadyInTimeError: A new credential does not log in.
        KafkaError: The cluster refused or did not answer.
        EndpointsError: A principal has no password file.
    """
    declared = acl_bindings(cluster)
    acls = plan_acls(declared, admin.acl_bindings(), cluster.principals)
    refuse_if_refused(acls)
    admin.create_acls(change.desired for change in acls.changes)

    works = passwords.working(cluster.principals)
    credentials = plan_credentials(works, admin.scram_iterations())
    refuse_if_refused(credentials)
    names = [change.name for change in credentials.changes]
    admin.upsert_credentials({name: passwords.password(name) for name in names})
    _await_logins(passwords, names)
    return Outcome(
        {"principals": len(cluster.principals), "bindings": len(declared)},
        (*acls.changes, *credentials.changes),
        acls.surplus,
    )


def _await_logins(passwords: PasswordFiles, names: list[str]) -> None:
    def refused(works: dict[str, bool]) -> str | None:
        still = [f"'{name}'" for name, is_working in works.items() if not is_working]
        return f"{', '.join(still)} cannot log in" if still else None

    wait_for(
        lambda: passwords.working(names),
        f"new credentials on cluster '{passwords.cluster}' to be in effect",
        timeout_seconds=_EFFECTIVE_SECONDS,
        unmet=refused,
    )
