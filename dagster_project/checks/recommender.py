"""The recommender keeps up, and the files it takes hold every card."""

import time
from collections.abc import Iterator
from datetime import datetime

import dagster as dg

from dagster_project.assets.flow import GOODS_FILES
from dagster_project.checks.results import (
    CheckResult,
    check_specs,
    evaluate,
    to_results,
)
from dagster_project.resources import RecommenderResource
from goodsflow.common.clock import elapsed
from goodsflow.pipeline.recommender.backlog import Backlog
from goodsflow.pipeline.recommender.gaps import GapReport
from goodsflow.pipeline.recommender.product_lookup import ProductLookup

LAG = ("recommendations", "lag")
CONTIGUOUS = (GOODS_FILES, "contiguous")
KNOWN = ("recommendations", "known_products")
RECOMMENDER_CHECKS = [KNOWN, LAG, CONTIGUOUS]

_NAMED = 5


def evaluate_recommender(recommender: RecommenderResource) -> list[CheckResult]:
    """Look at what waits for the recommender, and at what is between the files."""

    def find() -> Iterator[CheckResult]:
        waiting = recommender.backlog()
        limit = recommender.lag_limit_seconds
        yield check_lag(waiting, time.time(), limit)

    def find_contiguity() -> Iterator[CheckResult]:
        yield check_contiguity(recommender.gaps())

    def find_known() -> Iterator[CheckResult]:
        yield check_known(recommender.product_lookup())

    return [
        *evaluate([KNOWN], find_known),
        *evaluate([LAG], find),
        *evaluate([CONTIGUOUS], find_contiguity),
    ]


def check_known(found: ProductLookup) -> CheckResult:
    """Judge what was recommended last: a product that no file has is none of ours."""
    text = f"The {found.products} products that were recommended last are in the files."
    if found.undecided:
        text = (
            f"{len(found.undecided)} of the {found.products} products that were "
            f"recommended last are not in the newest {found.files} files; older ones "
            "were not read."
        )
    if found.unknown:
        text = (
            f"No file has a card of these products that were recommended: "
            f"{', '.join(found.unknown[:_NAMED])}."
        )
    return CheckResult(
        *KNOWN,
        passed=not found.unknown,
        description=text,
        metadata={
            "products recommended": found.products,
            "files read": found.files,
            "unknown products": len(found.unknown),
            "undecided products": len(found.undecided),
        },
    )


def check_lag(waiting: Backlog, now: float, limit_seconds: float) -> CheckResult:
    """Judge the lag: complete windows should not wait for long.

    Args:
        waiting: What a run would find.
        now: In seconds since 1970.
        limit_seconds: How long the first complete window may wait.
    """
    count = len(waiting.files)
    facts: dict[str, str | int | float] = {
        "files waiting": count,
        "complete windows": waiting.complete_windows,
    }
    text = f"{count} files wait, {waiting.files_per_window} make a window."
    age = 0.0
    if waiting.files:
        facts["seconds of the oldest"] = round(
            _age(waiting.files[0].modified_at, now), 1
        )
    if waiting.complete_windows:
        completed = waiting.files[waiting.files_per_window - 1]
        age = _age(completed.modified_at, now)
        facts["seconds of the first window"] = round(age, 1)
        text += f" The first complete window waits for {age:.0f} s."
    if age > limit_seconds:
        text += " Is the sensor 'recommendations_sensor' on, and do its runs succeed?"
    return CheckResult(
        *LAG,
        passed=age <= limit_seconds,
        description=text,
        metadata=facts,
        severity=dg.AssetCheckSeverity.WARN,
    )


def _age(modified_at: datetime, now: float) -> float:
    return elapsed(modified_at.timestamp(), now) or 0.0


def check_contiguity(found: GapReport) -> CheckResult:
    """Judge the files: a card of the topic that is in none is lost."""
    looked_up, missing = len(found.looked_up), found.missing
    text = f"{found.gaps} gaps between the files; the newest {looked_up} hold no card."
    if missing:
        named = "; ".join(str(card) for card in missing[:_NAMED])
        text = f"{len(missing)} cards are in no file: {named}."
    return CheckResult(
        *CONTIGUOUS,
        passed=not missing,
        description=text,
        metadata={
            "gaps": found.gaps,
            "gaps looked up": looked_up,
            "missing cards": len(missing),
        },
    )


@dg.multi_asset_check(
    specs=[
        *check_specs([KNOWN], "Each product that was recommended last is in a file."),
        *check_specs([LAG], "A complete window does not wait for long."),
        *check_specs(
            [CONTIGUOUS],
            "Between the files, the topic has no card: each is in a file.",
        ),
    ],
    can_subset=True,
)
def recommender_checks(
    context: dg.AssetCheckExecutionContext, recommender: RecommenderResource
) -> Iterator[dg.AssetCheckResult]:
    """Look at what waits for the recommender, and at what is between the files."""
    yield from to_results(context, evaluate_recommender(recommender))
