"""The block list."""

import dagster as dg

from dagster_project.assets.columns import json_schema_columns
from dagster_project.assets.groups import BOOTSTRAP, PLATFORM_TEAM
from dagster_project.failures import RETRY_POLICY, named_failures
from dagster_project.resources import PlatformResource
from dagster_project.resources.kafka import PRINCIPAL


@dg.asset(
    group_name=BOOTSTRAP,
    kinds={"kafka"},
    deps=["inbound_topics", "schemas"],
    retry_policy=RETRY_POLICY,
    op_tags={"dagster/priority": "-10"},
    owners=PLATFORM_TEAM,
    metadata=json_schema_columns("blocked-products.json"),
)
def block_list(
    context: dg.AssetExecutionContext, platform: PlatformResource
) -> dg.MaterializeResult[None]:
    """Topic `blocked-products`: what the filter holds back, who added it and why.

    A new list gets one sample product, so that the filter has something to hold back.
    After that only `goodsflow blocklist` changes it: a rerun leaves it as it is.
    """
    from goodsflow.pipeline.blocklist.reader import read_block_list
    from goodsflow.pipeline.blocklist.writer import seed

    endpoints = platform.endpoints()
    with named_failures():
        written = seed(endpoints, PRINCIPAL)
        entries = read_block_list(endpoints, PRINCIPAL)
    context.log.info("Rules written: %d, on the list: %d", written, len(entries))
    changes = f"Rules written: {written}." if written else "Nothing was changed."
    return dg.MaterializeResult(metadata={"rules": len(entries), "changes": changes})
