"""The views of ksqlDB are as declared, and answer. Nothing is said without ksqlDB."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.checks.findings import (
    Finding,
    check_specs,
    could_not_look,
    look,
    to_results,
)
from dagster_project.resources import KsqldbResource, PlatformResource
from goodsflow.bootstrap import read_views_plan
from goodsflow.errors import GoodsflowError
from goodsflow.ksqldb import KsqlClient, KsqlNotMaterializedError
from goodsflow.reconcile import Plan
from goodsflow.spec import View

ASSET = "search_views"
AS_DECLARED = (ASSET, "as_declared")
ANSWER = (ASSET, "answer")
VIEW_CHECKS = [AS_DECLARED, ANSWER]


def look_at_views(platform: PlatformResource, ksqldb: KsqldbResource) -> list[Finding]:
    """Compare the views with the declaration, and query each, where ksqlDB is."""

    def find_declared() -> Iterator[Finding]:
        with ksqldb.watching_client() as client:
            yield judge_views(read_views_plan(client, platform.declared().views))

    def find_answers() -> Iterator[Finding]:
        with ksqldb.watching_client() as client:
            yield try_views(client, platform.declared().views)

    try:
        if not ksqldb.is_there():
            return []
    except GoodsflowError as error:
        return [could_not_look(check, str(error)) for check in VIEW_CHECKS]
    return look([AS_DECLARED], find_declared) + look([ANSWER], find_answers)


def judge_views(plan: Plan[View]) -> Finding:
    """Judge the views by the plan that would make them as declared."""
    wrong = [*plan.refusals, *(f"would {change}" for change in plan.changes)]
    return Finding(
        *AS_DECLARED,
        passed=plan.is_as_declared,
        text="; ".join(wrong) or "Every view is as declared.",
        facts={"differences": len(wrong)},
    )


def try_views(client: KsqlClient, views: dict[str, View]) -> Finding:
    """Ask each view for a row: one that is there may not answer yet.

    Raises:
        KsqlError: The server refused a query, or did not answer.
    """
    silent = []
    for name, view in views.items():
        try:
            client.query(f"SELECT {view.key} FROM {name} LIMIT 1;")  # noqa: S608
        except KsqlNotMaterializedError as error:
            silent.append(str(error))
    return Finding(
        *ANSWER,
        passed=not silent,
        text="; ".join(silent) or "Every view answers.",
        facts={"views that answer": len(views) - len(silent)},
    )


@dg.multi_asset_check(
    specs=[
        *check_specs(
            [AS_DECLARED], "Every declared view is there, with its columns and topic."
        ),
        *check_specs([ANSWER], "Every declared view answers a query."),
    ],
    can_subset=True,
)
def view_checks(
    context: dg.AssetCheckExecutionContext,
    platform: PlatformResource,
    ksqldb: KsqldbResource,
) -> Iterator[dg.AssetCheckResult]:
    """Compare the views with the declaration, and query each, where ksqlDB is."""
    yield from to_results(context, look_at_views(platform, ksqldb))
