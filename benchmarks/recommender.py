"""Measures the recommender: a window, a backlog, a long history, its sensor's look.

usage: python -m benchmarks.recommender [--quick]

It starts a platform of its own beside any that is up, commits files of cards as the
HDFS sink does, and has the recommender take them. Beside it, in the same run, a fresh
Spark application for each file, which only picks the cheapest products of it.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from benchmarks.platform import platform
from benchmarks.report import Report
from goodsflow.clients.hdfs import HdfsClient
from goodsflow.clients.hdfs.files import topic_file_path
from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.futures import check_all
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.clients.registry import RegistryClient
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.cards.wire_format import encode_json
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.model.spec import Topic
from goodsflow.pipeline.recommender import (
    RecommenderSettings,
    RunReport,
    read_backlog,
    recommend,
)

_CARDS = 100
_PRODUCTS = 10_000
_WRITERS = 4
_REPEATS = 7
_BACKLOGS = (10, 100, 1_000)
_HISTORIES = (0, 100_000, 1_000_000)
_LISTED = 10_000
_PEER_FILES = 3
_WARMING_RUNS = 25
"""After so many the JVMs of a fresh platform have compiled what a run needs."""

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
    """Topics, a group and folders of its own, and cards without an end."""

    endpoints: Endpoints
    settings: RecommenderSettings
    chance: random.Random = field(
        default_factory=lambda: random.Random(1)  # noqa: S311 - the same cards each time
    )
    ends: list[int] = field(default_factory=lambda: [0, 0])
    products: int = _PRODUCTS

    @classmethod
    def open(cls, endpoints: Endpoints) -> Shop:
        """Make what it needs."""
        name = f"bench-{uuid.uuid4().hex[:8]}"
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
        admin = KafkaAdmin.connect(endpoints, "analytics", "admin")
        topics = (name, settings.output_topic, settings.events_topic)
        one = Topic(partitions=2, replication_factor=2)
        check_all(admin.create_topics(dict.fromkeys(topics, one)))
        with RegistryClient(endpoints.schema_registry_url) as registry:
            schema = (PROJECT_ROOT / "schemas" / "goods.json").read_text()
            registry.register(f"{settings.output_topic}-value", schema)
        with HdfsClient.connect(endpoints, "hdfs") as client:
            client.make_directory(settings.topics_dir, mode="755")
            client.make_directory(settings.state_dir, owner=settings.hdfs_user)
        return cls(endpoints, settings)

    def put(self, files: int, cards: int = _CARDS) -> list[str]:
        """Commit files of cards, in turns to both partitions; return their paths."""
        jobs = []
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

    def run(self) -> tuple[float, RunReport]:
        """Run the recommender; return how long that took."""
        began = time.perf_counter()
        report = recommend(self.endpoints, self.settings)
        return time.perf_counter() - began, report

    def look(self) -> float:
        """Return the seconds of what the sensor does at each tick."""
        began = time.perf_counter()
        read_backlog(self.endpoints, "admin", self.settings)
        return time.perf_counter() - began

    def warm(self, runs: int) -> list[float]:
        """Have Spark compile what it compiles once; return the seconds of each run."""
        taken = []
        for _ in range(runs):
            self.put(10)
            taken.append(self.run()[0])
        return taken


def main() -> None:
    """Measure, print tables, and write them with a plot."""
    quick = "--quick" in sys.argv[1:]
    report = Report(
        "recommender",
        "The recommender",
        "python -m benchmarks.recommender",
        ("pyspark", "confluent-kafka", "hdfs"),
    )
    with platform() as endpoints:
        shop = Shop.open(endpoints)
        firsts = shop.warm(_WARMING_RUNS)
        _measure_window(shop, report)
        report.text(
            f"On a platform that has just started the JVMs have yet to compile what a "
            f"run needs: its first window took {firsts[0]:.1f} s, its second "
            f"{firsts[1]:.1f} s. All figures here are after {_WARMING_RUNS} windows."
        )
        points = _measure_backlogs(shop, report, _BACKLOGS[: 2 if quick else 3])
        histories = _HISTORIES[: 2 if quick else 3]
        _measure_histories(endpoints, report, histories)
        _measure_looks(shop, report, 1_000 if quick else _LISTED)
        peer = _measure_peer(shop, report)
    report.plot(
        {
            "recommender": points,
            "a fresh Spark application for each file": [
                (files, files * peer) for files, _ in points if files <= 100
            ],
        },
        x="files that wait",
        y="seconds until all are recommended",
        title="A backlog",
    )
    report.write()


def _measure_window(shop: Shop, report: Report) -> None:
    runs = []
    for _ in range(_REPEATS):
        shop.put(10)
        runs.append(shop.run())
    phases = {
        f"{phase}, s": statistics.median(run.seconds[phase] for _, run in runs)
        for phase in runs[0][1].seconds
    }
    seconds = [seconds for seconds, _ in runs]
    row = {
        "files": 10,
        "cards": runs[0][1].cards_in,
        "run body, median s": statistics.median(seconds),
        "longest, s": max(seconds),
        "file to recommendation, s": _file_to_recommendation(shop),
    }
    report.table(f"A warm window of ten files, {_REPEATS} times", [row | phases])


def _file_to_recommendation(shop: Shop) -> float:
    """Return the seconds from the last file to a reader that sees a card of it."""
    shop.put(9)
    with TopicReader(
        shop.endpoints, "analytics", "admin", "bench", shop.settings.output_topic
    ) as reader:
        ends = {n: each.end for n, each in reader.watermarks().items()}
        shop.put(1)
        began = time.perf_counter()
        shop.run()
        for record in reader.follow(ends):
            if record is not None:
                return time.perf_counter() - began
    raise RuntimeError("Nothing was recommended.")


def _measure_backlogs(
    shop: Shop, report: Report, sizes: tuple[int, ...]
) -> list[tuple[float, float]]:
    rows, points = [], []
    for files in sizes:
        shop.put(files)
        seconds, run = shop.run()
        if len(run.files) != files:
            raise RuntimeError(f"One run took {len(run.files)} of {files} files.")
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


def _measure_histories(
    endpoints: Endpoints, report: Report, sizes: tuple[int, ...]
) -> None:
    rows = []
    for size in sizes:
        shop = Shop.open(endpoints)
        # The worst case: hardly any product comes twice.
        shop.products = max(size, _PRODUCTS)
        shop.warm(1)
        while sum(shop.ends) < size:
            shop.put(100, min(1_000, size // 100))
            shop.run()
        taken = []
        for _ in range(_REPEATS):
            shop.put(10)
            taken.append(shop.run()[0])
        rows.append(
            {
                "cards before": size,
                "products": shop.products,
                "window, median s": statistics.median(taken),
                "longest, s": max(taken),
            }
        )
    report.table(f"A window of ten files after a history, {_REPEATS} times", rows)


def _measure_looks(shop: Shop, report: Report, files: int) -> None:
    there = sum(shop.ends) // _CARDS
    shop.put(files - there, _CARDS if files - there < 1_000 else 1)
    taken = [shop.look() for _ in range(_REPEATS)]
    report.table(
        "The sensor's look",
        [
            {
                "files listed": files,
                "median, s": statistics.median(taken),
                "longest, s": max(taken),
            }
        ],
    )


def _measure_peer(shop: Shop, report: Report) -> float:
    taken = []
    root = shop.endpoints.hdfs_url.rstrip("/")
    for path in shop.put(_PEER_FILES):
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", _PEER, f"{root}{path}"],
            check=True,
            capture_output=True,
        )
        taken.append(time.perf_counter() - began)
    median = statistics.median(taken)
    report.table(
        "Beside it: a fresh Spark application for each file",
        [
            {
                "files": _PEER_FILES,
                "a file, median s": median,
                "1,000 files, s": median * 1000,
            }
        ],
    )
    return median


if __name__ == "__main__":
    main()
