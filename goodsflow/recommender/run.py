"""One run: files that wait in, recommendations and moved offsets out, in one step."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from goodsflow.cards import frame
from goodsflow.endpoints import Endpoints
from goodsflow.hdfs import HdfsClient, TopicFile, list_topic_files
from goodsflow.recommender.publishing import Publisher
from goodsflow.recommender.report import Recommendation, RunReport
from goodsflow.recommender.settings import RecommenderSettings
from goodsflow.recommender.windows import WindowPlan, plan_windows
from goodsflow.registry import RegistryClient
from goodsflow.spark import spark_session

_LOGGER = logging.getLogger(__name__)

_SPARK_CONFIG = {
    "spark.app.name": "recommender",
    # The default of 200 is for data that fills many machines.
    "spark.sql.shuffle.partitions": "4",
}


@dataclass(frozen=True)
class Computed:
    """What Spark made of the files of a run."""

    recommendations: tuple[Recommendation, ...]
    cards_in: int
    bad_lines: int


@dataclass
class _Stopwatch:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 3)


def recommend(
    endpoints: Endpoints,
    settings: RecommenderSettings | None = None,
    *,
    include_incomplete: bool = False,
) -> RunReport:
    """Take the files that wait, publish what they recommend, move the offsets.

    The cards and the offsets are one Kafka transaction: a run that fails or is killed
    at any point has done nothing, and the next one starts where this one did.

    Args:
        endpoints: Of the platform.
        settings: The defaults where not given.
        include_incomplete: Also make a last, shorter window of the files that wait.

    Raises:
        RecommenderError: Files overlap, a newer run took over, or Kafka refused.
        GoodsflowError: A system refused or did not answer; nothing has changed.
    """
    settings = settings or RecommenderSettings()
    watch = _Stopwatch()
    with Publisher(endpoints, settings) as publisher:
        with watch.phase("start"):
            publisher.start()
            # Only now: an older run can no longer move them.
            offsets = publisher.committed_offsets()
        with watch.phase("plan"):
            plan = plan_windows(
                offsets,
                list_files(endpoints, settings, settings.principal),
                files_per_window=settings.files_per_window,
                max_windows=settings.max_windows,
                include_incomplete=include_incomplete,
            )
        if not plan.windows:
            return _report(plan, settings, None, watch)
        schema_id = _schema_id(endpoints, settings.output_topic)
        with watch.phase("compute"):
            computed = compute(endpoints, settings, plan)
        with watch.phase("publish"):
            publisher.publish(
                (
                    (row.product_id.encode(), frame(schema_id, row.card))
                    for row in computed.recommendations
                ),
                {
                    file.partition: plan.offsets_after[file.partition]
                    for file in plan.files
                },
            )
    report = _report(plan, settings, computed, watch)
    _LOGGER.info("%s", report.summary())
    return report


def list_files(
    endpoints: Endpoints, settings: RecommenderSettings, user: str
) -> list[TopicFile]:
    """List the committed files of the source topic, done ones included.

    Raises:
        HdfsError: The NameNode refused or did not answer, or names are malformed.
    """
    with HdfsClient.connect(endpoints, user, settings.hdfs_timeout_seconds) as client:
        return list_topic_files(client, settings.topics_dir, settings.source_topic)


def compute(
    endpoints: Endpoints, settings: RecommenderSettings, plan: WindowPlan
) -> Computed:
    """Compute the recommendations of all windows in one Spark job.

    Raises:
        SparkError: Spark refused, failed or did not answer.
    """
    from pyspark.sql.connect import functions as F  # noqa: N812
    from pyspark.sql.connect.observation import Observation

    from goodsflow.recommender.scoring import parse_cards, read_lines, recommend_cards

    counts = Observation()
    root = endpoints.hdfs_url.rstrip("/")
    timeout = settings.spark_timeout_seconds
    with spark_session(endpoints, _SPARK_CONFIG, timeout_seconds=timeout) as spark:
        cards = parse_cards(read_lines(spark, plan.windows, root)).observe(
            counts,  # type: ignore[arg-type] # pyspark annotates the classic one only
            F.count_if(F.col("is_card")).alias("cards_in"),
            F.count_if(~F.col("is_card")).alias("bad_lines"),
        )
        rows = recommend_cards(cards, settings.per_window).collect()
        counted = counts.get
    found = [
        Recommendation(
            window=row.window,
            rank=row.rank,
            product_id=row.product_id,
            score=row.score,
            mean_amount=row.mean_amount,
            amount=row.amount,
            card=bytes(row.line),
        )
        for row in rows
    ]
    found.sort(key=lambda one: (one.window, one.rank))
    return Computed(tuple(found), counted["cards_in"], counted["bad_lines"])


def _schema_id(endpoints: Endpoints, topic: str) -> int:
    with RegistryClient(endpoints.schema_registry_url) as client:
        return client.latest(f"{topic}-value").schema_id


def _report(
    plan: WindowPlan,
    settings: RecommenderSettings,
    computed: Computed | None,
    watch: _Stopwatch,
) -> RunReport:
    computed = computed or Computed((), 0, 0)
    return RunReport(
        windows=len(plan.windows),
        files=plan.files,
        files_waiting=len(plan.waiting),
        files_needed=settings.files_per_window,
        offsets_before=plan.offsets_before,
        offsets_after=plan.offsets_after,
        cards_in=computed.cards_in,
        bad_lines=computed.bad_lines,
        recommendations=computed.recommendations,
        seconds=watch.seconds,
    )
