"""A smoke run of each benchmark: the same code, with little work.

`make bench` takes most of an hour on a quiet machine. Without these tests nobody would
notice for long that a benchmark no longer measures what its page says.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from benchmarks.benchmark import Benchmark
from benchmarks.cards import framed_cards, withdraw
from benchmarks.checks import CheckError, no_dead_letters
from benchmarks.platform import await_filter
from benchmarks.report import FOLDER
from benchmarks.runner import BENCHMARKS, prepared, run_benchmark
from goodsflow.clients.kafka.config import producer_config
from goodsflow.model.endpoints import Endpoints

pytestmark = pytest.mark.timeout(900)

FIGURES = {
    "latency": ["p50, ms", "p95, ms", "p99, ms"],
    "hops": ["cards/s"],
    "sink": ["records/s", "MB/s"],
    "recommender": [
        "run body, median s",
        "file to recommendation, s",
        "windows a second",
        "window, median s",
        "median, s",
        "a file, median s",
    ],
    "plans": ["apply, s", "plan", "goodsflow plan", "goodsflow apply", "topics, ms"],
    "search": ["median, s", "most memory, MiB", "of a scan", "cards found"],
    "filter": [
        "cards/s",
        "CPU-s per 100,000",
        "most memory of the service, MiB",
        "p99, ms",
        "p99, s",
    ],
    "shop-api": ["cards/s", "CPU-s per 100,000"],
}
"""By benchmark, the columns whose figures make up its page."""

MAY_BE_ZERO = {"CPU-s per 100,000", "of the brokers", "p50, s", "p99, s", "longest, s"}
"""Less than what the system's clock for processes, or a block list, takes to tick."""


@pytest.fixture(scope="module")
def quiet_home(platform_home: Path) -> Iterator[Path]:
    """The folder of the platform, with nothing on it that sends cards by itself."""
    with prepared(platform_home) as home:
        yield home


@pytest.mark.parametrize("benchmark", BENCHMARKS, ids=lambda each: each.name)
def test_its_smoke_run_checks_itself_and_has_all_figures(
    benchmark: Benchmark, quiet_home: Path
) -> None:
    """One that measures nothing, or dead letters, would look fast."""
    pages = {path: path.stat().st_mtime_ns for path in FOLDER.iterdir()}
    tables = run_benchmark(benchmark, quiet_home, smoke=True).tables
    columns = {column for table in tables.values() for column in table.columns}
    assert columns >= set(FIGURES[benchmark.name])
    for heading, table in tables.items():
        figures = table.select_dtypes("number")
        measured = figures.drop(columns=MAY_BE_ZERO & set(figures.columns))
        for column in set(measured.columns) & set(FIGURES[benchmark.name]):
            assert (measured[column] > 0).all(), (heading, column)
    assert {path: path.stat().st_mtime_ns for path in FOLDER.iterdir()} == pages


def test_a_card_that_becomes_a_dead_letter_fails_a_benchmark(
    quiet_home: Path, endpoints: Endpoints
) -> None:
    """The latency benchmark once sent nothing else, and nobody noticed."""
    name = f"bench-{uuid.uuid4().hex[:8]}"
    key = f"{name}-another"
    _, value = framed_cards(endpoints, name)[0]

    def send_under_another_key() -> None:
        producer = Producer(producer_config(endpoints, "inbound", "shop-api"))
        producer.produce("goods", value, key)
        assert producer.flush(30) == 0
        await_filter(endpoints)

    with (
        pytest.raises(CheckError, match=r"1 of the benchmark's cards .* dead letter"),
        no_dead_letters(endpoints, name),
    ):
        send_under_another_key()
    withdraw(endpoints, "inbound", "goods", [key])
