"""The topics of both clusters."""

import dagster as dg

from dagster_project.assets.groups import BOOTSTRAP
from dagster_project.failures import RETRY_POLICY, named_failures
from dagster_project.reporting import report
from dagster_project.resources import KafkaResource, PlatformResource
from goodsflow.bootstrap import make_topics
from goodsflow.endpoints import ClusterName


@dg.asset(group_name=BOOTSTRAP, kinds={"kafka"}, retry_policy=RETRY_POLICY)
def inbound_topics(
    platform: PlatformResource, kafka: KafkaResource
) -> dg.MaterializeResult[None]:
    """The declared topics of the inbound cluster are there, with their settings.

    A rerun creates what is missing and sets what was changed by hand; topics that
    `platform.yaml` does not name are left alone. Other partitions or replicas than
    declared are refused, and then nothing is changed.
    """
    return _topics("inbound", platform, kafka)


@dg.asset(group_name=BOOTSTRAP, kinds={"kafka"}, retry_policy=RETRY_POLICY)
def analytics_topics(
    platform: PlatformResource, kafka: KafkaResource
) -> dg.MaterializeResult[None]:
    """The declared topics of the analytics cluster are there, with their settings.

    A rerun creates what is missing and sets what was changed by hand; topics that
    `platform.yaml` does not name are left alone. Other partitions or replicas than
    declared are refused, and then nothing is changed.
    """
    return _topics("analytics", platform, kafka)


def _topics(
    name: ClusterName, platform: PlatformResource, kafka: KafkaResource
) -> dg.MaterializeResult[None]:
    with named_failures():
        cluster = platform.declared().clusters[name]
        return report(make_topics(kafka.admin(name), name, cluster))
