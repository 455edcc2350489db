"""The principals of both clusters: their rights, then their credentials."""

import dagster as dg

from dagster_project.assets.groups import BOOTSTRAP
from dagster_project.assets.topics import analytics_topics, inbound_topics
from dagster_project.failures import RETRY_POLICY, named_failures
from dagster_project.reporting import report
from dagster_project.resources import KafkaResource, PlatformResource
from goodsflow.bootstrap import make_principals
from goodsflow.endpoints import ClusterName


@dg.asset(
    group_name=BOOTSTRAP,
    kinds={"kafka"},
    deps=[inbound_topics],
    retry_policy=RETRY_POLICY,
)
def inbound_principals(
    platform: PlatformResource, kafka: KafkaResource
) -> dg.MaterializeResult[None]:
    """Every principal of the inbound cluster has its rights and can log in.

    ACLs come first, so that whoever can log in has its rights. A rerun adds missing
    bindings and replaces a password only where the principal's file no longer logs in.
    Bindings of declared principals beyond the declaration are listed, not removed.
    """
    return _principals("inbound", platform, kafka)


@dg.asset(
    group_name=BOOTSTRAP,
    kinds={"kafka"},
    deps=[analytics_topics],
    retry_policy=RETRY_POLICY,
)
def analytics_principals(
    platform: PlatformResource, kafka: KafkaResource
) -> dg.MaterializeResult[None]:
    """Every principal of the analytics cluster has its rights and can log in.

    ACLs come first, so that whoever can log in has its rights. A rerun adds missing
    bindings and replaces a password only where the principal's file no longer logs in.
    Bindings of declared principals beyond the declaration are listed, not removed.
    """
    return _principals("analytics", platform, kafka)


def _principals(
    name: ClusterName, platform: PlatformResource, kafka: KafkaResource
) -> dg.MaterializeResult[None]:
    with named_failures():
        cluster = platform.declared().clusters[name]
        return report(
            make_principals(kafka.admin(name), kafka.passwords(name), cluster)
        )
