"""What a look at the platform finds, and how Dagster is told."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

from goodsflow.common.errors import GoodsflowError

Fact = str | int | float

CheckName = tuple[str, str]
"""An asset's key and the name of a check on it."""


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes:
        asset: Key of the asset it is about.
        check: Name of the check.
        passed: Whether what must hold holds, and could be looked at.
        text: What was found, for a person.
        facts: What was read; empty where it could not be.
        severity: How bad it is where it has not passed.
    """

    asset: str
    check: str
    passed: bool
    text: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR


def look(
    checks: Iterable[CheckName], find: Callable[[], Iterable[Finding]]
) -> list[Finding]:
    """Make a look; where it fails, every check it should answer has failed.

    Args:
        checks: The checks that ``find`` answers.
        find: Reads and judges.
    """
    try:
        found = list(find())
    except GoodsflowError as error:
        return [could_not_look(check, str(error)) for check in checks]
    missing = set(checks) - {(finding.asset, finding.check) for finding in found}
    return found + [could_not_look(check, "was not answered") for check in missing]


def could_not_look(check: CheckName, reason: str) -> Finding:
    """Return the failed finding of a check that could not be made."""
    return Finding(*check, passed=False, text=f"Could not look: {reason}")


def check_specs(
    checks: Iterable[CheckName], description: str
) -> Sequence[dg.AssetCheckSpec]:
    """Return the specs of checks of one kind."""
    return [
        dg.AssetCheckSpec(name, asset=asset, description=description)
        for asset, name in checks
    ]


def to_results(
    context: dg.AssetCheckExecutionContext, findings: Iterable[Finding]
) -> Iterator[dg.AssetCheckResult]:
    """Yield the results of the checks that were asked for."""
    wanted = context.selected_asset_check_keys
    for finding in findings:
        key = dg.AssetCheckKey(dg.AssetKey(finding.asset), finding.check)
        if key in wanted:
            yield dg.AssetCheckResult(
                passed=finding.passed,
                asset_key=finding.asset,
                check_name=finding.check,
                description=finding.text,
                severity=finding.severity,
                metadata=dict(finding.facts),
            )


def to_evaluation(finding: Finding) -> dg.AssetCheckEvaluation:
    """Return the finding as an event that belongs to no run."""
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(finding.asset),
        check_name=finding.check,
        passed=finding.passed,
        description=finding.text,
        severity=finding.severity,
        metadata={
            key: dg.MetadataValue.text(value)
            if isinstance(value, str)
            else dg.MetadataValue.float(value)
            if isinstance(value, float)
            else dg.MetadataValue.int(value)
            for key, value in finding.facts.items()
        },
    )
