"""The outcome of an asset check before it becomes one of Dagster's events.

A check that is run by hand yields ``AssetCheckResult``; a sensor, which has no run,
reports ``AssetCheckEvaluation``. Both are made from ``CheckResult``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

from goodsflow.common.errors import GoodsflowError

MetadataPrimitive = str | int | float

CheckName = tuple[str, str]
"""An asset's key and the name of a check on it."""


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one asset check.

    Attributes:
        asset: Key of the asset.
        check: Name of the check.
        passed: Whether the condition holds. Also False if it could not be read.
        description: What was found, for a person.
        metadata: What was read; empty if nothing could be read.
        severity: How bad a failure is.
    """

    asset: str
    check: str
    passed: bool
    description: str
    metadata: Mapping[str, MetadataPrimitive] = field(default_factory=dict)
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR


def evaluate(
    checks: Iterable[CheckName], read: Callable[[], Iterable[CheckResult]]
) -> list[CheckResult]:
    """Evaluate checks; if reading fails, all of them fail.

    Args:
        checks: The checks that ``read`` answers.
        read: Reads the state and compares it with what should hold.
    """
    try:
        results = list(read())
    except GoodsflowError as error:
        return [not_evaluated(check, str(error)) for check in checks]
    missing = set(checks) - {(result.asset, result.check) for result in results}
    return results + [not_evaluated(check, "no result") for check in missing]


def not_evaluated(check: CheckName, reason: str) -> CheckResult:
    """Return the failed result of a check that could not be evaluated."""
    return CheckResult(
        *check, passed=False, description=f"Could not be evaluated: {reason}"
    )


def check_specs(
    checks: Iterable[CheckName], description: str
) -> Sequence[dg.AssetCheckSpec]:
    """Return the specs of checks of one kind."""
    return [
        dg.AssetCheckSpec(name, asset=asset, description=description)
        for asset, name in checks
    ]


def to_results(
    context: dg.AssetCheckExecutionContext, results: Iterable[CheckResult]
) -> Iterator[dg.AssetCheckResult]:
    """Yield the results of the checks that are selected in this run."""
    selected = context.selected_asset_check_keys
    for result in results:
        key = dg.AssetCheckKey(dg.AssetKey(result.asset), result.check)
        if key in selected:
            yield dg.AssetCheckResult(
                passed=result.passed,
                asset_key=result.asset,
                check_name=result.check,
                description=result.description,
                severity=result.severity,
                metadata=dict(result.metadata),
            )


def to_event(result: CheckResult) -> dg.AssetCheckEvaluation:
    """Return the result as an event that belongs to no run."""
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(result.asset),
        check_name=result.check,
        passed=result.passed,
        description=result.description,
        severity=result.severity,
        metadata={
            key: dg.MetadataValue.text(value)
            if isinstance(value, str)
            else dg.MetadataValue.float(value)
            if isinstance(value, float)
            else dg.MetadataValue.int(value)
            for key, value in result.metadata.items()
        },
    )
