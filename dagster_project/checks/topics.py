"""The topics' offsets and the groups' lag can be read, and dead letters are empty."""

from collections.abc import Iterator, Mapping

import dagster as dg

from dagster_project.assets.flow import GROUPS, TOPICS
from dagster_project.checks.results import (
    CheckName,
    CheckResult,
    check_specs,
    evaluate,
    to_results,
)
from dagster_project.resources import KafkaResource
from goodsflow.clients.kafka.offsets import GroupLag, PartitionOffsets
from goodsflow.common.counting import counted
from goodsflow.model.endpoints import ClusterName

OBSERVED = "observed"
EMPTY = "empty"

SINK_LETTERS = "hdfs_sink_dead_letter"
"""The asset that should hold nothing. Invalid cards of shops end earlier: a record here
passed the filter, and is in no file."""

EMPTY_CHECKS = [(SINK_LETTERS, EMPTY)]


def topic_checks(cluster: ClusterName) -> list[CheckName]:
    """Return the checks of a cluster's topics and groups."""
    topics = [topic.key for topic in TOPICS if topic.cluster == cluster]
    groups = [key for key, (where, _, _) in GROUPS.items() if where == cluster]
    empty = [check for check in EMPTY_CHECKS if check[0] in topics]
    return [*((key, OBSERVED) for key in (*topics, *groups)), *empty]


def evaluate_topics(cluster: ClusterName, kafka: KafkaResource) -> list[CheckResult]:
    """Read offsets and lags."""

    def read() -> Iterator[CheckResult]:
        reader = kafka.offsets(cluster)
        topics = {
            topic.topic: topic.key for topic in TOPICS if topic.cluster == cluster
        }
        for topic, partitions in reader.topic_offsets(topics).items():
            yield describe_topic(topics[topic], partitions)
            if topics[topic] == SINK_LETTERS:
                yield check_letters(topic, partitions)
        for key, (where, group, topic) in GROUPS.items():
            if where == cluster:
                yield describe_lag(key, group, reader.group_lag(group, [topic]))

    return evaluate(topic_checks(cluster), read)


def describe_topic(key: str, partitions: Mapping[int, PartitionOffsets]) -> CheckResult:
    """Describe a topic's offsets."""
    metadata = {
        f"end offset of partition {partition}": offsets.end
        for partition, offsets in sorted(partitions.items())
    }
    span = sum(offsets.end - offsets.first for offsets in partitions.values())
    text = f"Offsets from first to end: {span}."
    return CheckResult(key, OBSERVED, passed=True, description=text, metadata=metadata)


def check_letters(
    topic: str, partitions: Mapping[int, PartitionOffsets]
) -> CheckResult:
    """Check that the HDFS sink has written every record."""
    count = sum(offsets.end - offsets.first for offsets in partitions.values())
    text = (
        f"The HDFS sink could not write {counted(count, 'record')}. See topic "
        f"'{topic}', with the reason in the headers __connect.errors.*: kcat -F "
        f"<(goodsflow client-config analytics admin) -C -e -t {topic} -f '%h\\n%s\\n'"
        if count
        else "The HDFS sink has written every record."
    )
    return CheckResult(
        SINK_LETTERS,
        EMPTY,
        passed=not count,
        description=text,
        metadata={"dead letters": count},
        severity=dg.AssetCheckSeverity.WARN,
    )


def describe_lag(key: str, group: str, lag: GroupLag) -> CheckResult:
    """Describe a group's lag."""
    metadata = {
        f"lag of partition {partition}": behind
        for (_, partition), behind in sorted(lag.lag.items())
    }
    text = f"Group '{group}' is {counted(lag.total, 'offset')} behind."
    return CheckResult(key, OBSERVED, passed=True, description=text, metadata=metadata)


def _specs(cluster: ClusterName) -> list[dg.AssetCheckSpec]:
    checks = topic_checks(cluster)
    return [
        *check_specs(
            [check for check in checks if check[1] == OBSERVED],
            "Its offsets, or its group's lag, can be read.",
        ),
        *check_specs(
            [check for check in checks if check[1] == EMPTY],
            "No record that should be in a file ended up here.",
        ),
    ]


@dg.multi_asset_check(specs=_specs("inbound"), can_subset=True)
def inbound_topic_checks(
    context: dg.AssetCheckExecutionContext,
    kafka: KafkaResource,
) -> Iterator[dg.AssetCheckResult]:
    """Read the inbound cluster's offsets and lags."""
    yield from to_results(context, evaluate_topics("inbound", kafka))


@dg.multi_asset_check(specs=_specs("analytics"), can_subset=True)
def analytics_topic_checks(
    context: dg.AssetCheckExecutionContext,
    kafka: KafkaResource,
) -> Iterator[dg.AssetCheckResult]:
    """Read the analytics cluster's offsets and lags."""
    yield from to_results(context, evaluate_topics("analytics", kafka))
