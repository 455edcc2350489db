"""The views of ksqlDB."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.assets.groups import BOOTSTRAP
from dagster_project.assets.principals import analytics_principals
from dagster_project.assets.schemas import schemas
from dagster_project.assets.topics import analytics_topics
from dagster_project.failures import RETRY_POLICY, named_failures
from dagster_project.reporting import report
from dagster_project.resources import KsqldbResource, PlatformResource
from goodsflow.bootstrap import make_views


@dg.asset(
    group_name=BOOTSTRAP,
    kinds={"sql"},
    deps=[analytics_topics, analytics_principals, schemas],
    retry_policy=RETRY_POLICY,
    op_tags={"dagster/priority": "-20"},
    output_required=False,
)
def search_views(
    context: dg.AssetExecutionContext,
    platform: PlatformResource,
    ksqldb: KsqldbResource,
) -> Iterator[dg.MaterializeResult[None]]:
    """Every declared view is there in ksqlDB, for the users' search.

    Waits for ksqlDB, which starts once its principal can log in. A rerun creates what
    is missing; a view that differs is refused, with what to do, and others are left
    alone. On a platform without ksqlDB nothing is materialized: the search there has
    an index of its own.
    """
    with named_failures():
        if not ksqldb.is_there():
            context.log.info("This platform has no ksqlDB: there are no views to make.")
            return
        declared = platform.declared().views
        with ksqldb.ready_client() as client:
            yield report(make_views(client, declared))
