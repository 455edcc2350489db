"""What a sensor's looks found, and what of it is worth an event."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import dagster as dg

from dagster_project.checks.findings import (
    CheckName,
    Finding,
    could_not_look,
    to_evaluation,
)
from goodsflow.common.clock import elapsed

REPEAT_SECONDS = 300.0
"""What has not changed is reported anew after this: each event is kept for ever."""

Look = tuple[list[CheckName], Callable[[], list[Finding]]]


@dataclass(frozen=True)
class Memory:
    """What was reported last: a digest of each finding, and when all were.

    Attributes:
        readings: What the next look compares with, as ``checks.work`` stores it.
    """

    digests: Mapping[str, str]
    complete_at: float
    readings: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "Memory":
        """Read the sensor's cursor; nothing is remembered without one."""
        if not cursor:
            return cls({}, 0.0)
        stored = json.loads(cursor)
        return cls(stored["digests"], stored["complete_at"], stored.get("readings", {}))

    def to_cursor(self) -> str:
        """Write the sensor's cursor."""
        return json.dumps(
            {
                "digests": dict(self.digests),
                "complete_at": self.complete_at,
                "readings": dict(self.readings),
            }
        )


def select_news(
    findings: Iterable[Finding], memory: Memory, now: float
) -> tuple[list[Finding], Memory]:
    """Choose what to report: what has changed, and from time to time everything."""
    digests = {f"{f.asset}/{f.check}": _digest(f) for f in findings}
    since = elapsed(memory.complete_at, now)
    # Where the clock was set back, nothing would be reported until it has caught up.
    if since is None or since >= REPEAT_SECONDS:
        return list(findings), Memory(digests, now)
    news = [
        finding
        for finding in findings
        if memory.digests.get(f"{finding.asset}/{finding.check}")
        != digests[f"{finding.asset}/{finding.check}"]
    ]
    return news, Memory(digests, memory.complete_at)


def to_events(
    news: Iterable[Finding], findings: Iterable[Finding]
) -> list[dg.AssetObservation | dg.AssetMaterialization | dg.AssetCheckEvaluation]:
    """Return news as checks' evaluations, and one observation for each of their assets.

    An observation has the facts of all findings about its asset: the UI shows the last
    one and nothing of those before it.

    Args:
        news: What is to be reported.
        findings: All that was found, ``news`` among it.
    """
    news = list(news)
    events: list[
        dg.AssetObservation | dg.AssetMaterialization | dg.AssetCheckEvaluation
    ] = [to_evaluation(finding) for finding in news]
    told: dict[str, list[Finding]] = {finding.asset: [] for finding in news}
    for finding in findings:
        if finding.asset in told and finding.facts:
            told[finding.asset].append(finding)
    events += [
        dg.AssetObservation(
            dg.AssetKey(asset),
            description=" ".join(finding.text for finding in found),
            metadata={
                name: value
                for finding in found
                for name, value in finding.facts.items()
            },
        )
        for asset, found in told.items()
        if found
    ]
    return events


def summarize(findings: Iterable[Finding]) -> str:
    """Say in one line what was looked at, and what is not as it must be."""
    findings = list(findings)
    failed = [f"{f.asset} {f.check}" for f in findings if not f.passed]
    text = f"Looked at {len(findings)} things; "
    return text + (f"not well: {', '.join(failed)}." if failed else "all are well.")


def make_looks(looks: Iterable[Look], timeout_seconds: float) -> list[Finding]:
    """Make all looks side by side; one that does not end in time has failed."""
    looks = list(looks)
    pool = ThreadPoolExecutor(max_workers=len(looks))
    futures = [pool.submit(find) for _, find in looks]
    wait(futures, timeout=timeout_seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    findings: list[Finding] = []
    for (checks, _), future in zip(looks, futures, strict=True):
        if future.done():
            findings += future.result()
        else:
            reason = f"no answer within {timeout_seconds:.0f} s"
            findings += [could_not_look(check, reason) for check in checks]
    return findings


def _digest(finding: Finding) -> str:
    content = json.dumps([finding.passed, finding.text, dict(finding.facts)])
    return hashlib.sha256(content.encode()).hexdigest()[:16]
