"""Runs benchmarks, one after the other, on one platform."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import (
    filter as filter_benchmark,
)
from benchmarks import (
    hops,
    latency,
    plans,
    recommender,
    search,
    shop_api,
    sink,
)
from benchmarks.benchmark import Benchmark, Run
from benchmarks.platform import await_filter, own_platform, stopped
from benchmarks.report import FOLDER, Report
from goodsflow.model.endpoints import load_endpoints

BENCHMARKS: tuple[Benchmark, ...] = (
    latency.BENCHMARK,
    hops.BENCHMARK,
    sink.BENCHMARK,
    recommender.BENCHMARK,
    plans.BENCHMARK,
    search.BENCHMARK,
    # The last ones leave the most for the parts behind them to work off.
    filter_benchmark.BENCHMARK,
    shop_api.BENCHMARK,
)
"""All, in the order in which they run."""

_START_MINUTES = 4
_QUIET = ("shop-api", "dagster-daemon")
"""What would send cards, run jobs and resume paused connectors by itself."""


@contextmanager
def prepared(given: Path | None) -> Iterator[Path]:
    """Have a platform up on which nothing works but what is measured.

    Args:
        given: The folder of one that is up, and is as before at the end; None starts
            one and removes it again.
    """
    if given is None:
        print(f"Starting a platform: about {_START_MINUTES} minutes.", flush=True)
        with own_platform() as home, stopped(home, _QUIET, and_start=False):
            yield home
    else:
        with stopped(given, _QUIET):
            yield given
            await_filter(load_endpoints(given))


def run_benchmark(benchmark: Benchmark, home: Path, *, smoke: bool) -> Report:
    """Run one, and write its page, but of a smoke run.

    Args:
        benchmark: What to run.
        home: The folder of a platform that is prepared.
        smoke: Take seconds: the same with little work, and no page in ``docs``.

    Returns:
        Its figures.

    Raises:
        CheckError: It did not do the work that its figures are about.
    """
    endpoints = load_endpoints(home)
    await_filter(endpoints)
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as cleanup:
        folder = Path(scratch) if smoke else FOLDER
        report = Report(benchmark.name, benchmark.title, benchmark.packages, folder)
        run = Run(home, endpoints, report, smoke, cleanup)
        try:
            benchmark.run(run)
            page = report.write()
        finally:
            run.clean_up()
    if not smoke:
        print(f"\nWritten to {page}", flush=True)
    return report


def run_benchmarks(
    benchmarks: Sequence[Benchmark], home: Path, *, smoke: bool
) -> list[str]:
    """Run several, also after one that fails; return the names of those that did."""
    failed = []
    for number, benchmark in enumerate(benchmarks, 1):
        span = "seconds" if smoke else f"about {benchmark.minutes} minutes"
        print(f"\n[{number}/{len(benchmarks)}] {benchmark.name}: {span}", flush=True)
        began = time.monotonic()
        try:
            run_benchmark(benchmark, home, smoke=smoke)
        except Exception as error:  # noqa: BLE001 - said, and the others run
            failed.append(benchmark.name)
            end = f"FAILED: {type(error).__name__}: {error}"
        else:
            end = "done"
        seconds = time.monotonic() - began
        print(f"\n{benchmark.name}: {end} after {seconds:,.0f} s", flush=True)
    return failed
