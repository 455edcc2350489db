"""The views of ksqlDB answer. Without ksqlDB there is nothing to check."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.checks.results import (
    CheckResult,
    check_specs,
    evaluate,
    not_evaluated,
    to_results,
)
from dagster_project.resources import KsqldbResource, PlatformResource
from goodsflow.clients.ksqldb import KsqlClient, KsqlNotMaterializedError
from goodsflow.common.errors import GoodsflowError
from goodsflow.model.spec import View

ASSET = "search_views"
ANSWER = (ASSET, "answer")
VIEW_CHECKS = [ANSWER]


def evaluate_views(
    platform: PlatformResource, ksqldb: KsqldbResource
) -> list[CheckResult]:
    """Query each view, if the platform has ksqlDB."""

    def read_answers() -> Iterator[CheckResult]:
        with ksqldb.watching_client() as client:
            yield try_views(client, platform.declared().views)

    try:
        if not ksqldb.is_there():
            return []
    except GoodsflowError as error:
        return [not_evaluated(check, str(error)) for check in VIEW_CHECKS]
    return evaluate(VIEW_CHECKS, read_answers)


def try_views(client: KsqlClient, views: dict[str, View]) -> CheckResult:
    """Query each view for a row: a view that exists may not answer yet.

    Raises:
        KsqlError: The server refused a query, or did not answer.
    """
    silent = []
    for name, view in views.items():
        try:
            client.query(f"SELECT {view.key} FROM {name} LIMIT 1;")  # noqa: S608
        except KsqlNotMaterializedError as error:
            silent.append(str(error))
    return CheckResult(
        *ANSWER,
        passed=not silent,
        description="; ".join(silent) or "Every view answers.",
        metadata={"views that answer": len(views) - len(silent)},
    )


@dg.multi_asset_check(
    specs=check_specs(VIEW_CHECKS, "Every declared view answers a query."),
    can_subset=True,
)
def view_checks(
    context: dg.AssetCheckExecutionContext,
    platform: PlatformResource,
    ksqldb: KsqldbResource,
) -> Iterator[dg.AssetCheckResult]:
    """Query each view, if the platform has ksqlDB."""
    yield from to_results(context, evaluate_views(platform, ksqldb))
