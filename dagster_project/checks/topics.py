"""The topics are as declared, and what is in them and waits there can be read."""

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
from dagster_project.resources import KafkaResource, PlatformResource
from goodsflow.bootstrap import read_topics_plan
from goodsflow.endpoints import ClusterName
from goodsflow.kafka.offsets import GroupLag, PartitionOffsets
from goodsflow.reconcile import Plan
from goodsflow.spec import Topic

AS_DECLARED = "as_declared"
OBSERVED = "observed"


def declared_check(cluster: ClusterName) -> CheckName:
    """Return the check that a cluster's topics are as declared."""
    return (f"{cluster}_topics", AS_DECLARED)


def observed_checks(cluster: ClusterName) -> list[CheckName]:
    """Return the checks that a cluster's topics and groups could be looked at."""
    topics = [topic.key for topic in TOPICS if topic.cluster == cluster]
    groups = [key for key, (where, _, _) in GROUPS.items() if where == cluster]
    return [(key, OBSERVED) for key in (*topics, *groups)]


def look_at_topics(
    cluster: ClusterName, platform: PlatformResource, kafka: KafkaResource
) -> list[Finding]:
    """Compare a cluster's topics with the declaration, read offsets and lags."""

    def find_declared() -> Iterator[Finding]:
        declared = platform.declared().clusters[cluster]
        plan = read_topics_plan(kafka.watching_admin(cluster), cluster, declared)
        yield judge_topics(cluster, plan)

    def find_observed() -> Iterator[Finding]:
        reader = kafka.offsets(cluster)
        topics = {
            topic.topic: topic.key for topic in TOPICS if topic.cluster == cluster
        }
        for topic, partitions in reader.topic_offsets(topics).items():
            yield describe_topic(topics[topic], partitions)
        for key, (where, group, topic) in GROUPS.items():
            if where == cluster:
                yield describe_lag(key, group, reader.group_lag(group, [topic]))

    findings = look([declared_check(cluster)], find_declared)
    return findings + look(observed_checks(cluster), find_observed)


def judge_topics(cluster: ClusterName, plan: Plan[Topic]) -> Finding:
    """Judge a cluster's topics by the plan that would make them as declared."""
    wrong = [*plan.refusals, *(f"would {change}" for change in plan.changes)]
    return Finding(
        *declared_check(cluster),
        passed=plan.is_as_declared,
        text="; ".join(wrong) or "Every topic is as declared.",
        facts={"differences": len(wrong)},
    )


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
            [declared_check(cluster)],
            "Every declared topic is there with its partitions, replicas and settings.",
        ),
        *check_specs(
            observed_checks(cluster),
            "Its offsets, or its group's lag, could be read when last looked at.",
        ),
    ]


@dg.multi_asset_check(specs=_specs("inbound"), can_subset=True)
def inbound_topic_checks(
    context: dg.AssetCheckExecutionContext,
    platform: PlatformResource,
    kafka: KafkaResource,
) -> Iterator[dg.AssetCheckResult]:
    """Compare the inbound topics with the declaration, read offsets and lags."""
    yield from to_results(context, look_at_topics("inbound", platform, kafka))


@dg.multi_asset_check(specs=_specs("analytics"), can_subset=True)
def analytics_topic_checks(
    context: dg.AssetCheckExecutionContext,
    platform: PlatformResource,
    kafka: KafkaResource,
) -> Iterator[dg.AssetCheckResult]:
    """Compare the analytics topics with the declaration, read offsets and lags."""
    yield from to_results(context, look_at_topics("analytics", platform, kafka))
