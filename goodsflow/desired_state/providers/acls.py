"""The ACL bindings of a cluster, and those that MirrorMaker copies to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.desired_state.planning import (
    Change,
    Mirror,
    MirroredAcls,
    Plan,
    Target,
    plan_acls,
)
from goodsflow.desired_state.providers.fragments import DeclarationFragment
from goodsflow.desired_state.providers.provider import Provider, Result, results_by_name
from goodsflow.model.endpoints import ClusterName
from goodsflow.model.spec import AclBinding, Cluster, acl_bindings
from goodsflow.model.spec.model import is_principal_name


@dataclass(frozen=True)
class MirroredCluster:
    """The cluster whose topics another one mirrors."""

    mirror: Mirror
    declared: Cluster
    admin: Callable[[], KafkaAdmin]

    def read(self) -> MirroredAcls:
        """Read the source's bindings and translate them to their copies.

        Raises:
            KafkaError: The source refused or did not answer.
        """
        return MirroredAcls(
            desired=self.mirror.translate(acl_bindings(self.declared)),
            actual=self.mirror.translate(self.admin().acl_bindings()),
            is_mirror=self.mirror.is_mirror,
            principals=self.declared.principals.keys(),
        )


class AclsProvider(Provider):
    """Adds and removes ACL bindings.

    Args:
        cluster: The cluster's name.
        declared: Its declaration.
        admin: Returns a client that has logged in.
        source: The cluster that this one mirrors, if any.
    """

    def __init__(
        self,
        cluster: ClusterName,
        declared: Cluster,
        admin: Callable[[], KafkaAdmin],
        source: MirroredCluster | None = None,
    ) -> None:
        self.target = Target("acls", cluster)
        self._declared = declared
        self._admin = admin
        self._source = source

    def plan(self) -> Plan:
        """Compare the bindings that the declaration needs with the cluster's.

        Raises:
            KafkaError: A cluster refused or did not answer.
        """
        return plan_acls(
            self.target,
            acl_bindings(self._declared),
            self._admin().acl_bindings(),
            self._declared.principals.keys(),
            scope=self._declared.scope.principals,
            mirrored=self._source.read() if self._source else None,
        )

    def adopt(self) -> DeclarationFragment:
        """Return every binding as an explicit right of its principal.

        The bindings that MirrorMaker copies are left out.
        """
        bindings = self._admin().acl_bindings()
        if self._source:
            bindings -= self._source.read().actual
        principals: dict[str, dict[str, Any]] = {}
        notes = []
        for name, own in groupby(sorted(bindings), key=lambda b: b.principal):
            if is_principal_name(name):
                principals[name] = {"acls": _rules(own)}
            else:
                notes.append(
                    f"the ACLs of '{name}', which is not a valid principal name"
                )
        fragment = {"clusters": {self.target.cluster: {"principals": principals}}}
        return DeclarationFragment(fragment, notes=tuple(notes))

    def apply(self, changes: Sequence[Change]) -> Iterator[Result]:
        """Add bindings, then remove others."""
        admin = self._admin()
        for action, settle in (
            ("create", admin.create_acls),
            ("delete", admin.delete_acls),
        ):
            wanted = [change for change in changes if change.action == action]
            outcomes = settle([change.desired for change in wanted])
            yield from results_by_name(wanted, outcomes, lambda c: c.desired)


def _rules(bindings: Iterable[AclBinding]) -> list[dict[str, Any]]:
    """Return bindings as rules, one for all operations on a resource."""
    rules: dict[tuple[str, ...], dict[str, Any]] = {}
    for binding in sorted(bindings):
        resource = (
            binding.resource,
            binding.pattern,
            binding.name,
            binding.permission,
            binding.host,
        )
        if resource not in rules:
            rules[resource] = _rule(binding)
        rules[resource]["operations"].append(binding.operation)
    return list(rules.values())


def _rule(binding: AclBinding) -> dict[str, Any]:
    rule: dict[str, Any] = {"resource": binding.resource}
    if binding.resource != "cluster":
        rule["name"] = binding.name
    if binding.pattern != "literal":
        rule["pattern"] = binding.pattern
    if binding.permission != "allow":
        rule["permission"] = binding.permission
    if binding.host != "*":
        rule["host"] = binding.host
    return {**rule, "operations": []}
