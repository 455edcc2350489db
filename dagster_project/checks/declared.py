"""The platform is as declared: a check for each asset of the declaration."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.assets.declared import ASSET_OF
from dagster_project.checks.results import (
    CheckName,
    CheckResult,
    check_specs,
    not_evaluated,
    to_results,
)
from dagster_project.resources import DesiredStateResource
from goodsflow.common.errors import GoodsflowError
from goodsflow.desired_state.planning import Plan, Target
from goodsflow.desired_state.planning.rendering import summary
from goodsflow.desired_state.providers.reconciler import PlanResults

AS_DECLARED = "as_declared"
DECLARED_CHECKS: list[CheckName] = [(key, AS_DECLARED) for key in ASSET_OF.values()]

_MOST_NAMED = 5


def check_plan(target: Target, plan: Plan) -> CheckResult:
    """Check that the plan to reach the declared state is empty."""
    lines = [str(change) for change in plan.changes[:_MOST_NAMED]]
    more = len(plan.changes) - _MOST_NAMED
    if more > 0:
        lines.append(f"and {more} more")
    return CheckResult(
        ASSET_OF[target],
        AS_DECLARED,
        passed=plan.is_empty,
        description="\n".join([summary(plan), *lines]),
        metadata={
            "differences": len(plan.changes),
            "safe to repair": len(plan.safe()),
        },
    )


def check_plans(planned: PlanResults) -> list[CheckResult]:
    """Check every target's plan; a target that could not be read fails."""
    return [
        *(check_plan(target, plan) for target, plan in planned.plans.items()),
        *(
            not_evaluated((ASSET_OF[target], AS_DECLARED), str(error))
            for target, error in planned.failures.items()
        ),
    ]


def evaluate_declared(desired_state: DesiredStateResource) -> list[CheckResult]:
    """Compare everything declared that this platform can have with its actual state."""
    try:
        with desired_state.watching_reconciler() as reconciler:
            planned = reconciler.plan_all(reconciler.targets())
    except GoodsflowError as error:
        return [not_evaluated(check, str(error)) for check in DECLARED_CHECKS]
    return check_plans(planned)


@dg.multi_asset_check(
    specs=check_specs(
        DECLARED_CHECKS,
        "The actual state matches platform.yaml. Differences are listed.",
    ),
    can_subset=True,
)
def declared_checks(
    context: dg.AssetCheckExecutionContext, desired_state: DesiredStateResource
) -> Iterator[dg.AssetCheckResult]:
    """Compare everything declared with its actual state, and change nothing."""
    yield from to_results(context, evaluate_declared(desired_state))
