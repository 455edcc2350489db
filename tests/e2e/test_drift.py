"""Drift on a platform that is up: seen and repaired with nobody's doing."""

from __future__ import annotations

from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.futures import check_all
from goodsflow.model.endpoints import Endpoints
from goodsflow.model.spec import AclBinding
from tests.support import await_condition

_REPAIR_SECONDS = 240
"""The sensor looks every minute, and a run takes seconds to start."""


def test_what_is_changed_by_hand_goes_back_by_itself(endpoints: Endpoints) -> None:
    """Somebody tries something on the live cluster and forgets it."""
    admin = KafkaAdmin.connect(endpoints, "inbound", "admin")
    right = AclBinding("shop-api", "topic", "goods", "literal", "describe")
    by_hand = {"cleanup.policy": "compact,delete", "segment.ms": "600000"}
    before = admin.topics(["goods"])["goods"].config

    check_all(admin.alter_topic_configs({"goods": by_hand}))
    check_all(admin.delete_acls([right]))

    await_condition(
        lambda: (
            admin.topics(["goods"])["goods"].config == before
            and right in admin.acl_bindings()
        ),
        "the topic and its ACL are as declared again",
        _REPAIR_SECONDS,
    )
