"""The SCRAM credentials of a cluster's principals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from goodsflow.clients.kafka.admin import SCRAM_ITERATIONS, KafkaAdmin
from goodsflow.clients.kafka.credentials import PasswordFiles
from goodsflow.common.waiting import wait_for
from goodsflow.desired_state.planning import (
    Change,
    CredentialState,
    Plan,
    Target,
    plan_principals,
)
from goodsflow.desired_state.providers.errors import not_ready
from goodsflow.desired_state.providers.fragments import DeclarationFragment
from goodsflow.desired_state.providers.provider import Provider, Result, results_by_name
from goodsflow.model.endpoints import ClusterName
from goodsflow.model.spec import Cluster
from goodsflow.model.spec.model import is_principal_name

_EFFECTIVE_SECONDS = 20.0
"""How long brokers may take to learn of a new credential through ZooKeeper."""


class PrincipalsProvider(Provider):
    """Sets the passwords of principals that cannot log in, and deletes credentials.

    Args:
        cluster: The cluster's name.
        declared: Its declaration.
        admin: Returns a client that has logged in.
        passwords: The cluster's password files.
    """

    def __init__(
        self,
        cluster: ClusterName,
        declared: Cluster,
        admin: Callable[[], KafkaAdmin],
        passwords: PasswordFiles,
    ) -> None:
        self.target = Target("principals", cluster)
        self._declared = declared
        self._admin = admin
        self._passwords = passwords

    def plan(self) -> Plan:
        """Log in with each password, and list the cluster's other credentials.

        Raises:
            KafkaError: The cluster refused or did not answer.
            EndpointsError: A principal's password file cannot be read.
        """
        iterations = self._admin().scram_iterations()
        tried = [
            name
            for name, principal in self._declared.principals.items()
            if principal.credential == "managed"
            and name in iterations
            and self._passwords.has(name)
        ]
        works = self._passwords.working(tried)
        actual = {
            name: CredentialState(count, logs_in=works.get(name, False))
            for name, count in iterations.items()
        }
        return plan_principals(
            self.target,
            self._declared.principals,
            actual,
            SCRAM_ITERATIONS,
            self._declared.scope.principals,
        )

    def adopt(self) -> DeclarationFragment:
        """Return who has a credential; it is managed if its password file logs in."""
        iterations = self._admin().scram_iterations()
        names = [name for name in sorted(iterations) if is_principal_name(name)]
        works = self._passwords.working(n for n in names if self._passwords.has(n))
        principals = {
            name: {
                "has_credential": True,
                **(
                    {}
                    if works.get(name) and iterations[name] == SCRAM_ITERATIONS
                    else {"credential": "external"}
                ),
            }
            for name in names
        }
        notes = [
            f"user '{name}', which is not a valid principal name"
            for name in sorted(iterations.keys() - principals.keys())
        ]
        fragment = {"clusters": {self.target.cluster: {"principals": principals}}}
        return DeclarationFragment(fragment, notes=tuple(notes))

    def apply(self, changes: Sequence[Change]) -> Iterator[Result]:
        """Set passwords and wait until they work; delete the other credentials."""
        admin = self._admin()
        wanted = [change for change in changes if change.action != "delete"]
        passwords = {c.name: self._passwords.ensure(c.name) for c in wanted}
        outcomes = admin.upsert_credentials(passwords)
        set_now = [name for name, error in outcomes.items() if error is None]
        if set_now:
            self._await_logins(set_now)
        yield from results_by_name(wanted, outcomes, lambda c: c.name)
        gone = [change for change in changes if change.action == "delete"]
        deleted = admin.delete_credentials([change.name for change in gone])
        yield from results_by_name(gone, deleted, lambda c: c.name)

    def _await_logins(self, names: list[str]) -> None:
        def refused(works: dict[str, bool]) -> str | None:
            still = [
                f"'{name}'" for name, is_working in works.items() if not is_working
            ]
            return f"{', '.join(still)} cannot log in" if still else None

        wait_for(
            lambda: self._passwords.working(names),
            not_ready(
                f"new credentials on cluster '{self._passwords.cluster}' to be "
                "in effect"
            ),
            timeout_seconds=_EFFECTIVE_SECONDS,
            unmet=refused,
        )
