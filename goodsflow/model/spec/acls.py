"""The ACL bindings that principals need for what they are declared to do.

The rights that an operation needs are Kafka's own:
https://kafka.apache.org/39/documentation.html#operations_resources_and_protocols
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from goodsflow.model.spec.model import (
    AclPermission,
    Cluster,
    Operation,
    Pattern,
    Principal,
    ResourceType,
)

CLUSTER_RESOURCE_NAME = "kafka-cluster"
"""The name Kafka gives the cluster as a resource."""


@dataclass(frozen=True, order=True)
class AclBinding:
    """One ACL binding of a cluster."""

    principal: str
    resource: ResourceType
    name: str
    pattern: Pattern
    operation: Operation
    permission: AclPermission = "allow"
    host: str = "*"

    def __str__(self) -> str:
        """Return who may do what on which object, in words."""
        return self.with_operations([self.operation])

    def with_operations(self, operations: Iterable[str]) -> str:
        """Describe bindings that differ only in their operations as one."""
        name = self.name + ("*" if self.pattern == "prefixed" else "")
        what = "cluster" if self.resource == "cluster" else f"{self.resource} '{name}'"
        may = "may" if self.permission == "allow" else "may not"
        where = "" if self.host == "*" else f" from {self.host}"
        return f"{self.principal} {may} {', '.join(operations)} {what}{where}"


def acl_bindings(cluster: Cluster) -> frozenset[AclBinding]:
    """Return the bindings that the cluster's declared principals need."""
    return frozenset(
        binding
        for name, principal in cluster.principals.items()
        for binding in _principal_bindings(name, principal)
    )


def _principal_bindings(name: str, principal: Principal) -> Iterator[AclBinding]:
    for topic in principal.produce:
        yield AclBinding(name, "topic", topic, "literal", "write")
        yield AclBinding(name, "topic", topic, "literal", "describe")
    for consumption in principal.consume:
        for topic in consumption.topics:
            yield AclBinding(name, "topic", topic, "literal", "read")
            yield AclBinding(name, "topic", topic, "literal", "describe")
        yield AclBinding(
            name, "group", consumption.group, consumption.group_pattern, "read"
        )
    for transactional in principal.transactional:
        for operation in _TRANSACTIONAL_OPERATIONS:
            yield AclBinding(
                name,
                "transactional_id",
                transactional.id,
                transactional.pattern,
                operation,
            )
    for rule in principal.acls:
        for operation in rule.operations:
            yield AclBinding(
                name,
                rule.resource,
                rule.name or CLUSTER_RESOURCE_NAME,
                rule.pattern,
                operation,
                rule.permission,
                rule.host,
            )


_TRANSACTIONAL_OPERATIONS: tuple[Operation, ...] = ("write", "describe")
