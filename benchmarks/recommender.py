"""The recommender: a window, a backlog, a long history, and its sensor's question.

Files of 100 cards are committed to HDFS as the sink does it, and the recommender takes
them; times are in seconds. The peer is a fresh Spark application for each file, which
only picks the cheapest products of it. A full run takes about 12 minutes.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from benchmarks.benchmark import Benchmark, Run
from benchmarks.checks import CheckError, check
from benchmarks.report import Report
from benchmarks.topics import make_topics
from goodsflow.clients.hdfs import HdfsClient
from goodsflow.clients.hdfs.files import topic_file_path
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.clients.registry import RegistryClient
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.cards.wire_format import encode_json
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.pipeline.recommender import (
    RecommenderSettings,
    RunReport,
    read_backlog,
    recommend,
)

_CARDS = 100
_WINDOW = 10
_PRODUCTS = 10_000
_WRITERS = 4
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class _Size:
    """How much is measured.

    Attributes:
        warming: Windows before all else. After 25 the JVMs of a fresh platform have
            compiled what a run needs.
        repeats: Of each figure.
        backlogs: Files of each backlog.
        histories: Cards of each history.
        listed: Files that the sensor lists.
        peer_files: Spark applications.
    """

    warming: int
    repeats: int
    backlogs: Sequence[int]
    histories: Sequence[int]
    listed: int
    peer_files: int


_FULL = _Size(25, 7, (10, 100, 1_000), (0, 100_000, 1_000_000), 10_000, 3)
_SMOKE = _Size(1, 1, (10,), (0,), 50, 1)

_PEER = """
import sys
from pyspark.sql import SparkSession, functions as F
build = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
spark = build.config("spark.sql.shuffle.partitions", "4").getOrCreate()
cards = spark.read.json(sys.argv[1])
best = (cards.groupBy("product_id").agg(
    F.avg("price.amount").alias("mean"), F.min("price.amount").alias("least"))
    .orderBy(F.desc(F.col("mean") / F.col("least"))).limit(3).collect())
