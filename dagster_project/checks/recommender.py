"""The recommender keeps up, and its files hold every card."""

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
from goodsflow.common.counting import counted
from goodsflow.pipeline.recommender.backlog import Backlog
from goodsflow.pipeline.recommender.gaps import GapReport
from goodsflow.pipeline.recommender.product_lookup import ProductLookup

LAG = ("recommendations", "lag")
CONTIGUOUS = (GOODS_FILES, "contiguous")
KNOWN = ("recommendations", "known_products")
RECOMMENDER_CHECKS = [KNOWN, LAG, CONTIGUOUS]

_NAMED = 5


def evaluate_recommender(recommender: RecommenderResource) -> list[CheckResult]:
    """Evaluate the recommender's backlog, and its files."""

    def read_lag() -> Iterator[CheckResult]:
        waiting = recommender.backlog()
        limit = recommender.lag_limit_seconds
        yield check_lag(waiting, time.time(), limit)

    def read_gaps() -> Iterator[CheckResult]:
        yield check_contiguity(recommender.gaps())

    def read_known() -> Iterator[CheckResult]:
        yield check_known(recommender.product_lookup())

    return [
        *evaluate([KNOWN], read_known),
        *evaluate([LAG], read_lag),
        *evaluate([CONTIGUOUS], read_gaps),
    ]


def check_known(found: ProductLookup) -> CheckResult:
    """Check that each product that was recommended last is in a file."""
    newly = counted(found.products, "newly recommended product")
    text = f"{newly}: all in the files."
    if found.undecided:
        text = (
            f"{newly}: {len(found.undecided)} not in the newest "
            f"{counted(found.files, 'file')}. Older files were not read."
        )
    if found.unknown:
        text = (
            "These products were recommended, but no file has a card for them: "
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
    """Check that complete windows do not wait for long.

    Args:
        waiting: What a run would find.
        now: In seconds since the epoch.
        limit_seconds: How long the first complete window may wait.
    """
    count = len(waiting.files)
    metadata: dict[str, str | int | float] = {
        "files waiting": count,
        "complete windows": waiting.complete_windows,
    }
    text = (
        f"{counted(count, 'file')} waiting; a window takes {waiting.files_per_window}."
    )
    age = 0.0
    if waiting.files:
        metadata["seconds of the oldest"] = round(
            _age(waiting.files[0].modified_at, now), 1
        )
    if waiting.complete_windows:
        completed = waiting.files[waiting.files_per_window - 1]
        age = _age(completed.modified_at, now)
        metadata["seconds of the first window"] = round(age, 1)
        text += f" The first complete window has waited for {age:.0f} s."
    if age > limit_seconds:
        text += (
            " Check that the sensor 'recommendations_sensor' is on, and that its runs "
            "succeed."
        )
    return CheckResult(
        *LAG,
        passed=age <= limit_seconds,
        description=text,
        metadata=metadata,
        severity=dg.AssetCheckSeverity.WARN,
    )


def _age(modified_at: datetime, now: float) -> float:
    return elapsed(modified_at.timestamp(), now) or 0.0


def check_contiguity(found: GapReport) -> CheckResult:
    """Check that no card of the topic is missing between the files."""
    looked_up, missing = len(found.looked_up), found.missing
    text = (
        f"{counted(found.gaps, 'gap')} between the files. Newest gaps looked up: "
        f"{looked_up}; none contains a card."
    )
    if missing:
        named = "; ".join(str(card) for card in missing[:_NAMED])
        text = f"{counted(len(missing), 'card')} in no file: {named}."
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
        *check_specs([KNOWN], "Each newly recommended product is in a file."),
        *check_specs([LAG], "Complete windows do not wait for long."),
        *check_specs(
            [CONTIGUOUS],
            "Each card of the topic is in a file: none is missing between files.",
        ),
    ],
    can_subset=True,
)
def recommender_checks(
    context: dg.AssetCheckExecutionContext, recommender: RecommenderResource
) -> Iterator[dg.AssetCheckResult]:
    """Evaluate the recommender's backlog, and its files."""
    yield from to_results(context, evaluate_recommender(recommender))
