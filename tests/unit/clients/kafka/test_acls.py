"""ACL bindings as our type and as librdkafka's."""

from confluent_kafka.admin import AclBinding as KafkaBinding
from confluent_kafka.admin import (
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from goodsflow.clients.kafka.acls import from_kafka, to_kafka
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.model.spec import acl_bindings, load_platform


def test_every_declared_binding_comes_back_as_it_went() -> None:
    """A binding that changed on the way would be added at each bootstrap."""
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
    """Taken for a user's right, another kind of right would be removed."""
    assert from_kafka(_binding()) is not None
    assert from_kafka(_binding(principal="Group:shops")) is None
    assert from_kafka(_binding(restype=ResourceType.UNKNOWN)) is None


def test_a_denial_and_an_address_come_back_as_they_went() -> None:
    """A deny read as an allow would hide that a service is locked out."""
    denied = _binding(permission_type=AclPermissionType.DENY, host="10.0.0.1")
    binding = from_kafka(denied)
    assert str(binding) == "shop-api may not write topic 'goods' from 10.0.0.1"
    assert binding is not None
    assert to_kafka(binding) == denied
