"""The quotas of a cluster's principals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from goodsflow.clients.kafka.quotas import DEFAULT_USER, QuotaAdmin, QuotaEntity
from goodsflow.desired_state.planning import Change, Plan, Target, plan_quotas
from goodsflow.desired_state.planning.plan import merge_plans
from goodsflow.desired_state.planning.quotas import DEFAULT
from goodsflow.desired_state.planning.scope import unmanaged
from goodsflow.desired_state.providers.fragments import DeclarationFragment
from goodsflow.desired_state.providers.provider import Provider, Result, results_by_name
from goodsflow.model.endpoints import ClusterName
from goodsflow.model.spec import Cluster
from goodsflow.model.spec.model import is_principal_name


class QuotasProvider(Provider):
    """Sets and removes quotas of principals; never touches those of client IDs.

    Args:
        cluster: The cluster's name.
        declared: Its declaration.
        connect: Returns a client for the cluster's quotas.
    """

    def __init__(
        self,
        cluster: ClusterName,
        declared: Cluster,
        connect: Callable[[], QuotaAdmin],
    ) -> None:
        self.target = Target("quotas", cluster)
        self._declared = declared
        self._connect = connect

    def plan(self) -> Plan:
        """Compare the declared quotas with the cluster's.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        with self._connect() as client:
            found = client.quotas()
        ours = {_name(e): limits for e, limits in found.items() if _is_of_user(e)}
        others = [str(entity) for entity in found if not _is_of_user(entity)]
        plan = plan_quotas(
            self.target,
            declared_quotas(self._declared),
            ours,
            self._declared.principals.keys(),
            self._declared.scope.principals,
        )
        return merge_plans([plan, unmanaged(self.target, others)])

    def adopt(self) -> DeclarationFragment:
        """Return the quotas of principals, and the default."""
        with self._connect() as client:
            found = client.quotas()
        ours = {_name(e): dict(f) for e, f in found.items() if _is_of_user(e)}
        notes = [f"the quota of {e}" for e in found if not _is_of_user(e)]
        cluster: dict[str, Any] = {}
        default = ours.pop(DEFAULT, None)
        if default:
            cluster["default_quota"] = default
        notes += [f"the quota of user '{n}'" for n in ours if not is_principal_name(n)]
        cluster["principals"] = {
            name: {"quota": limits}
            for name, limits in sorted(ours.items())
            if is_principal_name(name)
        }
        fragment = {"clusters": {self.target.cluster: cluster}}
        return DeclarationFragment(fragment, notes=tuple(notes))

    def apply(self, changes: Sequence[Change]) -> Iterator[Result]:
        """Set the declared limits, and remove the others."""
        alterations = {_entity(change.name): _limits(change) for change in changes}
        with self._connect() as client:
            outcomes = client.alter(alterations)
        yield from results_by_name(changes, outcomes, lambda c: _entity(c.name))


def declared_quotas(cluster: Cluster) -> dict[str, Mapping[str, float]]:
    """Return the declared limits by principal, and the default's."""
    quotas: dict[str, Mapping[str, float]] = {
        name: principal.quota.limits()
        for name, principal in cluster.principals.items()
        if principal.quota
    }
    if cluster.default_quota:
        quotas[DEFAULT] = cluster.default_quota.limits()
    return quotas


def _limits(change: Change) -> dict[str, float | None]:
    desired: Mapping[str, float] = change.desired or {}
    return {d.field: desired.get(d.field) for d in change.differences}


def _is_of_user(entity: QuotaEntity) -> bool:
    return entity == QuotaEntity(user=entity.user)


def _name(entity: QuotaEntity) -> str:
    return DEFAULT if entity == DEFAULT_USER else str(entity.user)


def _entity(name: str) -> QuotaEntity:
    return DEFAULT_USER if name == DEFAULT else QuotaEntity(user=name)
