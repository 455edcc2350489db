"""ACL bindings in our words and in librdkafka's."""

from confluent_kafka.admin import AclBinding as KafkaBinding
from confluent_kafka.admin import (
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from goodsflow.endpoints import PROJECT_ROOT
from goodsflow.kafka.acls import from_kafka, to_kafka
from goodsflow.spec import acl_bindings, load_platform


def test_every_declared_binding_comes_back_as_it_went() -> None:
    """One that read otherwise would be added again at each bootstrap."""
    platform = load_platform(PROJECT_ROOT / "platform.yaml")
    for cluster in platform.clusters.values():
        for binding in acl_bindings(cluster):
            assert from_kafka(to_kafka(binding)) == binding


def _binding(**other: object) -> KafkaBinding:
    fields = {
        "restype": ResourceType.TOPIC,
        "name": "goods",
        "resource_pattern_type": ResourcePatternType.LITERAL,
        "principal": "User:shop-api",
        "host": "*",
        "operation": AclOperation.WRITE,
        "permission_type": AclPermissionType.ALLOW,
    }
    return KafkaBinding(**(fields | other))


def test_what_our_words_cannot_say_is_left_out() -> None:
    """A denial read as a grant would hide that a service is locked out."""
    assert from_kafka(_binding()) is not None
    assert from_kafka(_binding(permission_type=AclPermissionType.DENY)) is None
    assert from_kafka(_binding(host="10.0.0.1")) is None
    assert from_kafka(_binding(principal="Group:shops")) is None
