"""The topics of a cluster."""

from __future__ import annotations

from goodsflow.bootstrap.outcome import Outcome, refuse_if_refused
from goodsflow.bootstrap.waiting import wait_for
from goodsflow.endpoints import ClusterName
from goodsflow.kafka.admin import KafkaAdmin
from goodsflow.reconcile import Plan, plan_topics
from goodsflow.spec import Cluster, Topic

_SHOWN_SECONDS = 20.0
"""How long brokers may take to hear of a new topic from their controller."""


def read_topics_plan(
    admin: KafkaAdmin, name: ClusterName, cluster: Cluster
) -> Plan[Topic]:
    """Compare the declared topics of a cluster with those it has.

    Raises:
        KafkaError: The cluster refused or did not answer.
    """
    return plan_topics(name, cluster.topics, admin.topics(cluster.topics))


def make_topics(admin: KafkaAdmin, name: ClusterName, cluster: Cluster) -> Outcome:
    """Create the declared topics that are missing; set what is set otherwise.

    Raises:
        RefusedError: A topic has other partitions or replicas; nothing was changed.
        NotReadyInTimeError: A topic exists, but brokers do not show it.
        KafkaError: The cluster refused or did not answer.
    """
    plan = read_topics_plan(admin, name, cluster)
    refuse_if_refused(plan)
    missing = {c.name: c.desired for c in plan.changes if c.action == "create"}
    existing = admin.create_topics(missing)
    made = [c for c in plan.changes if c.name in missing.keys() - existing]
    if existing:
        # Another was faster, or the broker that was asked had not heard of them yet.
        _await_shown(admin, existing)
        plan = read_topics_plan(admin, name, cluster)
        refuse_if_refused(plan)
    updates = [c for c in plan.changes if c.action == "update"]
    for change in updates:
        admin.alter_topic_config(change.name, change.desired.config)
    return Outcome({"topics": len(cluster.topics)}, [*made, *updates])


def _await_shown(admin: KafkaAdmin, names: set[str]) -> None:
    def unmet(shown: dict[str, Topic]) -> str | None:
        return ", ".join(sorted(names - shown.keys())) or None

    wait_for(
        lambda: admin.topics(names),
        "brokers to show topics that their controller has",
        timeout_seconds=_SHOWN_SECONDS,
        unmet=unmet,
    )
