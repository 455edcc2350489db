"""What is in the topics, and what waits there for whom, can be read."""

from collections.abc import Iterator, Mapping

import dagster as dg

from dagster_project.assets.flow import GROUPS, TOPICS
from dagster_project.checks.findings import (
    CheckName,
    Finding,
    check_specs,
    look,
    to_results,
)
from dagster_project.resources import KafkaResource
from goodsflow.endpoints import ClusterName
from goodsflow.kafka.offsets import GroupLag, PartitionOffsets

OBSERVED = "observed"


def observed_checks(cluster: ClusterName) -> list[CheckName]:
    """Return the checks that a cluster's topics and groups could be looked at."""
    topics = [topic.key for topic in TOPICS if topic.cluster == cluster]
    groups = [key for key, (where, _, _) in GROUPS.items() if where == cluster]
    return [(key, OBSERVED) for key in (*topics, *groups)]


def look_at_topics(cluster: ClusterName, kafka: KafkaResource) -> list[Finding]:
    """Read offsets and lags."""

    def find() -> Iterator[Finding]:
        reader = kafka.offsets(cluster)
        topics = {
            topic.topic: topic.key for topic in TOPICS if topic.cluster == cluster
        }
        for topic, partitions in reader.topic_offsets(topics).items():
            yield describe_topic(topics[topic], partitions)
        for key, (where, group, topic) in GROUPS.items():
            if where == cluster:
                yield describe_lag(key, group, reader.group_lag(group, [topic]))

    return look(observed_checks(cluster), find)


def describe_topic(key: str, partitions: Mapping[int, PartitionOffsets]) -> Finding:
    """Say what a topic holds."""
    facts = {
        f"end offset of partition {partition}": offsets.end
        for partition, offsets in sorted(partitions.items())
    }
    span = sum(offsets.end - offsets.first for offsets in partitions.values())
    text = f"Offsets from first to end: {span}."
    return Finding(key, OBSERVED, passed=True, text=text, facts=facts)


def describe_lag(key: str, group: str, lag: GroupLag) -> Finding:
    """Say how far a group is behind."""
    facts = {
        f"lag of partition {partition}": behind
        for (_, partition), behind in sorted(lag.lag.items())
    }
    text = f"Group '{group}' is {lag.total} offsets behind."
    return Finding(key, OBSERVED, passed=True, text=text, facts=facts)


def _specs(cluster: ClusterName) -> list[dg.AssetCheckSpec]:
    return [
        *check_specs(
            observed_checks(cluster),
            "Its offsets, or its group's lag, could be read when last looked at.",
        )
    ]


@dg.multi_asset_check(specs=_specs("inbound"), can_subset=True)
def inbound_topic_checks(
    context: dg.AssetCheckExecutionContext,
    kafka: KafkaResource,
) -> Iterator[dg.AssetCheckResult]:
    """Read the inbound cluster's offsets and lags."""
    yield from to_results(context, look_at_topics("inbound", kafka))


@dg.multi_asset_check(specs=_specs("analytics"), can_subset=True)
def analytics_topic_checks(
    context: dg.AssetCheckExecutionContext,
    kafka: KafkaResource,
) -> Iterator[dg.AssetCheckResult]:
    """Read the analytics cluster's offsets and lags."""
    yield from to_results(context, look_at_topics("analytics", kafka))