assert best
spark.stop()
"""


@dataclass
class Shop:
    """Topics, a group and folders of its own, and any number of cards."""

    endpoints: Endpoints
    settings: RecommenderSettings
    chance: random.Random = field(
        default_factory=lambda: random.Random(1)  # noqa: S311 - the same cards each time
    )
    ends: list[int] = field(default_factory=lambda: [0, 0])
    products: int = _PRODUCTS
    files: int = 0

    @classmethod
    def open(cls, run: Run, what: str) -> Shop:
        """Make what it needs; all of it is removed at the end of the run."""
        name = f"{run.name}-{what}"
        settings = RecommenderSettings(
            principal="admin",
            source_topic=name,
            output_topic=f"{name}-output",
            events_topic=f"{name}-events",
            group_id=name,
            transactional_id=name,
            topics_dir=f"/{name}/topics",
            archive_dir=f"/{name}/archive",
            state_dir=f"/{name}/state",
        )
        endpoints = run.endpoints
        topics = (name, settings.output_topic, settings.events_topic)
        make_topics(run, "analytics", topics)
        shop = cls(endpoints, settings)
        run.cleanup.callback(shop.remove)
        with RegistryClient(endpoints.schema_registry_url) as registry:
            schema = (PROJECT_ROOT / "schemas" / "goods.json").read_text()
            registry.register(f"{settings.output_topic}-value", schema)
        with HdfsClient.connect(endpoints, "hdfs") as client:
            client.make_directory(settings.topics_dir, mode="755")
            client.make_directory(settings.state_dir, owner=settings.hdfs_user)
        return shop

    def remove(self) -> None:
        """Remove its schema and its folder."""
        with RegistryClient(self.endpoints.schema_registry_url) as registry:
            registry.delete(f"{self.settings.output_topic}-value")
        with HdfsClient.connect(self.endpoints, "hdfs", 60) as client:
            client.delete(f"/{self.settings.group_id}", recursive=True)

    def put(self, files: int, cards: int = _CARDS) -> list[str]:
        """Commit files of cards, in turns to both partitions; return their paths."""
        jobs = []
        self.files += files
        for number in range(files):
            partition = number % 2
            first = self.ends[partition]
            self.ends[partition] += cards
            path = topic_file_path(
                self.settings.topics_dir,
                self.settings.source_topic,
                partition,
                first,
                first + cards - 1,
            )
            jobs.append((path, b"".join(self._lines(cards))))
        with (
            HdfsClient.connect(self.endpoints, "hdfs", 60) as client,
            ThreadPoolExecutor(_WRITERS) as pool,
        ):
            list(pool.map(lambda job: client.write(*job), jobs))
        return [path for path, _ in jobs]

    def _lines(self, count: int) -> Iterator[bytes]:
        base = sample_cards()[0].as_json()
        for _ in range(count):
            number = self.chance.randrange(self.products)
            card: dict[str, Any] = base | {
                "product_id": f"p{number}",
                "name": f"Товар {number}",
                "brand": f"brand {number % 50}",
                "price": {
                    "amount": self.chance.randrange(100, 9_999),
                    "currency": "RUB",
                },
            }
            yield encode_json(card).encode() + b"\n"

    def run(self, files: int) -> tuple[float, RunReport]:
        """Run the recommender; return how long it took to take so many files.

        Raises:
            CheckError: It took others, or did not recommend from each window.
        """
        began = time.perf_counter()
        report = recommend(self.endpoints, self.settings)
        seconds = time.perf_counter() - began
        check(
            len(report.files) == files,
            f"A run took {len(report.files)} of {files} files.",
        )
        check(not report.bad_lines, f"{report.bad_lines} lines were not cards.")
        expected = report.windows * self.settings.per_window
        check(
            report.windows == files // _WINDOW and report.cards_out == expected,
            f"A run published {report.cards_out} cards of {report.windows} windows; "
            f"{files} files make {files // _WINDOW}.",
        )
        return seconds, report

    def list_files(self, files: int) -> float:
        """Return the seconds of what the sensor asks at each tick."""
        began = time.perf_counter()
        waiting = read_backlog(self.endpoints, "admin", self.settings)
        seconds = time.perf_counter() - began
        found = len(waiting.files)
        check(found == files, f"The sensor found {found:,} of {files:,} new files.")
        return seconds

    def warm(self, runs: int) -> list[float]:
        """Have Spark compile what it compiles once; return the seconds of each run."""
        taken = []
        for _ in range(runs):
            self.put(_WINDOW)
            taken.append(self.run(_WINDOW)[0])
        return taken


def _run(run: Run) -> None:
    size = run.pick(_FULL, _SMOKE)
    shop = Shop.open(run, "shop")
    run.progress(f"warming up, windows: {size.warming}")
    firsts = shop.warm(size.warming)
    run.progress("a warm window")
    _measure_window(shop, run.report, size.repeats)
    if not run.smoke:
        run.report.text(
            f"On a platform that has just started, the JVMs still compile what a "
            f"run needs: its first window took {firsts[0]:.1f} s, its second "
            f"{firsts[1]:.1f} s. All figures here are after {size.warming} windows."
        )
    run.progress("backlogs")
    points = _measure_backlogs(shop, run.report, size.backlogs)
    _measure_histories(run, size)
    run.progress(f"the sensor's question, with {size.listed:,} files")
    _measure_listing(shop, run.report, size)
    run.progress("a fresh Spark application for each file")
    peer = _measure_peer(shop, run.report, size.peer_files)
    run.report.plot(
        {
            "recommender": points,
            "a fresh Spark application for each file": [
                (files, files * peer) for files, _ in points if files <= 100
            ],
        },
        x="waiting files",
        y="seconds until all are recommended",
        title="A backlog",
    )


def _measure_window(shop: Shop, report: Report, repeats: int) -> None:
    runs = []
    for _ in range(repeats):
        shop.put(_WINDOW)
        runs.append(shop.run(_WINDOW))
    phases = {
        f"{phase}, s": statistics.median(run.seconds[phase] for _, run in runs)
        for phase in runs[0][1].seconds
    }
    seconds = [seconds for seconds, _ in runs]
    row: dict[str, object] = {
        "files": _WINDOW,
        "cards": runs[0][1].cards_in,
        "run body, median s": statistics.median(seconds),
        "longest, s": max(seconds),
        "file to recommendation, s": _file_to_recommendation(shop),
    }
    check(row["cards"] == _WINDOW * _CARDS, f"A window had {row['cards']} cards.")
    report.table(f"A warm window of ten files, times: {repeats}", [row | phases])


def _file_to_recommendation(shop: Shop) -> float:
    """Return the seconds from the last file to a reader that sees a card of it."""
    shop.put(_WINDOW - 1)
    with TopicReader(
        shop.endpoints, "analytics", "admin", "bench", shop.settings.output_topic
    ) as reader:
        ends = {n: each.end for n, each in reader.watermarks().items()}
        shop.put(1)
        began = time.perf_counter()
        shop.run(_WINDOW)
        for record in reader.follow(ends):
            if record is not None:
                return time.perf_counter() - began
            if time.perf_counter() - began > _PATIENCE_SECONDS:
                break
    raise CheckError("Nothing was recommended.")


def _measure_backlogs(
    shop: Shop, report: Report, sizes: Sequence[int]
) -> list[tuple[float, float]]:
    rows: list[dict[str, object]] = []
    points = []
    for files in sizes:
        shop.put(files)
        seconds, run = shop.run(files)
        points.append((float(files), seconds))
        rows.append(
            {
                "files": files,
                "cards": run.cards_in,
                "windows": run.windows,
                "seconds": seconds,
                "windows a second": run.windows / seconds,
            }
        )
    report.table("A backlog, in one run", rows)
    return points


def _measure_histories(run: Run, size: _Size) -> None:
    rows: list[dict[str, object]] = []
    for cards in size.histories:
        run.progress(f"a window after {cards:,} cards")
        shop = Shop.open(run, str(cards))
        # The worst case: hardly any product comes twice.
        shop.products = max(cards, _PRODUCTS)
        shop.warm(1)
        while sum(shop.ends) < cards:
            shop.put(100, min(1_000, cards // 100))
            shop.run(100)
        taken = shop.warm(size.repeats)
        rows.append(
            {
                "cards before": cards,
                "products": shop.products,
                "window, median s": statistics.median(taken),
                "longest, s": max(taken),
            }
        )
    heading = f"A window of ten files after a history, times: {size.repeats}"
    run.report.table(heading, rows)


def _measure_listing(shop: Shop, report: Report, size: _Size) -> None:
    new = size.listed - shop.files
    shop.put(new, _CARDS if new < 1_000 else 1)
    taken = [shop.list_files(new) for _ in range(size.repeats)]
    report.table(
        "The sensor's listing of files",
        [
            {
                "files listed": size.listed,
                "median, s": statistics.median(taken),
                "longest, s": max(taken),
            }
        ],
    )


def _measure_peer(shop: Shop, report: Report, files: int) -> float:
    taken = []
    root = shop.endpoints.hdfs_url.rstrip("/")
    for path in shop.put(files):
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", _PEER, f"{root}{path}"],
            check=False,
            capture_output=True,
            text=True,
        )
        taken.append(time.perf_counter() - began)
        check(
            not done.returncode, f"The Spark application failed: {done.stderr[-2_000:]}"
        )
    median = statistics.median(taken)
    report.table(
        "For comparison: a fresh Spark application for each file",
        [{"files": files, "a file, median s": median, "1,000 files, s": median * 1000}],
    )
    return median


BENCHMARK = Benchmark(
    "recommender", "The recommender", 12, _run, ("pyspark", "confluent-kafka", "hdfs")
)
