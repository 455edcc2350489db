"""Convert ACL bindings between ``goodsflow.model.spec`` and librdkafka."""

from __future__ import annotations

from typing import Any, get_args

from confluent_kafka.admin import AclBinding as KafkaBinding
from confluent_kafka.admin import (
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from goodsflow.model.spec import AclBinding
from goodsflow.model.spec.model import AclPermission, Operation, Pattern
from goodsflow.model.spec.model import ResourceType as SpecResourceType

_USER_PREFIX = "User:"

_RESOURCES: dict[SpecResourceType, ResourceType] = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional_id": ResourceType.TRANSACTIONAL_ID,
    # Kafka's protocol has one number for an ACL's cluster and a configuration's
    # broker; librdkafka only has the broker's name for it.
    "cluster": ResourceType.BROKER,
}
_SPEC_RESOURCES = {resource: name for name, resource in _RESOURCES.items()}
_PATTERNS: dict[Pattern, ResourcePatternType] = {
    "literal": ResourcePatternType.LITERAL,
    "prefixed": ResourcePatternType.PREFIXED,
}
_SPEC_PATTERNS = {pattern: name for name, pattern in _PATTERNS.items()}
_OPERATIONS: dict[Operation, AclOperation] = {
    name: AclOperation[name.upper()] for name in get_args(Operation)
}
_PERMISSIONS: dict[AclPermission, AclPermissionType] = {
    "allow": AclPermissionType.ALLOW,
    "deny": AclPermissionType.DENY,
}
_SPEC_PERMISSIONS = {permission: name for name, permission in _PERMISSIONS.items()}
_SPEC_OPERATIONS = {operation: name for name, operation in _OPERATIONS.items()}


def to_kafka(binding: AclBinding) -> KafkaBinding:
    """Return the binding as librdkafka's type."""
    return KafkaBinding(*_parts(binding))


def to_filter(binding: AclBinding) -> AclBindingFilter:
    """Return a filter that matches only this binding."""
    return AclBindingFilter(*_parts(binding))


def _parts(binding: AclBinding) -> tuple[Any, ...]:
    return (
        _RESOURCES[binding.resource],
        binding.name,
        _PATTERNS[binding.pattern],
        f"{_USER_PREFIX}{binding.principal}",
        binding.host,
        _OPERATIONS[binding.operation],
        _PERMISSIONS[binding.permission],
    )


def from_kafka(binding: KafkaBinding) -> AclBinding | None:
    """Return a cluster's binding as our type; None if that can't express it."""
    resource = _SPEC_RESOURCES.get(ResourceType(binding.restype))
    pattern = _SPEC_PATTERNS.get(ResourcePatternType(binding.resource_pattern_type))
    operation = _SPEC_OPERATIONS.get(AclOperation(binding.operation))
    permission = _SPEC_PERMISSIONS.get(AclPermissionType(binding.permission_type))
    if resource is None or pattern is None or operation is None or permission is None:
        return None
    if not binding.principal.startswith(_USER_PREFIX):
        return None
    principal = binding.principal.removeprefix(_USER_PREFIX)
    return AclBinding(
        principal,
        resource,
        binding.name,
        pattern,
        operation,
        permission,
        binding.host,
    )
