"""Evaluating checks in a sensor's tick, and choosing which results to report."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import dagster as dg

from dagster_project.checks.results import (
    CheckName,
    CheckResult,
    not_evaluated,
    to_event,
)
from dagster_project.sensors.cursors import StoredCursor
from dagster_project.sensors.freshness import AssetEvent, up_to_date
from goodsflow.common.clock import elapsed

REPEAT_SECONDS = 300.0
"""A result that has not changed is reported again after this. Dagster keeps each event
for ever, so that a report at each tick would fill its storage."""

Evaluation = tuple[list[CheckName], Callable[[], list[CheckResult]]]
"""Checks, and what evaluates them."""


@dataclass(frozen=True)
class Reported(StoredCursor):
    """What was reported last: a digest of each result, and when all were reported.

    Attributes:
        readings: Earlier counts, for ``checks.progress`` to compare with.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    complete_at: float = 0.0
    readings: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def select_changes(
    results: Iterable[CheckResult], reported: Reported, now: float
) -> tuple[list[CheckResult], Reported]:
    """Choose what to report: what has changed, and every few minutes everything."""
    digests = {f"{r.asset}/{r.check}": _digest(r) for r in results}
    since = elapsed(reported.complete_at, now)
    # With the clock set back, nothing would be reported until it has caught up.
    if since is None or since >= REPEAT_SECONDS:
        return list(results), Reported(digests, now)
    changed = [
        result
        for result in results
        if reported.digests.get(f"{result.asset}/{result.check}")
        != digests[f"{result.asset}/{result.check}"]
    ]
    return changed, Reported(digests, reported.complete_at)


def to_events(
    changed: Iterable[CheckResult], results: Iterable[CheckResult]
) -> list[AssetEvent]:
    """Return the events that report results.

    Each result is a check's evaluation. Each of their assets gets one observation with
    the metadata of all its results, because the UI shows the last observation alone.
    An asset whose check shows that it is up to date is materialized, for its freshness.

    Args:
        changed: The results to report.
        results: All results, ``changed`` among them.
    """
    changed = list(changed)
    events: list[AssetEvent] = [to_event(result) for result in changed]
    observed: dict[str, list[CheckResult]] = {result.asset: [] for result in changed}
    for result in results:
        if result.asset in observed and result.metadata:
            observed[result.asset].append(result)
    events += [
        dg.AssetObservation(
            dg.AssetKey(asset),
            description=" ".join(result.description for result in found),
            metadata={
                name: value
                for result in found
                for name, value in result.metadata.items()
            },
        )
        for asset, found in observed.items()
        if found
    ]
    return [*events, *up_to_date(changed)]


def summarize(results: Iterable[CheckResult]) -> str:
    """Say in one line how many checks were evaluated, and which of them fail."""
    results = list(results)
    failed = [f"{r.asset} {r.check}" for r in results if not r.passed]
    if failed:
        return f"{len(failed)} of {len(results)} checks failing: {', '.join(failed)}."
    return f"All {len(results)} checks passing."


def evaluate_all(
    evaluations: Iterable[Evaluation], timeout_seconds: float
) -> list[CheckResult]:
    """Evaluate side by side; checks without a result in time fail."""
    evaluations = list(evaluations)
    pool = ThreadPoolExecutor(max_workers=len(evaluations))
    futures = [pool.submit(evaluate) for _, evaluate in evaluations]
    wait(futures, timeout=timeout_seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    results: list[CheckResult] = []
    for (checks, _), future in zip(evaluations, futures, strict=True):
        if future.done():
            results += future.result()
        else:
            reason = f"no answer within {timeout_seconds:.0f} s"
            results += [not_evaluated(check, reason) for check in checks]
    return results


def _digest(result: CheckResult) -> str:
    content = json.dumps([result.passed, result.description, dict(result.metadata)])
    return hashlib.sha256(content.encode()).hexdigest()[:16]
