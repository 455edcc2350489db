"""The subjects of the schema registry."""

import dagster as dg

from dagster_project.assets.groups import BOOTSTRAP
from dagster_project.assets.principals import inbound_principals
from dagster_project.failures import RETRY_POLICY, named_failures
from dagster_project.reporting import report
from dagster_project.resources import PlatformResource, SchemaRegistryResource
from goodsflow.bootstrap import load_schemas, make_schemas


@dg.asset(
    group_name=BOOTSTRAP,
    kinds={"json"},
    deps=[inbound_principals],
    retry_policy=RETRY_POLICY,
    # It may have to wait for the registry: whatever else can be done is done before.
    op_tags={"dagster/priority": "-10"},
)
def schemas(
    platform: PlatformResource, schema_registry: SchemaRegistryResource
) -> dg.MaterializeResult[None]:
    """Every declared subject has its schema and its compatibility in the registry.

    Waits for the registry, which starts once its principal can log in. A rerun
    registers a new version only where a schema's content differs; one that breaks its
    subject's compatibility is refused by the registry. Other subjects are left alone.
    """
    with named_failures():
        desired = load_schemas(platform.declared(), platform.declaration_path().parent)
        with schema_registry.ready_client() as client:
            return report(make_schemas(client, desired))
