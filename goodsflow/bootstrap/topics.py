"""The topics of a cluster."""

from __future__ import annotations

from goodsflow.bootstrap.outcome import Outcome, refuse_if_refused
from goodsflow.endpoints import ClusterName
from goodsflow.kafka.admin import KafkaAdmin
from goodsflow.reconcile import Plan, plan_topics
from goodsflow.spec import Cluster, Topic


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
        KafkaError: The cluster refused or did not answer.
    """
    plan = read_topics_plan(admin, name, cluster)
    refuse_if_refused(plan)
    admin.create_topics(
        {c.name: c.desired for c in plan.changes if c.action == "create"}
    )
    for change in plan.changes:
        if change.action == "update":
            admin.alter_topic_config(change.name, change.desired.config)
    return Outcome({"topics": len(cluster.topics)}, plan.changes)
