"""The connectors of Kafka Connect, running."""

import dagster as dg

from dagster_project.assets.directories import hdfs_directories
from dagster_project.assets.groups import BOOTSTRAP
from dagster_project.assets.principals import analytics_principals, inbound_principals
from dagster_project.assets.schemas import schemas
from dagster_project.failures import RETRY_POLICY, named_failures
from dagster_project.reporting import as_markdown, report
from dagster_project.resources import ConnectResource, PlatformResource
from goodsflow.bootstrap import (
    await_running,
    await_worker,
    load_connector_configs,
    make_connectors,
)


@dg.asset(
    group_name=BOOTSTRAP,
    kinds={"kafka"},
    deps=[inbound_principals, analytics_principals, schemas, hdfs_directories],
    retry_policy=RETRY_POLICY,
    op_tags={"dagster/priority": "-10"},
)
def connectors(
    platform: PlatformResource, connect: ConnectResource
) -> dg.MaterializeResult[None]:
    """Every declared connector has its configuration, and all its tasks run.

    Waits for the Connect worker, which starts once its principals can log in. A rerun
    puts a configuration only where it differs from the one in effect, restarts what has
    failed, and leaves alone what runs as declared and what is not declared.
    """
    with named_failures(), connect.client() as client:
        configs = load_connector_configs(
            platform.declared(), platform.declaration_path().parent
        )
        await_worker(client, connect.worker_timeout_seconds)
        result = report(make_connectors(client, configs))
        states = await_running(client, configs, connect.running_timeout_seconds)
    lines = [str(state) for state in states]
    states_text = as_markdown(lines, "No connectors are declared.")
    return result._replace(
        metadata={**(result.metadata or {}), "states": dg.MetadataValue.md(states_text)}
    )
